/** From single results to a verdict: so many bad ones in a row to fall, so many good ones to rise. */
import type { Health } from './priority.ts'

export interface Rule { readonly rise: number; readonly fall: number; readonly meaning: 'failed' | 'degraded' }
export interface CheckState {
  readonly health: Health
  /** Results in a row that contradict `health`. */
  readonly against: number
}
export const unchecked: CheckState = { health: 'unknown', against: 0 }

/** The first result decides at once: a host that just started should not be without a verdict for longer than needed. */
export function judge(rule: Rule, s: CheckState, good: boolean): CheckState {
  const verdict: Health = good ? 'healthy' : rule.meaning
  if (s.health === 'unknown' || s.health === verdict) return { health: verdict, against: 0 }
  const against = s.against + 1
  return against >= (good ? rule.rise : rule.fall) ? { health: verdict, against: 0 } : { ...s, against }
}

/** What all checks together make of the host: the worst of them. Without checks it is healthy. */
export function combined(healths: readonly Health[]): Health {
  for (const worst of ['failed', 'unknown', 'degraded'] as const) if (healths.includes(worst)) return worst
  return 'healthy'
}
