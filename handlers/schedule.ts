/** When to try again, and how often. Pure. */
import { ms, type Ms } from '../contract/time.ts'

export interface Schedule {
  /** Before the second attempt; doubled before each later one. */
  readonly first: Ms
  readonly longest: Ms
  /** After so many attempts the events become dead letters. */
  readonly attempts: number
}

/** 1 s, 2 s, 4 s … 256 s, then every 5 minutes: 585 attempts are about two days, a weekend without a mail relay. */
export const SCHEDULE: Schedule = { first: ms(1000), longest: ms(300_000), attempts: 585 }

/** Pause after attempt `attempt` (1 = the first). `random` is in [0, 1): ±20 %, so that many do not return in step. */
export function pause({ first, longest }: Schedule, attempt: number, random: number): Ms {
  const whole = Math.min(longest, first * 2 ** Math.min(attempt - 1, 40))
  return ms(Math.round(whole * (0.8 + 0.4 * random)))
}
