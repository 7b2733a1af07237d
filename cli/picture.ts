/**
 * What the brokers keep about a cluster, gathered once. Only exact topics are subscribed, because some brokers send no
 * retained messages for wildcards. Several brokers may disagree: the newest word about each topic counts.
 */
import type { Config } from '../contract/config.ts'
import { Availability, CheckSnapshot, Maintenance, OrderResult, RouterSnapshot } from '../contract/events.ts'
import type { Order } from '../contract/order.ts'
import { parseOrder } from '../contract/order-document.ts'
import { clip } from '../contract/phrases.ts'
import { matchTopic, topicOf } from '../contract/topics.ts'
import type { BrokerAccess, Link, Message } from '../link/link.ts'
import { hostsOf } from './cluster.ts'
import { Refusal, type Terminal } from './terminal.ts'

export interface Picture {
  /** By host, then by broker: a daemon may be connected to one and lost to another. */
  readonly availability: Map<string, Map<string, Availability>>
  /** By host. */
  readonly maintenance: Map<string, Maintenance>
  /** By host and name, `dns1 resolver`. */
  readonly routers: Map<string, RouterSnapshot>
  readonly checks: Map<string, CheckSnapshot>
  readonly results: Map<string, OrderResult>
  /** The published orders, by group. */
  readonly orders: Map<string, Order>
}

export const emptyPicture = (): Picture => ({
  availability: new Map(), maintenance: new Map(), routers: new Map(), checks: new Map(), results: new Map(), orders: new Map(),
})

export const keyOf = (host: string, name: string) => `${host} ${name}`

/** Every retained topic of the cluster, by its exact name. */
export function topicsOf(config: Config): string[] {
  const root = config.topicRoot
  return [
    ...hostsOf(config).flatMap((host) => [topicOf(root, 'availability', { host }), topicOf(root, 'maintenance', { host })]),
    ...config.groups.flatMap((g) => [
      topicOf(root, 'order', { group: g.name }),
      ...g.hosts.flatMap((host) => [
        topicOf(root, 'orderResult', { host, group: g.name }),
        ...g.routers.map((r) => topicOf(root, 'router', { host, router: r.name })),
        ...g.checks.map((check) => topicOf(root, 'check', { host, check })),
      ]),
    ]),
  ]
}

/** Puts one message into the picture. Returns false for what is not understood; such a message changes nothing. */
export function enter(picture: Picture, config: Config, message: Pick<Message, 'topic' | 'payload' | 'broker'>): boolean {
  const match = matchTopic(config.topicRoot, message.topic)
  const text = new TextDecoder().decode(message.payload)
  const { host = '', router = '', check = '', group = '' } = match?.parameters ?? {}
  switch (match?.topic) {
    case 'availability': {
      const said = Availability.safeParse(json(text))
      if (said.success) picture.availability.set(host, new Map([...heardOf(picture, host), [message.broker, said.data]]))
      return said.success
    }
    case 'router': return keepNewest(picture.routers, keyOf(host, router), RouterSnapshot.safeParse(json(text)), isNewer)
    case 'check': return keepNewest(picture.checks, keyOf(host, check), CheckSnapshot.safeParse(json(text)), isNewer)
    case 'orderResult': return keepNewest(picture.results, keyOf(host, group), OrderResult.safeParse(json(text)), isNewer)
    case 'maintenance':
      if (text === '') return picture.maintenance.delete(host)
      return keepNewest(picture.maintenance, host, Maintenance.safeParse(json(text)), () => true)
    case 'order': {
      const order = parseOrder(text, config.groups.find((g) => g.name === group)?.hosts ?? [])
      if (!order.ok || (order.value.revision ?? 0) < (picture.orders.get(group)?.revision ?? 0)) return false
      picture.orders.set(group, json(JSON.stringify(order.value)) as Order)
      return true
    }
    default: return false
  }
}

const heardOf = (picture: Picture, host: string) => picture.availability.get(host) ?? new Map<string, Availability>()

/** Of the newest run that any broker knows: online if one says so, because another may only have lost its connection. */
export function availabilityOf(picture: Picture, host: string): Availability | undefined {
  const said = [...heardOf(picture, host).values()].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  const ofThatRun = said.filter((a) => a.bootId === said[0]?.bootId)
  return ofThatRun.find((a) => a.status === 'online') ?? ofThatRun[0]
}
export const isOnline = (picture: Picture, host: string): boolean => availabilityOf(picture, host)?.status === 'online'
/** A daemon is there, and the document is from its present run. */
export const isFresh = (picture: Picture, host: string, bootId: string): boolean =>
  isOnline(picture, host) && availabilityOf(picture, host)?.bootId === bootId

/** Connects, lets `use` look and go on listening, and says goodbye. */
export async function withPicture<T>(config: Config, brokers: readonly BrokerAccess[], t: Terminal, timeoutMs: number,
  use: (picture: Picture, link: Link, listen: (hear: (m: Message) => void) => void) => Promise<T>): Promise<T> {
  const picture = emptyPicture()
  const complaints = new Map<string, string>()
  let hear: (m: Message) => void = () => {}
  const connected = new Set<string>()
  let lastHeard = 0
  const link = await t.openLink({
    brokers, session: 'clean', subscriptions: topicsOf(config),
    clientId: `cli-${config.cluster}-${crypto.randomUUID().slice(0, 8)}`,
    async receive(message) {
      lastHeard = performance.now()
      enter(picture, config, message)
      hear(message)
    },
    connected(broker) {
      connected.add(broker)
      complaints.delete(broker)
      lastHeard = performance.now()
    },
    disconnected(broker, why) { complaints.set(broker, why) },
  })
  try {
    const until = performance.now() + timeoutMs
    // Who has complained is waited for no longer; it goes on trying, but it is not what a person waits for.
    const known = () => brokers.every((b) => connected.has(b.url) || complaints.has(b.url))
    const settled = () => known() && performance.now() - lastHeard > t.quiet
    while (!settled() && performance.now() < until && !t.stop.aborted) await pause(10)
    const said = [...complaints].map(([broker, why]) => `${broker}: ${why}`)
    if (connected.size === 0) throw new Refusal(`no broker is to be reached: ${said.join('; ') || brokers.map((b) => b.url).join(', ')}`)
    for (const complaint of said) t.err(complaint)
    return await use(picture, link, (h) => { hear = h })
  } finally {
    await link.close()
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => { setTimeout(resolve, ms) })

interface Dated { readonly at: string }
const isNewer = (next: Dated, kept: Dated) => Date.parse(next.at) >= Date.parse(kept.at)

type Parsed<T> = { readonly success: true; readonly data: T } | { readonly success: false }

function keepNewest<T>(map: Map<string, T>, key: string, parsed: Parsed<T>, better: (next: T, kept: T) => boolean): boolean {
  if (!parsed.success) return false
  const kept = map.get(key)
  if (kept === undefined || better(parsed.data, kept)) map.set(key, parsed.data)
  return true
}

/** Texts longer than that are cut, and control characters made visible: others wrote them, and a terminal obeys. */
const LONGEST = 500

function json(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? clip(value, LONGEST) : value))
  } catch {
    return undefined
  }
}
