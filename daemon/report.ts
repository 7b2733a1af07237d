/** What a change of state means for people: was it wanted, and what did clients notice. */
import type { Impact, Reason } from '../contract/events.ts'
import type { Visible, Why } from './core/election.ts'

export interface Meaning { readonly reason: Reason; readonly planned: boolean; readonly impact: Impact }

const MEANING: Record<Why, Omit<Meaning, 'reason'>> = {
  started: { planned: true, impact: 'none' },
  stopped: { planned: true, impact: 'none' },
  reloaded: { planned: true, impact: 'none' },
  'nobody-active': { planned: true, impact: 'none' },
  'active-silent': { planned: false, impact: 'outage' },
  'active-left': { planned: true, impact: 'none' },
  'active-worse': { planned: true, impact: 'none' },
  'active-failing': { planned: false, impact: 'outage' },
  'address-owner': { planned: true, impact: 'none' },
  outranked: { planned: true, impact: 'none' },
  'check-failed': { planned: false, impact: 'outage' },
  'check-degraded': { planned: false, impact: 'degraded' },
  'check-recovered': { planned: false, impact: 'none' },
  'order-changed': { planned: true, impact: 'none' },
  maintenance: { planned: true, impact: 'none' },
  'interface-down': { planned: false, impact: 'outage' },
}

export function meaningOf(why: Why, from: Visible): Meaning {
  // A backup whose check fails, or whose interface goes, costs nobody an answer.
  const impact = from === 'backup' && (why === 'interface-down' || why === 'check-failed') ? 'degraded' : MEANING[why].impact
  return { reason: why, planned: MEANING[why].planned, impact }
}
