import { ms, type Ms } from '../contract/time.ts'

/** First wait, and the longest: a broker that is back is found within ten seconds, one that is down is not hammered. */
const FIRST = 200
const LONGEST = 10_000

/** How long to wait after so many failures in a row. `random` (0…1) spreads clients that lost the same broker at once. */
export const backoff = (failures: number, random: number): Ms =>
  ms(Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + random / 2))
