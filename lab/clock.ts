/** The machine's monotonic clock, the same in every process, so that times of different processes can be subtracted. */
import type { Instant, Ms } from '../contract/time.ts'

const origin = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Milliseconds of CLOCK_MONOTONIC, to the microsecond. `performance.now()` starts anew in every process. */
export const monotonic = (): Instant => (origin + performance.now()) as Instant

/** To be subtracted from wall time that other programs report, in milliseconds. */
export const wallMinusMonotonic = performance.timeOrigin - origin

export const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, time)))

/** Asks every `every` ms until the answer is true; false when `within` ms have passed. */
export async function until(test: () => boolean | Promise<boolean>, within: number | Ms, every = 20): Promise<boolean> {
  for (const end = monotonic() + within; ;) {
    if (await test()) return true
    if (monotonic() >= end) return false
    await sleep(every)
  }
}
