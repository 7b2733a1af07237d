/**
 * Which events are worth a mail, and which have been told already. Pure.
 * A mail says that a host serves an address now, that one lost it because its server died, or that somebody has to look.
 */
import { isEvent, type Event, type EventOf } from '../../contract/events.ts'

export type Kind = 'took-over' | 'lost' | 'attention'

/** What nobody's service suffers from yet, and somebody has to look at. */
const ATTENTION = ['split-brain.suspected', 'vrid.collision', 'outbox.gap', 'order.rejected', 'config.rejected'] as const
/** The types `kindOf` looks at. */
export const TYPES = ['router.state', ...ATTENTION] as const

/** Undefined: no mail. A healthy backup that starts, stays or steps aside for a better one is no news. */
export function kindOf(event: Event): Kind | undefined {
  if (isTakeover(event)) return 'took-over'
  if (isLoss(event)) return 'lost'
  return ATTENTION.some((type) => isEvent(event, type)) ? 'attention' : undefined
}

type StateChange = EventOf<'router.state'>
export const isTakeover = (e: Event): e is StateChange =>
  isEvent(e, 'router.state') && e.data.to === 'active' && e.data.from !== 'active'
/** The host served and stopped because of what is wrong with it, not because somebody wanted it or a better one came. */
export function isLoss(e: Event): e is StateChange {
  if (!isEvent(e, 'router.state') || e.data.from !== 'active' || e.data.to === 'active') return false
  const { reason, health } = e.data
  return (
    reason === 'check-failed' ||
    reason === 'check-degraded' ||
    reason === 'interface-down' ||
    (reason === 'outranked' && health === 'failed')
  )
}

/** What one mail has told about one group, remembered so that a host whose events come late is not a second incident. */
export interface Told {
  readonly group: string
  /** Wall milliseconds of its first and last event. */
  readonly from: number
  readonly to: number
  /** Who was said to serve each router, since when. */
  readonly holders: Readonly<Record<string, { readonly host: string; readonly since: number }>>
  /** What else was told, e.g. `split-brain.suspected testdns0`. */
  readonly topics: readonly string[]
}

/** Events of one incident are at most so far from it, by the clocks of different hosts. */
const REACH = 10_000
/** A takeover may seem so much earlier than the loss it answers: clocks differ, and a good one comes before the loss. */
const SKEW = 2000

/** Has a mail said this already, or something newer? What it did not say is news, however late it comes. */
export function isTold(event: Event, told: readonly Told[]): boolean {
  const at = Date.parse(event.time)
  return told.some((t) => {
    if (t.group !== groupOf(event) || at < t.from - REACH || at > t.to + REACH) return false
    if (!isEvent(event, 'router.state')) return t.topics.includes(topicOf(event))
    const holder = t.holders[event.data.router]
    if (!holder) return event.data.to !== 'active' && t.topics.includes(topicOf(event))
    return event.data.to === 'active' ? at <= holder.since : holder.host !== event.host && at <= holder.since + SKEW
  })
}

/** What a mail about these events tells, by group. */
export function tells(events: readonly Event[]): Told[] {
  const groups = [...new Set(events.map(groupOf))]
  return groups.map((group) => {
    const mine = inTime(events.filter((e) => groupOf(e) === group))
    const times = mine.map((e) => Date.parse(e.time))
    return {
      group,
      from: Math.min(...times),
      to: Math.max(...times),
      holders: Object.fromEntries(
        mine.filter(isTakeover).map((e) => [e.data.router, { host: e.host, since: Date.parse(e.time) }]),
      ),
      topics: [...new Set(mine.filter((e) => !isTakeover(e)).map(topicOf))],
    }
  })
}

/** By the clocks of the hosts; what happened at the same time, by host and sequence. */
export const inTime = (events: readonly Event[]): Event[] =>
  [...events].sort(
    (a, b) => Date.parse(a.time) - Date.parse(b.time) || a.host.localeCompare(b.host) || a.sequence - b.sequence,
  )

/** Every host of a group sees the same split brain and refuses the same order; a gap is that of one host. */
function topicOf(event: Event): string {
  const type = event.type.replace(/^org\.understudy\./, '')
  if (isEvent(event, 'router.state')) return `lost ${event.data.router} ${event.host}`
  if (isEvent(event, 'order.rejected')) return `${type} ${event.data.revision ?? ''} ${event.data.fault}`
  return 'router' in event.data ? `${type} ${event.data.router ?? ''}` : `${type} ${event.host}`
}

/** Events that belong to a host and not to a group share the group without a name. */
const groupOf = (event: Event): string => ('group' in event.data ? event.data.group : '')
