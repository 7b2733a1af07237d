/**
 * One row per topic: who writes it, who reads it, what it carries. Access lists and the reference page are generated
 * from this table, and every room spells its topics through it. At most five levels below the root; `<x>` is one level.
 */
import type { z } from 'zod'
import { Availability, CheckSnapshot, DeadLetter, Event, Maintenance, OrderResult, Receipt, RouterSnapshot } from './events.ts'
import { OrderDocument } from './order-document.ts'

/** What an account may be. A daemon's and a handler's account carry a name, which fills `<host>` / `<handler>` when they write. */
export const ROLES = ['daemon', 'handler', 'operator', 'viewer'] as const
export type Role = (typeof ROLES)[number]

export interface TopicRow {
  readonly pattern: string
  readonly schema: z.ZodType
  readonly retained: boolean
  readonly qos: 0 | 1
  readonly writers: readonly Role[]
  readonly readers: readonly Role[]
  readonly purpose: string
}

const everyone = ROLES
const row = <const P extends string>(pattern: P, r: Omit<TopicRow, 'pattern' | 'qos'> & { qos?: 0 | 1 }) => ({ qos: 1 as const, ...r, pattern })

export const topics = {
  order: row('order/<group>', { schema: OrderDocument, retained: true, writers: ['operator'], readers: everyone, purpose: 'The priority order of a group.' }),
  maintenance: row('maintenance/<host>', { schema: Maintenance, retained: true, writers: ['operator'], readers: everyone, purpose: 'Takes a host out of service on purpose. Empty: over.' }),
  availability: row('host/<host>/availability', { schema: Availability, retained: true, writers: ['daemon'], readers: everyone, purpose: 'Is the daemon connected? `offline` is also its will.' }),
  router: row('host/<host>/router/<router>', { schema: RouterSnapshot, retained: true, writers: ['daemon'], readers: everyone, purpose: 'State of a virtual router on a host, and why.' }),
  check: row('host/<host>/check/<check>', { schema: CheckSnapshot, retained: true, writers: ['daemon'], readers: everyone, purpose: 'Last result of a check: on change, and as a slow heartbeat.' }),
  orderResult: row('host/<host>/order/<group>', { schema: OrderResult, retained: true, writers: ['daemon'], readers: everyone, purpose: 'What the daemon made of the last order.' }),
  event: row('host/<host>/event', { schema: Event, retained: false, writers: ['daemon'], readers: ['handler', 'operator', 'viewer'], purpose: 'Everything that happens, as CloudEvents 1.0 in structured JSON.' }),
  receipt: row('receipt/<handler>/<host>', { schema: Receipt, retained: false, writers: ['handler'], readers: ['daemon', 'operator', 'viewer'], purpose: 'Up to which event of a host the handler is done.' }),
  deadLetter: row('dead-letter/<handler>', { schema: DeadLetter, retained: false, writers: ['handler'], readers: ['operator', 'viewer', 'handler'], purpose: 'An event that a handler gave up, and why.' }),
} as const satisfies Record<string, TopicRow>
export type TopicName = keyof typeof topics

type Names<P extends string> = P extends `${string}<${infer N}>${infer Rest}` ? N | Names<Rest> : never
export type TopicParameters<T extends TopicName> = Record<Names<(typeof topics)[T]['pattern']>, string>

/** `topicOf('understudy/cam', 'order', {group: 'dns'})` → `understudy/cam/order/dns`. `+` as a parameter makes a filter. */
export function topicOf<T extends TopicName>(root: string, topic: T, parameters: TopicParameters<T>): string {
  const values: Record<string, string> = parameters
  return `${root}/${topics[topic].pattern.replace(/<(\w+)>/g, (_, key: string) => values[key] ?? '+')}`
}

export interface TopicMatch { readonly topic: TopicName; readonly parameters: Readonly<Record<string, string>> }

/** The inverse of `topicOf`; undefined for a topic that is none of ours. */
export function matchTopic(root: string, text: string): TopicMatch | undefined {
  if (!text.startsWith(`${root}/`)) return undefined
  const levels = text.slice(root.length + 1).split('/')
  for (const topic of Object.keys(topics) as TopicName[]) {
    const pattern = topics[topic].pattern.split('/')
    if (pattern.length !== levels.length) continue
    const parameters: Record<string, string> = {}
    const fits = pattern.every((p, i) => {
      const level = levels[i] ?? ''
      if (!p.startsWith('<')) return p === level
      parameters[p.slice(1, -1)] = level
      return level !== ''
    })
    if (fits) return { topic, parameters }
  }
  return undefined
}
