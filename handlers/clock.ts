/** Time as the runner needs it, so that tests can let two days pass in a moment. */
import { ms, type Ms } from '../contract/time.ts'

export interface Clock {
  /** Wall time in milliseconds since 1970: what is kept on disk must mean something to the next process. */
  now(): number
  /** Calls back once, after the delay; the returned function calls it off. */
  after(delay: Ms, wake: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delay, wake) {
    const timer = setTimeout(wake, Math.max(0, delay))
    return () => clearTimeout(timer)
  },
}

/** Resolves after the delay, or as soon as the signal aborts. */
export function pauseFor(clock: Clock, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = clock.after(ms(delay), end)
    signal.addEventListener('abort', end, { once: true })
    function end() {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
