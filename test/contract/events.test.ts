import { describe, expect, test } from 'vitest'
import { Event, eventData, isEvent, Reason, type EventType } from '../../contract/events.ts'
import { REASONS } from '../../contract/reasons.ts'
import { DATA, sampleOf } from '../../docs/samples.ts'

const types = Object.keys(eventData) as EventType[]

describe('each type', () => {
  test.each(types)('%s: the sample of the reference page is one', (type) => {
    const sample = sampleOf(type, 1)
    const parsed = Event.parse(sample)
    expect(parsed).toEqual(sample)
    expect(isEvent(parsed, type)).toBe(true)
    expect(types.filter((t) => isEvent(parsed, t))).toEqual([type])
  })
  test.each(types)('%s: a reader ignores what it does not know', (type) => {
    expect(Event.parse({ ...sampleOf(type, 1), later: 1, data: { ...DATA[type], later: { a: 1 } } })).toEqual(sampleOf(type, 1))
  })
})

describe('what is no event', () => {
  const good = sampleOf('stall', 7)
  test.each<[string, unknown]>([
    ['another type', { ...good, type: 'org.understudy.party' }],
    ['a type without our prefix', { ...good, type: 'stall' }],
    ['another version', { ...good, specversion: '2.0' }],
    ['sequence 0', { ...good, sequence: 0 }],
    ['a time without zone', { ...good, time: '2026-01-31T12:00:00' }],
    ['no reason', { ...good, data: { ...DATA.stall, reason: undefined } }],
    ['an unknown reason', { ...good, data: { ...DATA.stall, reason: 'because' } }],
    ['an unknown impact', { ...good, data: { ...DATA.stall, impact: 'huge' } }],
    ['an empty id', { ...good, id: '' }],
    ['a text', 'stall'],
    ['nothing', null],
  ])('%s', (_, value) => expect(Event.safeParse(value).success).toBe(false))
})

test('every reason is explained', () => {
  expect(Object.keys(REASONS).toSorted()).toEqual([...Reason.options].toSorted())
  for (const r of Object.values(REASONS)) {
    expect(r.means).toMatch(/^[A-Z`].*\.$/)
    expect(r.todo).toMatch(/[.)]$/)
    expect(r.short).not.toMatch(/\.$/)
  }
})
