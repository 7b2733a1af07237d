/** A socket in virtual time: packets arrive at given milliseconds, and the test sees when they are taken. */
import { describe, expect, test } from 'vitest'
import type { Instant } from '../../contract/time.ts'
import { createIntake } from '../../daemon/io/intake.ts'

/** Milliseconds at which each packet is taken, and how often the socket itself woke us. */
function play(arrivals: readonly number[], o: { readonly closeAfter?: number; readonly until?: number } = {}) {
  let now = 0, listening = true, woken = 0
  const waiting = [...arrivals], taken: number[] = []
  const timers: { readonly at: number; readonly run: () => void }[] = []
  const arrived = () => (waiting[0] ?? Infinity) <= now
  const intake = createIntake({
    take() {
      if (!arrived()) return false
      waiting.shift()
      taken.push(now)
      if (taken.length === o.closeAfter) intake.close()
      return true
    },
    listen(wanted) {
      listening = wanted
    },
    now: () => now as Instant,
    later: (wait, run) => void timers.push({ at: now + wait, run }),
  })
  for (; now <= (o.until ?? 1000); now = Math.round((now + 0.01) * 100) / 100) {
    for (const t of timers.splice(0)) t.at <= now ? t.run() : timers.push(t)
    if (listening && arrived() && taken.length !== o.closeAfter) {
      woken++
      intake.ready()
    }
  }
  return { taken, woken, listening }
}
const spaced = (count: number, by: number, from = 0) => Array.from({ length: count }, (_, i) => Math.round((from + i * by) * 100) / 100)

describe('packets', () => {
  test('that come alone are taken at once', () => {
    expect(play([1, 1.2, 5, 10])).toEqual({ taken: [1, 1.2, 5, 10], woken: 4, listening: true })
  })
  test('that come together in small numbers are taken at once', () => {
    expect(play(spaced(4, 0.02, 3)).woken).toBe(4)
  })
  test('of a burst gather for a millisecond, and none is left', () => {
    const { taken, woken, listening } = play(spaced(200, 0.03, 10))
    expect(taken).toHaveLength(200)
    expect(woken).toBe(5)
    expect(new Set(taken).size).toBe(5 + 6)
    expect(taken.every((at, i) => at - (10 + i * 0.03) < 1.01)).toBe(true)
    expect(listening).toBe(true)
  })
  test('after a burst are taken at once again', () => {
    const { taken } = play([...spaced(50, 0.03, 10), 500, 500.5, 501])
    expect(taken.slice(50)).toEqual([500, 500.5, 501])
  })
  test('without end are taken 200 in a millisecond, so that timers have their turn', () => {
    const { taken } = play(Array.from({ length: 1000 }, () => 0), { until: 10 })
    const turns = [...new Set(taken)].map((at) => taken.filter((t) => t === at).length)
    expect(turns.slice(-5)).toEqual([200, 200, 200, 200, 195])
  })
  test('are not taken from a socket that was closed: in the middle of a turn, or between two', () => {
    expect(play(spaced(200, 0.03), { closeAfter: 30 }).taken).toHaveLength(30)
    expect(play(spaced(200, 0.03), { closeAfter: 5 }).taken).toHaveLength(5)
  })
})
