/** The few statistics the tables need. */

/** The middle value; of an even number of values the mean of the two in the middle; of none NaN. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}

export interface Summary { readonly n: number; readonly median: number; readonly min: number; readonly max: number }

export const summary = (values: readonly number[]): Summary =>
  ({ n: values.length, median: median(values), min: Math.min(...values), max: Math.max(...values) })

/** How many times smaller `b` is than `a`; undefined when there is nothing to divide by. */
export const ratio = (a: number, b: number): number | undefined => (b > 0 && Number.isFinite(a) ? a / b : undefined)

/** Numbers in [0, 1) that are the same for the same seed (mulberry32), so that a run can be repeated. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The smallest value that `share` of all do not exceed (nearest rank); of none NaN. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** How regularly something came that should come at intervals. Milliseconds but `n`. */
export interface Regularity {
  /** Intervals seen. */
  readonly n: number
  readonly mean: number
  /** Standard deviation from that mean. */
  readonly sd: number
  /** 99 of 100 intervals differ from the one wanted by at most this. */
  readonly p99: number
  /** By how much the longest interval was longer than the one wanted. */
  readonly late: number
}

export function regularity(instants: readonly number[], wanted: number): Regularity {
  const gaps = instants.slice(1).map((at, i) => at - (instants[i] ?? 0)), n = gaps.length
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / n
  const sd = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / n)
  return { n, mean, sd, p99: percentile(gaps.map((gap) => Math.abs(gap - wanted)), 0.99), late: Math.max(...gaps) - wanted }
}
