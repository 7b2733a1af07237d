/** Beyond the RFC: preemptDelay, reasons for stepping in, changed parameters, routers that move together. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { deadline, step } from '../../daemon/core/election.ts'
import { BEFORE_US, at, backup, heard, params, play, tick } from './params.ts'

describe('preemptDelay', () => {
  const delayed = params({ preempt: 'fast', preemptDelay: seconds(30) })
  const approached = () => step(delayed, backup(), heard(235, BEFORE_US), at(700)).state

  test('a worse host that serves well is left alone until the delay is over', () => {
    expect(approached())
      .toEqual(backup({ preemptAt: at(30_700), downAt: at(3762.5), heard: { from: BEFORE_US, priority: 235, at: at(700) } }))
    expect(play(delayed, approached(), [1700, heard(235, BEFORE_US)], [2700, heard(235, BEFORE_US)]).state)
      .toMatchObject({ preemptAt: 30_700, downAt: 5762.5 })
  })
  test('then it is replaced', () => {
    const s = backup({ preemptAt: at(30_700), downAt: at(33_000), heard: { from: BEFORE_US, priority: 235,
      at: at(29_900) } })
    expect(deadline(s)).toBe(30_700)
    expect(step(delayed, s, tick, at(30_699))).toEqual({ state: s, effects: [] })
    expect(step(delayed, s, tick, at(30_700)).effects.at(-1))
      .toEqual({ do: 'report', from: 'backup', to: 'active', why: 'active-worse' })
  })
  test('silence ends it at once', () => {
    expect(deadline(approached())).toBe(3762.5)
    expect(step(delayed, approached(), tick, at(3762.5)).effects.at(-1))
      .toMatchObject({ to: 'active', why: 'active-silent' })
  })
  test('a failing host is not left alone, a leaving one neither', () => {
    expect(step(delayed, backup(), heard(229, BEFORE_US), at(700)).state)
      .toMatchObject({ downAt: 762.5, because: 'active-failing' })
    expect(step(delayed, backup(), heard(230, BEFORE_US), at(700)).state).toMatchObject({ preemptAt: 30_700 })
    expect(step(delayed, approached(), heard(0, BEFORE_US), at(800)).state)
      .toMatchObject({ downAt: 862.5, because: 'active-left' })
    expect(step(delayed, approached(), heard(1, BEFORE_US), at(800)).state)
      .toMatchObject({ downAt: 862.5, because: 'active-left' })
  })
  test('a better host in between starts it anew', () => {
    const s = play(delayed, approached(), [900, heard(250)]).state
    expect(s).not.toHaveProperty('preemptAt')
    expect(step(delayed, s, heard(235, BEFORE_US), at(5000)).state).toMatchObject({ preemptAt: 35_000 })
  })
  test('with preempt: rfc it counts as well', () => {
    expect(step({ ...delayed, preempt: 'rfc' }, backup(), heard(235, BEFORE_US), at(700)).state)
      .toMatchObject({ preemptAt: 30_700, downAt: 3762.5 })
  })
})

describe('why we step in', () => {
  test.each([
    ['started', 1, 'active-left'], ['started', 229, 'active-failing'], ['started', 230, 'active-worse'],
    ['started', 235, 'active-worse'],
    ['order-changed', 235, 'order-changed'], ['maintenance', 235, 'maintenance'], ['check-recovered', 235, 'active-worse'],
    ['order-changed', 229, 'active-failing'],
  ] as const)('our parameters changed by %s, the other at %d: %s', (cause, priority, why) => {
    expect(step(params({ preempt: 'fast', cause }), backup(), heard(priority, BEFORE_US), at(0)).state)
      .toMatchObject({ because: why })
  })
})

describe('changed parameters', () => {
  test('better than whom we follow: our turn comes', () => {
    expect(step(params({ preempt: 'fast', priority: 254, cause: 'order-changed' }), backup(), { is: 'retuned' },
      at(500)).state)
      .toMatchObject({ because: 'order-changed', downAt: 507.8125 })
  })
  test('better, but preempt: rfc: the timer runs on', () => {
    expect(step(params({ priority: 254 }), backup(), { is: 'retuned' }, at(500)).state).toEqual(backup())
  })
  test('no longer better: we follow again, counted from its last advertisement', () => {
    const about = backup({ downAt: at(562.5), because: 'active-worse', preemptAt: at(9000),
      heard: { from: BEFORE_US, priority: 235, at: at(400) } })
    expect(step(params({ preempt: 'fast', priority: 100 }), about, { is: 'retuned' }, at(500)).state)
      .toEqual(backup({ downAt: at(4009.375), heard: { from: BEFORE_US, priority: 235, at: at(400) } }))
  })
  test('a farewell holds, and so does having heard nobody', () => {
    const left = backup({ because: 'active-left', downAt: at(562.5) })
    expect(step(params({ priority: 100 }), left, { is: 'retuned' }, at(500))).toEqual({ state: left, effects: [] })
    const { heard: _, ...listening } = backup({ because: 'nobody-active' })
    expect(step(params({ preempt: 'fast', priority: 100 }), listening, { is: 'retuned' }, at(500)))
      .toEqual({ state: listening, effects: [] })
  })
})

describe('routers that move together', () => {
  test('summoned: steps in if the same host has missed an advertisement here too', () => {
    expect(step(params(), backup(), { is: 'summoned' }, at(1501)).effects)
      .toEqual([{ do: 'claim' }, { do: 'advertise', priority: 240 },
        { do: 'report', from: 'backup', to: 'active', why: 'active-silent' }])
  })
  test('summoned: stays while that host is heard, or nobody ever was', () => {
    expect(step(params(), backup(), { is: 'summoned' }, at(1500))).toEqual({ state: backup(), effects: [] })
    expect(step(params(), backup({ activeInterval: ms(2000) }), { is: 'summoned' }, at(2900)).state.at).toBe('backup')
    const { heard: _, ...listening } = backup()
    expect(step(params(), listening, { is: 'summoned' }, at(2900))).toEqual({ state: listening, effects: [] })
  })
})
