/** The host's monotonic clock and one timer, which is all the loop needs. */
import { performance } from 'node:perf_hooks'
import { since, type Instant, type WallTime } from '../../contract/time.ts'
import type { Clock } from '../ports.ts'
import { setTimerSlack } from './kernel.ts'

/** Rounds of the event loop without a packet after which the sockets count as empty, and the most rounds to spend. */
const QUIET_ROUNDS = 2, MOST_ROUNDS = 2000

/** Milliseconds. */
const EARLY = 1, CLOSE_TOGETHER = 4
/** What setTimeout can count; after it the loop looks again. */
const LONGEST = 0x7fff_ffff

export function openClock(packetsSeen: () => number): Clock {
  let timer: NodeJS.Timeout | undefined
  let lastWake = 0 as Instant
  setTimerSlack(1)
  /** Nobody changes it: waiting on it is sleeping, to some 30 µs, without taking the processor. */
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const now = () => performance.now() as Instant
  return {
    now,
    wall: () => new Date().toISOString() as WallTime,
    wakeAt(at, wake) {
      clearTimeout(timer)
      if (at === undefined) return
      // setTimeout counts whole milliseconds. Wake-ups that are far apart come a little early and wait out the rest; where
      // they are close together, rounding up costs less than waiting.
      const exact = since(lastWake, at) >= CLOSE_TOGETHER
      const wait = () => {
        const left = since(now(), at)
        timer = setTimeout(exact ? approach : run, Math.max(0, Math.min(exact ? Math.floor(left - EARLY) : Math.ceil(left), LONGEST)))
      }
      const approach = () => {
        const rest = since(now(), at)
        if (rest > 2 * EARLY) return wait()
        if (rest > 0) Atomics.wait(cell, 0, 0, rest)
        run()
      }
      const run = () => {
        lastWake = now()
        wake()
      }
      wait()
    },
    afterDrain(then) {
      let seen = packetsSeen(), quiet = 0
      const round = (n: number) => {
        quiet = packetsSeen() === seen ? quiet + 1 : 0
        seen = packetsSeen()
        if (quiet >= QUIET_ROUNDS || n >= MOST_ROUNDS) then()
        else setImmediate(round, n + 1)
      }
      setImmediate(round, 0)
    },
  }
}
