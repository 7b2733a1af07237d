/**
 * When to take packets off a socket. One that comes alone is taken at once. A host that advertises hundreds of routers in
 * step sends them one by one, just slower than they are taken, and each would cost a turn of the event loop: where they
 * come close together they gather for a millisecond, and one turn takes them all.
 */
import type { Instant, Ms } from '../../contract/time.ts'
import { since } from '../../contract/time.ts'

/** So many packets, each within this of the one before, are a burst; fewer after a pause are its end. */
const BURST = 5, CLOSE_TOGETHER = 0.1 as Ms
const GATHER = 1 as Ms
/** Packets of one turn, less than a millisecond; then timers come first. */
const MOST_AT_ONCE = 64

export interface Intake {
  /** A packet waits. */
  ready(): void
  /** After a stall: takes now what waits, as far as one turn goes; whoever calls comes again until nothing does. */
  drain(): void
  close(): void
}

export function createIntake(o: {
  /** Takes one packet; false: none was there. */
  readonly take: () => boolean
  /** Whether `ready` is wanted. */
  readonly listen: (wanted: boolean) => void
  readonly now: () => Instant; readonly later: (wait: Ms, run: () => void) => void
  /** In the next turn of the event loop. */
  readonly soon: (run: () => void) => void
}): Intake {
  let last = -Infinity as Instant, close = 0, closed = false

  /** At most one turn's; whether that was all. */
  function take(): { readonly taken: number; readonly all: boolean } {
    for (let taken = 0; taken < MOST_AT_ONCE; taken++) if (closed || !o.take()) return { taken, all: true }
    return { taken: MOST_AT_ONCE, all: false }
  }

  /** `before`: taken in the turns before this one, since the last pause. */
  function gathered(before = 0): void {
    const { taken, all } = take()
    if (closed) return
    if (!all) o.soon(() => gathered(before + taken))
    else if (before + taken >= BURST) o.later(GATHER, gathered)
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
      o.later(GATHER, gathered)
    },
    drain: take,
    close() {
      closed = true
    },
  }
}
