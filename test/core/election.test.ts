/** RFC 9568 §6.1, §6.4.1 and §6.4.2 (RFC 3768 in the same sections), one step at a time. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { deadline, downAfter, skew, step, stopWait, visible, type Input } from '../../daemon/core/election.ts'
import { AFTER_US, at, backup, BEFORE_US, heard, params, play, tick } from './params.ts'

const EVERY_INPUT: readonly Input[] = [
  { is: 'startup' }, { is: 'shutdown' }, tick, heard(0), heard(100), heard(255), { is: 'retuned' }, { is: 'resumed' },
  { is: 'summoned' }, { is: 'lost', why: 'interface-down' },
]

describe('§6.1 timers', () => {
  test.each([[255, 3.90625], [250, 23.4375], [240, 62.5], [128, 500],
    [1, 996.09375]])('Skew_Time at priority %d is %d ms', (priority, expected) => {
    expect(skew(params({ priority }), seconds(1))).toBe(expected)
  })
  test('Skew_Time follows the interval of the active host, not ours', () => {
    expect(skew(params(), seconds(2))).toBe(125)
    expect(skew(params(), ms(10))).toBe(0.625)
  })
  test('RFC 3768 §6.1: Skew_Time is a part of one second whatever the interval', () => {
    expect(skew(params({ version: 2 }), seconds(2))).toBe(62.5)
    expect(skew(params({ version: 2 }), seconds(255))).toBe(62.5)
  })
  test('Active_Down_Interval is three intervals and Skew_Time', () => {
    expect(downAfter(params(), seconds(1))).toBe(3062.5)
    expect(downAfter(params(), seconds(2))).toBe(6125)
    expect(downAfter(params({ version: 2 }), seconds(2))).toBe(6062.5)
    expect(downAfter(params({ missed: 5 }), seconds(1))).toBe(5062.5)
  })
  test('behind the first in line, ranks keep 10 ms apart beyond their skews', () => {
    expect(downAfter(params({ priority: 240, rank: 1 }), ms(10))).toBe(30.625)
    expect(downAfter(params({ priority: 230, rank: 2 }), ms(10))).toBe(41.015625)
    expect(downAfter(params({ priority: 220, rank: 3 }), ms(10))).toBe(51.40625)
    expect(downAfter(params({ priority: 250, rank: 0 }), ms(10))).toBe(30.234375)
  })
  test('a stopping host waits one interval longer than its backups, at most ten seconds', () => {
    expect(stopWait(params())).toBe(4050)
    expect(stopWait(params({ version: 2, interval: seconds(2) }))).toBe(9050)
    expect(stopWait(params({ missed: 5 }))).toBe(6050)
    expect(stopWait(params({ interval: ms(40_950) }))).toBe(10_000)
  })
})

describe('§6.4.1 Initialize', () => {
  test('a startup makes a backup that listens for Active_Down_Interval', () => {
    expect(step(params(), { at: 'initialize' }, { is: 'startup' }, at(100))).toEqual({
      state: { at: 'backup', activeInterval: 1000, downAt: 3162.5, because: 'nobody-active' },
      effects: [{ do: 'report', from: 'initialize', to: 'backup', why: 'started' }],
    })
  })
  test('the owner (255) is active at once: addresses, then the advertisement', () => {
    expect(step(params({ priority: 255 }), { at: 'initialize' }, { is: 'startup' }, at(100))).toEqual({
      state: { at: 'active', advertiseAt: 1100, announcedAt: 100, announceAt: [110, 200, 1100, 5100] },
      effects: [
        { do: 'claim' }, { do: 'advertise', priority: 255 },
        { do: 'report', from: 'initialize', to: 'active', why: 'address-owner' },
      ],
    })
  })
  test('254 is no owner', () => {
    expect(step(params({ priority: 254 }), { at: 'initialize' }, { is: 'startup' }, at(0)).state.at).toBe('backup')
  })
  test('nothing but a startup does anything', () => {
    for (const input of EVERY_INPUT.slice(1)) {
      expect(step(params(), { at: 'initialize' }, input, at(0))).toEqual({ state: { at: 'initialize' }, effects: [] })
    }
    expect(deadline({ at: 'initialize' })).toBeUndefined()
  })
})

describe('§6.4.2 Backup: Active_Down_Timer', () => {
  test('fires: addresses and announcements, an advertisement, Adver_Timer; no tick before is early enough', () => {
    const s = backup()
    expect(deadline(s)).toBe(3062.5)
    expect(step(params(), s, tick, at(3062.4))).toEqual({ state: s, effects: [] })
    expect(step(params(), s, tick, at(3062.5))).toEqual({
      state: { at: 'active', advertiseAt: 4062.5, announcedAt: 3062.5, announceAt: [8062.5] },
      effects: [
        { do: 'claim' }, { do: 'advertise', priority: 240 },
        { do: 'report', from: 'backup', to: 'active', why: 'active-silent' },
      ],
    })
  })
  test('fires after a handover: the addresses are announced again three times within a second', () => {
    expect(step(params(), backup({ because: 'active-left' }), tick, at(4000)).state)
      .toEqual({ at: 'active', advertiseAt: 5000, announcedAt: 4000, announceAt: [4010, 4100, 5000, 9000] })
  })
  test('announce: repeatAfter 0 and refresh', () => {
    const announce = (repeatAfter: number, refresh: number, because: 'active-silent' | 'nobody-active' | 'active-left') =>
      step(params({ announce: { repeatAfter: ms(repeatAfter), refresh: ms(refresh) } }), backup({ because }), tick,
        at(4000)).state
    expect(announce(0, 0, 'active-silent')).toMatchObject({ announceAt: [] })
    expect(announce(0, 60_000, 'nobody-active')).toMatchObject({ announceAt: [64_000] })
    expect(announce(0, 60_000, 'active-left')).toMatchObject({ announceAt: [4010, 4100, 5000] })
    expect(announce(1000, 60_000, 'active-left')).toMatchObject({ announceAt: [4010, 4100, 5000] })
    expect(announce(50, 0, 'active-left')).toMatchObject({ announceAt: [4010, 4050, 4100, 5000] })
  })
  test('a stopped process gives the active host its whole time again', () => {
    expect(step(params(), backup(), { is: 'resumed' }, at(9000)))
      .toEqual({ state: backup({ downAt: at(12_062.5) }), effects: [] })
    expect(step(params(), backup({ activeInterval: seconds(2) }), { is: 'resumed' }, at(9000)).state)
      .toMatchObject({ downAt: 15_125 })
  })
})

describe('§6.4.2 Backup: shutdown', () => {
  test('ends in Initialize, without a word on the wire', () => {
    expect(step(params(), backup(), { is: 'shutdown' }, at(10))).toEqual({
      state: { at: 'initialize' }, effects: [{ do: 'report', from: 'backup', to: 'initialize', why: 'stopped' }],
    })
  })
  test('a second startup is no startup', () => {
    expect(step(params(), backup(), { is: 'startup' }, at(10))).toEqual({ state: backup(), effects: [] })
  })
  test('a lost interface ends in Initialize; there is nothing to release', () => {
    expect(step(params(), backup(), { is: 'lost', why: 'interface-down' }, at(10))).toEqual({
      state: { at: 'initialize' }, effects: [{ do: 'report', from: 'backup', to: 'initialize', why: 'interface-down' }],
    })
  })
})

describe('§6.4.2 Backup: priority 0', () => {
  test('the host we follow leaves: Active_Down_Timer becomes Skew_Time', () => {
    expect(step(params(), backup(), heard(0), at(500)))
      .toEqual({ state: backup({ downAt: at(562.5), because: 'active-left' }), effects: [] })
    expect(play(params(), backup(), [500, heard(0)], [562.5, tick]).effects.at(-1))
      .toMatchObject({ to: 'active', why: 'active-left' })
  })
  test('RFC 3768: its Skew_Time', () => {
    expect(step(params({ version: 2, interval: seconds(2) }), backup(), heard(0, BEFORE_US, 2000), at(500)).state)
      .toMatchObject({ downAt: 562.5 })
  })
  test('the timer is never made longer', () => {
    expect(step(params(), backup({ downAt: at(510) }), heard(0), at(500)).state).toMatchObject({ downAt: 510 })
  })
  test('from anybody else it changes nothing', () => {
    expect(step(params(), backup(), heard(0, AFTER_US), at(500))).toEqual({ state: backup(), effects: [] })
  })
  test('from anybody, while nobody has been heard yet', () => {
    const { heard: _, ...listening } = backup()
    expect(step(params(), listening, heard(0, AFTER_US), at(500)).state)
      .toMatchObject({ downAt: 562.5, because: 'active-left' })
  })
  test('a host that goes on after its farewell is followed again', () => {
    expect(play(params(), backup(), [500, heard(0)], [520, heard(250)]).state)
      .toEqual(backup({ downAt: at(3582.5), heard: { from: BEFORE_US, priority: 250, at: at(520) } }))
  })
})

describe('§6.4.2 Backup: an advertisement as good as ours, or better', () => {
  test.each([240, 241, 255])('priority %d is followed, and the timer starts anew', (priority) => {
    expect(step(params(), backup(), heard(priority, AFTER_US), at(700)))
      .toEqual({ state: backup({ downAt: at(3762.5), heard: { from: AFTER_US, priority, at: at(700) } }), effects: [] })
  })
  test('the address of the sender does not matter to a backup', () => {
    expect(step(params(), backup(), heard(240, BEFORE_US), at(700)).state).toMatchObject({ downAt: 3762.5 })
  })
  test('Active_Adver_Interval is learned when a second advertisement confirms it', () => {
    const once = step(params(), backup(), heard(250, BEFORE_US, 2000), at(700)).state
    expect(once).toEqual(backup({ downAt: at(3762.5), heard: { from: BEFORE_US, priority: 250, at: at(700) },
      unconfirmedInterval: seconds(2) }))
    expect(step(params(), once, heard(250, BEFORE_US, 2000), at(1000)).state)
      .toEqual(backup({ activeInterval: seconds(2), downAt: at(7125),
        heard: { from: BEFORE_US, priority: 250, at: at(1000) } }))
  })
  test('a single advertisement with the longest interval changes no timer, nor do two that differ', () => {
    const after = play(params(), backup(), [700, heard(250, BEFORE_US, 40_950)], [1000, heard(250)],
      [2000, heard(250, BEFORE_US, 40_950)]).state
    expect(after).toMatchObject({ activeInterval: 1000, downAt: 5062.5 })
    expect(play(params(), backup(), [700, heard(250, BEFORE_US, 40_950)], [1000, heard(250, BEFORE_US, 40_940)]).state)
      .toMatchObject({ activeInterval: 1000, downAt: 4062.5, unconfirmedInterval: 40_940 })
  })
  test('RFC 3768: the interval is ours, whatever is said', () => {
    expect(play(params({ version: 2 }), backup(), [700, heard(250, BEFORE_US, 2000)],
      [800, heard(250, BEFORE_US, 2000)]).state)
      .toEqual(backup({ downAt: at(3862.5), heard: { from: BEFORE_US, priority: 250, at: at(800) } }))
    expect(step(params({ version: 2 }), backup(), heard(250, BEFORE_US, 2000), at(700)).state)
      .not.toHaveProperty('unconfirmedInterval')
  })
})

describe('§6.4.2 Backup: an advertisement worse than ours', () => {
  test('preempt: rfc (Preempt_Mode true): it is discarded and the timer runs on', () => {
    expect(step(params(), backup(), heard(239, BEFORE_US), at(700)).state).toMatchObject({ downAt: 3062.5 })
    expect(play(params(), backup(), [700, heard(239, BEFORE_US)], [3062.5, tick]).state.at).toBe('active')
  })
  test('preempt: off (Preempt_Mode false): it is followed', () => {
    expect(step(params({ preempt: 'off' }), backup(), heard(235, BEFORE_US), at(700)).state)
      .toEqual(backup({ downAt: at(3762.5), heard: { from: BEFORE_US, priority: 235, at: at(700) } }))
  })
  test('preempt: off: a host below our band fails, and is replaced', () => {
    expect(step(params({ preempt: 'off' }), backup(), heard(229, BEFORE_US), at(700)).state)
      .toMatchObject({ downAt: 762.5, because: 'active-failing' })
    expect(step(params({ preempt: 'off' }), backup(), heard(230, BEFORE_US), at(700)).state)
      .toMatchObject({ downAt: 3762.5 })
    expect(step(params({ preempt: 'off', bandFloor: 250 }), backup(), heard(245, BEFORE_US), at(700)).state)
      .toMatchObject({ downAt: 3762.5 })
  })
  test('preempt: fast: our turn comes after Skew_Time', () => {
    expect(step(params({ preempt: 'fast' }), backup(), heard(235, BEFORE_US), at(700)).state)
      .toEqual(backup({ downAt: at(762.5), because: 'active-worse',
        heard: { from: BEFORE_US, priority: 235, at: at(700) } }))
  })
  test('preempt: fast: the first of the order waits for nobody', () => {
    expect(step(params({ preempt: 'fast', foremost: true }), backup(), heard(235, BEFORE_US), at(700)).state)
      .toMatchObject({ downAt: 700 })
  })
  test('preempt: fast: a repetition does not put it off', () => {
    expect(play(params({ preempt: 'fast' }), backup(), [700, heard(235, BEFORE_US)], [720, heard(235, BEFORE_US)]).state)
      .toMatchObject({ downAt: 762.5 })
  })
  test('preempt: fast: a better one in time keeps us back', () => {
    expect(play(params({ preempt: 'fast' }), backup(), [700, heard(235, BEFORE_US)], [720, heard(250)]).state)
      .toMatchObject({ downAt: 3782.5, because: 'active-silent' })
  })
  test('of another host, beside a better one that is heard, it changes nothing', () => {
    for (const preempt of ['fast', 'rfc', 'off'] as const) {
      expect(step(params({ preempt }), backup(), heard(200, AFTER_US), at(1500))).toEqual({ state: backup(), effects: [] })
    }
  })
  test('it counts when the better one has been silent for more than one and a half intervals', () => {
    expect(step(params({ preempt: 'fast' }), backup(), heard(235, AFTER_US), at(1501)).state)
      .toMatchObject({ downAt: 1563.5, because: 'active-worse', heard: { from: AFTER_US, priority: 235, at: 1501 } })
    expect(step(params({ preempt: 'fast' }), backup({ activeInterval: seconds(2) }), heard(235, AFTER_US), at(3000)).state)
      .toMatchObject({ because: 'active-silent' })
  })
  test('it counts at once beside one that is no better', () => {
    const s = backup({ heard: { from: BEFORE_US, priority: 235, at: at(600) } })
    expect(step(params({ preempt: 'fast' }), s, heard(231, AFTER_US), at(700)).state).toMatchObject({ downAt: 762.5 })
  })
})

test('what others see: a leaving host is active for them', () => {
  expect(visible({ at: 'leaving', advertiseAt: at(0), until: at(0) })).toBe('active')
  expect([visible({ at: 'initialize' }), visible(backup())]).toEqual(['initialize', 'backup'])
})
