/**
 * The host's clock since it was started and one timer, which is all the loop needs. The timer of Node stands still while the
 * machine is suspended, this clock does not: the first wake-up after it is late, and so the loop listens before it speaks.
 */
import { since, type Instant, type WallTime } from '../../contract/time.ts'
import type { Clock } from '../ports.ts'
import { setTimerSlack, sinceBoot, sleep } from './kernel.ts'

/** Rounds of the event loop without a packet after which nothing waits any more. */
const QUIET_ROUNDS = 2

/** Milliseconds. A flood may last longer than `LONGEST_DRAIN`: the routers have to go on. */
const EARLY = 1, CLOSE_TOGETHER = 4, LONGEST_DRAIN = 30
/** What setTimeout can count; after it the loop looks again. */
const LONGEST = 0x7fff_ffff

/** `drain` takes packets that wait in the sockets, `packetsSeen` counts all that were taken. */
export function openClock({ packetsSeen, drain }: { readonly packetsSeen: () => number; readonly drain: () => void }): Clock {
  let timer: NodeJS.Timeout | undefined
  let lastWake = 0 as Instant
  setTimerSlack(1)
  const now = () => sinceBoot() as Instant
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
        if (rest > 0) sleep(rest)
        run()
      }
      const run = () => {
        lastWake = now()
        wake()
      }
      wait()
    },
    afterDrain(then) {
      const until = now() + LONGEST_DRAIN
      let seen = packetsSeen(), quiet = 0
      const round = () => {
        drain()
        quiet = packetsSeen() === seen ? quiet + 1 : 0
        seen = packetsSeen()
        if (quiet >= QUIET_ROUNDS || now() >= until) then()
        else setImmediate(round)
      }
      setImmediate(round)
    },
  }
}
