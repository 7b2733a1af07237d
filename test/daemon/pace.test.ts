import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPace } from '../../daemon/uplink/pace.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function paced() {
  const done: string[] = [], pace = createPace(50)
  return { done, order: (key: string, text: string) => pace(key, () => done.push(text)) }
}

test('one alone is at once', () => {
  const { done, order } = paced()
  order('dns', 'a, b')
  expect(done).toEqual(['a, b'])
  vi.advanceTimersByTime(50)
  order('dns', 'b, a')
  expect(done).toEqual(['a, b', 'b, a'])
})

test('of those that follow too fast the newest is done, when the time has passed', () => {
  const { done, order } = paced()
  for (const text of ['first', 'second', 'third', 'fourth']) order('dns', text)
  vi.advanceTimersByTime(49)
  expect(done).toEqual(['first'])
  vi.advanceTimersByTime(1)
  expect(done).toEqual(['first', 'fourth'])
  order('dns', 'fifth')
  expect(done).toEqual(['first', 'fourth'])
  vi.advanceTimersByTime(50)
  expect(done).toEqual(['first', 'fourth', 'fifth'])
})

test('another key has a pace of its own', () => {
  const { done, order } = paced()
  order('dns', 'an order')
  order('refused/dns', 'a refusal')
  expect(done).toEqual(['an order', 'a refusal'])
})
