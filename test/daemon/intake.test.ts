/** A socket in virtual time: packets arrive at given milliseconds, and the test sees when they are taken. */
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../contract/time.ts'
import { createIntake } from '../../daemon/io/intake.ts'

/**
 * Milliseconds at which each packet is taken, and how often the socket itself woke us. It is closed with the packet
 * `closeWith`, or at `closeAt`.
 */
function play(arrivals: readonly number[], o: { readonly closeWith?: number; readonly closeAt?: number; readonly until?: number } = {}) {
  let now = 0, listening = true, woken = 0, closed = false, askedAfter = 0
  const waiting = [...arrivals], taken: number[] = []
  const timers: { readonly at: number; readonly run: () => void }[] = []
  const arrived = () => (waiting[0] ?? Infinity) <= now
  const intake = createIntake({
    take() {
      if (closed) askedAfter++
      if (!arrived()) return false
      waiting.shift()
      taken.push(now)
      if (taken.length === o.closeWith) close()
      return true
    },
    listen(wanted) {
      listening = wanted
    },
    now: () => now as Instant,
    later: (wait, run) => void timers.push({ at: now + wait, run }),
    soon: (run) => void timers.push({ at: now, run }),
  })
  function close(): void {
    closed = true
    intake.close()
  }
  for (; now <= (o.until ?? 1000); now = Math.round((now + 0.01) * 100) / 100) {
    if (now === o.closeAt) close()
    for (const t of timers.splice(0)) t.at <= now ? t.run() : timers.push(t)
    if (listening && arrived() && !closed) {
      woken++
      intake.ready()
    }
  }
  return { taken, woken, listening, askedAfter }
}
const spaced = (count: number, by: number, from = 0) => Array.from({ length: count }, (_, i) => Math.round((from + i * by) * 100) / 100)

describe('packets', () => {
  test('that come alone are taken at once', () => {
    expect(play([1, 1.2, 5, 10])).toMatchObject({ taken: [1, 1.2, 5, 10], woken: 4, listening: true })
  })
  test('that come together in small numbers are taken at once', () => {
    expect(play(spaced(4, 0.02, 3)).woken).toBe(4)
  })
  test('of a burst gather for a millisecond, and none is left', () => {
    const { taken, woken, listening } = play(spaced(200, 0.03, 10))
    expect(taken).toHaveLength(200)
    expect(woken).toBe(5)
    // Five, then 33 or 34 each millisecond.
    expect(new Set(taken).size).toBe(5 + 6)
    expect(taken.every((at, i) => at - (10 + i * 0.03) < 1.05)).toBe(true)
    expect(listening).toBe(true)
  })
  test('after a burst are taken at once again', () => {
    const { taken } = play([...spaced(50, 0.03, 10), 500, 500.5, 501])
    expect(taken.slice(50)).toEqual([500, 500.5, 501])
  })
  test('without end are taken 64 in a turn, so that timers come first', () => {
    const { taken } = play(Array.from({ length: 200 }, () => 0), { until: 10 })
    const turns = [...new Set(taken)].map((at) => taken.filter((t) => t === at).length)
    expect(turns).toEqual([1, 1, 1, 1, 1, 64, 64, 64, 3])
  })
  test.each([['with a packet of a turn', { closeWith: 30 }, 30], ['with the first of a burst', { closeWith: 5 }, 5], ['while they gather', { closeAt: 0.5 }, 5]])(
    'are not taken from a socket that was closed: %s', (_, closing, count) => {
      const { taken, askedAfter } = play(spaced(200, 0.03), closing)
      expect(taken).toHaveLength(count)
      expect(askedAfter).toBe(0)
    })
})
