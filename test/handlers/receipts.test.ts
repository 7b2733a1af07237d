import { expect, test } from 'vitest'
import { finish, forgetGone, newBoot, progress, receipt } from '../../handlers/receipts.ts'
import { pause, SCHEDULE } from '../../handlers/schedule.ts'

const HOUR = 3_600_000
const after = (sequences: readonly number[]) => {
  const boot = newBoot('b1', 0)
  for (const s of sequences) finish(boot, s)
  return boot
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

test.each([
  [[], { upTo: 0, missing: [] }],
  [[1, 2, 3], { upTo: 3, missing: [] }],
  [[3, 1, 2], { upTo: 3, missing: [] }],
  [[2], { upTo: 2, missing: [1] }],
  [[1, 4, 6, 4], { upTo: 6, missing: [2, 3, 5] }],
])('%j finished', (sequences, expected) => {
  expect(progress(after(sequences))).toEqual(expected)
})

test('a receipt never says that something is finished which is not, even if the gaps do not fit', () => {
  expect(progress(after([1, 2, 1003]))).toMatchObject({ upTo: 1003, missing: range(3, 1002) })
  expect(progress(after([1, 2, 1004]))).toEqual({ upTo: 2, missing: [] })
})

test('a new inbox and a daemon of long standing: after an hour the oldest of thousands missing count as gone', () => {
  const boot = after([5001, 5002])
  boot.lastSeen = HOUR - 1
  forgetGone(boot)
  expect(progress(boot).upTo).toBe(0)
  boot.lastSeen = HOUR
  forgetGone(boot)
  expect(progress(boot)).toEqual({ upTo: 5002, missing: range(4001, 5000) })
})

test('few gaps are never given up', () => {
  const boot = after([2, 4])
  boot.lastSeen = 1000 * HOUR
  forgetGone(boot)
  expect(progress(boot)).toEqual({ upTo: 4, missing: [1, 3] })
})

test('the twenty boots heard of last', () => {
  const boots = range(1, 25).map((n) => newBoot(`b${n}`, n))
  expect(receipt('email', 'dns1', boots, 0).boots.map((b) => b.bootId)).toEqual(
    range(6, 25)
      .reverse()
      .map((n) => `b${n}`),
  )
})

test.each([
  [1, 0.5, 1000],
  [2, 0.5, 2000],
  [9, 0.5, 256_000],
  [10, 0.5, 300_000],
  [585, 0.5, 300_000],
  [1, 0, 800],
  [1, 0.9999, 1200],
  [1000, 0, 240_000],
])('pause after attempt %i, random %d: %i ms', (attempt, random, expected) => {
  expect(pause(SCHEDULE, attempt, random)).toBe(expected)
})
