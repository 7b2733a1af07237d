/** Who may write and read what, derived from the table of topics. Pure. What the table does not grant is denied. */
import { matchTopic, topics, type Role, type TopicRow } from '../contract/topics.ts'

export interface Account { readonly name: string; readonly role: Role }

/** A client of this very machine without an account, where the cluster file allows that: it may do everything. */
export const LOCAL = { name: '(this machine)', role: 'local' } as const
export type Actor = Account | typeof LOCAL

/** The level of a topic that must be the account's own name: a host writes as itself only, a handler likewise. */
export const OWN_LEVEL: Partial<Record<Role, string>> = { daemon: 'host', handler: 'handler' }

const rows: readonly TopicRow[] = Object.values(topics)
const patterns = rows.map((row) => ({ row, levels: row.pattern.split('/') }))

export function mayWrite(root: string, actor: Actor, topic: string): boolean {
  if (topic.startsWith('$')) return false
  if (actor.role === 'local') return true
  const match = matchTopic(root, topic)
  if (!match) return false
  const row: TopicRow = topics[match.topic]
  const own = OWN_LEVEL[actor.role]
  return row.writers.includes(actor.role) && (own === undefined || match.parameters[own] === actor.name)
}

/**
 * A filter is granted when the role may read every topic of ours that it can match, and it matches at least one: a
 * subscription that could never receive anything is a mistake, and better refused than silent.
 */
export function mayRead(root: string, actor: Actor, filter: string): boolean {
  // Shared subscriptions are granted by no part of this broker: a client would wait for ever.
  if (filter.startsWith('$share/')) return false
  if (actor.role === 'local') return true
  if (filter !== root && !filter.startsWith(`${root}/`)) return false
  const levels = filter.slice(root.length + 1).split('/')
  const matched = patterns.filter((p) => meet(p.levels, levels))
  return matched.length > 0 && matched.every((p) => p.row.readers.includes(actor.role as Role))
}

/** Is there a topic that both the pattern (`<x>` is any level) and the filter match? */
function meet(pattern: readonly string[], filter: readonly string[]): boolean {
  for (const [i, level] of filter.entries()) {
    if (level === '#') return i <= pattern.length
    const own = pattern[i]
    if (own === undefined || (level !== '+' && !own.startsWith('<') && own !== level)) return false
  }
  return filter.length === pattern.length
}
