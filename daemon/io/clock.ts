/** The host's monotonic clock and one timer, which is all the loop needs. */
import { performance } from 'node:perf_hooks'
import { since, type Instant, type WallTime } from '../../contract/time.ts'
import type { Clock } from '../ports.ts'

/** Rounds of the event loop without a packet after which the sockets count as empty, and the most rounds to spend. */
const QUIET_ROUNDS = 2, MOST_ROUNDS = 2000

export function openClock(packetsSeen: () => number): Clock {
  let timer: NodeJS.Timeout | undefined
  const now = () => performance.now() as Instant
  return {
    now,
    wall: () => new Date().toISOString() as WallTime,
    wakeAt(at, wake) {
      clearTimeout(timer)
      // setTimeout counts whole milliseconds from the start of this round: rounding up never wakes us before the deadline.
      if (at !== undefined) timer = setTimeout(wake, Math.max(0, Math.min(Math.ceil(since(now(), at)), 0x7fff_ffff)))
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
