/** RFC 9568 §6.4.3, and the hand-over that stands before its Shutdown, one step at a time. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { deadline, step, type Leaving, type Params, type Why } from '../../daemon/core/election.ts'
import { active, AFTER_US, at, backup, BEFORE_US, heard, OURS, params, play, tick } from './params.ts'

describe('§6.4.3 Active: Adver_Timer', () => {
  test('fires: one advertisement, and the next an interval later', () => {
    expect(deadline(active())).toBe(1000)
    expect(step(params(), active(), tick, at(999.9))).toEqual({ state: active(), effects: [] })
    expect(step(params(), active(), tick, at(1000)))
      .toEqual({ state: active({ advertiseAt: at(2000) }), effects: [{ do: 'advertise', priority: 240 }] })
  })
  test('a late one keeps the phase; after a pause it starts anew', () => {
    expect(step(params(), active(), tick, at(1300)).state).toMatchObject({ advertiseAt: 2000 })
    expect(step(params(), active(), tick, at(2000)).state).toMatchObject({ advertiseAt: 3000 })
    expect(step(params(), active(), tick, at(2500)).state).toMatchObject({ advertiseAt: 3500 })
  })
  test.each([[3700, 4000], [4000, 5000], [4000.1, 5000]])('routers in step: active since %d, the next at %d, then every second', (since, first) => {
    const p = params({ inStep: true })
    const begun = play(p, backup({ downAt: at(since) }), [since, tick]).state
    expect(begun).toMatchObject({ at: 'active', advertiseAt: first })
    expect(step(p, begun, tick, at(first + 0.4)).state).toMatchObject({ advertiseAt: first + 1000 })
  })
  test('announcements come due one by one, the refresh after the last', () => {
    const p = params({ announce: { repeatAfter: ms(0), refresh: seconds(60) } })
    const s = active({ announceAt: [at(10), at(100)] })
    expect(deadline(s)).toBe(10)
    expect(step(p, s, tick, at(10)))
      .toEqual({ state: active({ announcedAt: at(10), announceAt: [at(100)] }), effects: [{ do: 'announce' }] })
    expect(step(p, s, tick, at(100)))
      .toEqual({ state: active({ announcedAt: at(100), announceAt: [at(60_100)] }), effects: [{ do: 'announce' }] })
    expect(step(params(), s, tick, at(100)).state).toMatchObject({ announceAt: [] })
  })
  test('both at once: the advertisement first', () => {
    expect(step(params(), active({ announceAt: [at(1000)] }), tick, at(1000)).effects)
      .toEqual([{ do: 'advertise', priority: 240 }, { do: 'announce' }])
  })
})

describe('§6.4.3 Active: priority 0', () => {
  test('is answered with an advertisement, and Adver_Timer starts anew', () => {
    const step0 = step(params(), active(), heard(0), at(5))
    expect(step0).toEqual({ state: active({ advertiseAt: at(1005), announceAt: [at(10)] }), effects: [{ do: 'advertise', priority: 240 }] })
    expect(step(params(), active(), heard(0, AFTER_US), at(100)).state).toMatchObject({ at: 'active', advertiseAt: 1100 })
  })
  test('10 ms after our last announcement it is answered with another: a rival has let go', () => {
    expect(step(params(), active(), heard(0), at(10)).effects).toEqual([{ do: 'advertise', priority: 240 }, { do: 'announce' }])
  })
  test('does not end the state, whoever sends it and whatever we have', () => {
    expect(step(params({ priority: 1 }), active(), heard(0, AFTER_US), at(100)).state.at).toBe('active')
  })
})

describe('§6.4.3 Active: a better advertisement', () => {
  test.each([[241, BEFORE_US], [255, BEFORE_US], [240, AFTER_US]])('priority %d from %d: backup, with its timers',
    (priority, from) => {
    expect(step(params(), active(), heard(priority, from), at(700))).toEqual({
      state: backup({ downAt: at(3762.5), heard: { from, priority, at: at(700) } }),
      effects: [
        { do: 'release' }, { do: 'advertise', priority: 0 },
        { do: 'report', from: 'active', to: 'backup', why: 'outranked', active: from },
      ],
    })
  })
  test.each([[239, AFTER_US], [240, BEFORE_US], [240, OURS], [1, AFTER_US]])('priority %d from %d is not better',
    (priority, from) => {
    expect(step(params(), active(), heard(priority, from), at(100)).state.at).toBe('active')
  })
  test('addresses compare as unsigned numbers', () => {
    expect(step(params({ primary: 0x7f000001 }), active(), heard(240, 0xc0000201), at(100)).state.at).toBe('backup')
    expect(step(params({ primary: 0xc0000201 }), active(), heard(240, 0x7f000001), at(100)).state.at).toBe('active')
  })
  test.each<Params['preempt']>(['fast', 'rfc', 'off'])('Preempt_Mode is not considered: %s', (preempt) => {
    expect(step(params({ preempt }), active(), heard(241), at(700)).state.at).toBe('backup')
    expect(step(params({ preempt }), active(), heard(239), at(700)).state.at).toBe('active')
  })
  test('the interval of the winner counts when a second advertisement confirms it', () => {
    const lost = step(params(), active(), heard(250, BEFORE_US, 40_950), at(700)).state
    expect(lost).toMatchObject({ activeInterval: 1000, unconfirmedInterval: 40_950, downAt: 3762.5 })
    expect(step(params(), lost, heard(250, BEFORE_US, 40_950), at(800)).state)
      .toMatchObject({ activeInterval: 40_950, downAt: 126_209.375 })
  })
  test('the owner yields to another owner with a higher address (erratum 8298)', () => {
    expect(step(params({ priority: 255 }), active(), heard(255, AFTER_US), at(700)).state.at).toBe('backup')
    expect(step(params({ priority: 255 }), active(), heard(255, BEFORE_US), at(700)).state.at).toBe('active')
  })
  test.each<[Why, Why]>([
    ['check-failed', 'check-failed'], ['check-degraded', 'check-degraded'], ['order-changed', 'order-changed'],
    ['maintenance', 'maintenance'], ['interface-down', 'interface-down'], ['check-recovered', 'outranked'], ['started', 'outranked'],
  ])('we had changed by %s: the reason told is %s', (cause, why) => {
    expect(step(params({ cause }), active(), heard(250), at(700)).effects.at(-1)).toMatchObject({ why })
  })
})

describe('§6.4.3 Active: a worse advertisement', () => {
  test('is discarded, and we advertise at once; Adver_Timer runs on', () => {
    expect(step(params(), active({ announcedAt: at(-500) }), heard(239, AFTER_US), at(100)).state)
      .toMatchObject({ at: 'active', advertiseAt: 1000 })
    expect(step(params(), active(), heard(239, AFTER_US), at(100)).effects).toEqual([{ do: 'advertise', priority: 240 }])
  })
  test('learning bridges and neighbours hear the addresses again, at most every 200 ms', () => {
    expect(step(params(), active(), heard(239, AFTER_US), at(200))).toEqual({
      state: active({ announcedAt: at(200), announceAt: [at(210), at(300), at(1200), at(5200)] }),
      effects: [{ do: 'advertise', priority: 240 }, { do: 'announce' }],
    })
  })
  test('sooner than that, the announcement waits its turn, once', () => {
    const once = step(params(), active({ announceAt: [at(150), at(5000)] }), heard(239, AFTER_US), at(199.9))
    expect(once).toEqual({ state: active({ announceAt: [at(150), at(200), at(5000)] }),
      effects: [{ do: 'advertise', priority: 240 }] })
    expect(step(params(), once.state, heard(239, AFTER_US), at(199.95)).state).toEqual(once.state)
    expect(play(params(), active(), [100, heard(239, AFTER_US)], [200, tick]).effects).toEqual([{ do: 'announce' }])
  })
})

describe('§6.4.3 Active: shutdown', () => {
  const p = params()
  const leaving: Leaving = { at: 'leaving', advertiseAt: at(1100), until: at(4150) }
  const gone = { at: 'initialize' }

  test('first it offers the addresses: the lowest priority, still answering', () => {
    expect(step(p, active(), { is: 'shutdown' }, at(100)))
      .toEqual({ state: leaving, effects: [{ do: 'advertise', priority: 1 }] })
    expect(deadline(leaving)).toBe(1100)
    expect(deadline({ ...leaving, advertiseAt: at(5000) })).toBe(4150)
  })
  test('it goes on offering', () => {
    expect(step(p, leaving, tick, at(1099))).toEqual({ state: leaving, effects: [] })
    expect(step(p, leaving, tick, at(1100)))
      .toEqual({ state: { ...leaving, advertiseAt: 2100 }, effects: [{ do: 'advertise', priority: 1 }] })
  })
  const better = [[2, BEFORE_US], [240, BEFORE_US], [1, AFTER_US]] as const
  test.each(better)('a successor at %d from %d: lets go and needs no farewell', (priority, from) => {
    expect(step(p, leaving, heard(priority, from), at(200))).toEqual({
      state: gone, effects: [{ do: 'release' }, { do: 'report', from: 'active', to: 'initialize', why: 'stopped',
        active: from }],
    })
  })
  test.each([[0, BEFORE_US], [0, AFTER_US], [1, BEFORE_US]])('%d from %d is no successor', (priority, from) => {
    expect(step(p, leaving, heard(priority, from), at(200))).toEqual({ state: leaving, effects: [] })
  })
  const farewell = {
    state: gone,
    effects: [{ do: 'advertise', priority: 0 }, { do: 'release' },
      { do: 'report', from: 'active', to: 'initialize', why: 'stopped' }],
  }
  test('nobody came: priority 0, then Initialize', () => {
    expect(step(p, leaving, tick, at(4150))).toEqual(farewell)
    expect(step(p, leaving, tick, at(4149.9)).state.at).toBe('leaving')
  })
  test('a second shutdown waits for nobody', () => expect(step(p, leaving, { is: 'shutdown' }, at(200))).toEqual(farewell))
  test('nothing else ends it', () => {
    for (const is of ['startup', 'retuned', 'resumed', 'summoned'] as const) expect(step(p, leaving, { is },
      at(9000))).toEqual({ state: leaving, effects: [] })
  })
  test('a lost interface does', () => {
    expect(step(p, leaving, { is: 'lost', why: 'interface-down' }, at(200))).toEqual({
      state: gone, effects: [{ do: 'release' }, { do: 'report', from: 'active', to: 'initialize', why: 'interface-down' }],
    })
  })
})

describe('an active host beyond the RFC', () => {
  test('a lost interface: releases, and says nothing on a wire that is not there', () => {
    expect(step(params(), active(), { is: 'lost', why: 'interface-down' }, at(200))).toEqual({
      state: { at: 'initialize' }, effects: [{ do: 'release' },
        { do: 'report', from: 'active', to: 'initialize', why: 'interface-down' }],
    })
  })
  test('changed parameters are advertised at once', () => {
    expect(step(params({ priority: 50 }), active(), { is: 'retuned' }, at(200)))
      .toEqual({ state: active({ advertiseAt: at(1200) }), effects: [{ do: 'advertise', priority: 50 }] })
  })
  test('after a stall it listens before it speaks', () => {
    const listening = step(params(), active(), { is: 'resumed' }, at(5000))
    expect(listening).toEqual({ state: active({ listening: true, advertiseAt: at(5000) }), effects: [] })
    expect(step(params(), listening.state, heard(239, AFTER_US), at(5000))).toEqual({ state: listening.state, effects: [] })
    expect(step(params(), listening.state, heard(250), at(5000)).state.at).toBe('backup')
    expect(step(params(), listening.state, tick, at(5000))).toEqual({
      state: active({ advertiseAt: at(6000) }), effects: [{ do: 'claim' }, { do: 'advertise', priority: 240 }],
    })
  })
  test('an announcement that comes due does not end the listening', () => {
    const s = active({ listening: true, announceAt: [at(900)] })
    expect(step(params(), s, tick, at(950)))
      .toEqual({ state: { ...s, announceAt: [], announcedAt: 950 }, effects: [{ do: 'announce' }] })
  })
  test('startup and summons mean nothing to it', () => {
    for (const is of ['startup', 'summoned'] as const) expect(step(params(), active(), { is },
      at(200))).toEqual({ state: active(), effects: [] })
  })
})
