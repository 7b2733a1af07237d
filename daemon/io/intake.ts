/**
 * When to take packets off a socket. One that comes alone is taken at once. A host that advertises hundreds of routers in
 * step sends them one by one, just slower than they are taken, and each would cost a turn of the event loop: where they
 * come close together they gather for a millisecond, and one turn takes them all.
 */
import type { Instant, Ms } from '../../contract/time.ts'
import { since } from '../../contract/time.ts'

/** So many packets, each within this of the one before, are a burst; fewer in a turn are its end. */
const BURST = 5, CLOSE_TOGETHER = 0.1 as Ms
const GATHER = 1 as Ms
/** Packets of one turn; then timers come first. */
const MOST_AT_ONCE = 200

export interface Intake {
  /** A packet waits. */
  ready(): void
  close(): void
}

export function createIntake(o: {
  /** Takes one packet; false: none was there. */
  readonly take: () => boolean
  /** Whether `ready` is wanted. */
  readonly listen: (wanted: boolean) => void
  readonly now: () => Instant; readonly later: (wait: Ms, run: () => void) => void
}): Intake {
  let last = -Infinity as Instant, close = 0, closed = false

  function takeAll(): void {
    let taken = 0
    while (!closed && taken < MOST_AT_ONCE && o.take()) taken++
    if (closed) return
    if (taken >= BURST) o.later(GATHER, takeAll)
    else o.listen(true)
  }

  return {
    ready() {
      o.take()
      const now = o.now()
      close = since(last, now) < CLOSE_TOGETHER ? close + 1 : 1
      last = now
      if (close < BURST || closed) return
      close = 0
      o.listen(false)
      o.later(GATHER, takeAll)
    },
    close() {
      closed = true
    },
  }
}
