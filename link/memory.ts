/**
 * The link's twin in memory, for tests: the same behaviour without a network, and faults on demand. It repeats QoS 1
 * messages, loses connections, fires wills and restarts with or without its store. No timers: everything happens in
 * microtasks, but for the second try after a failed `receive`, which waits one turn of the event loop.
 */
import type { Link, LinkOptions } from './link.ts'

export interface MemoryBroker {
  readonly url: string
  /** What is retained now, by topic. */
  readonly retained: ReadonlyMap<string, string>
  /** From now on every so many-th QoS 1 message (0…1, by chance of the seed) comes twice. */
  repeat(share: number): void
  /** Loses the connection of a client without a goodbye: its will is published. It comes back at once. */
  drop(clientId: string): void
  /** Goes down: nobody's will is published. Clients come back when it is up again. */
  stop(): void
  start(o?: { readonly store: 'kept' | 'lost' }): void
}

interface Queued { readonly topic: string; readonly payload: Uint8Array; readonly retained: boolean }
interface Session { filters: readonly string[]; queue: Queued[] }
interface Connection {
  readonly clientId: string
  readonly session: Session
  readonly options: LinkOptions
  lost(why: string): void
  /** Something is queued. */
  wake(): void
}

/** What `openMemoryLink` needs of a broker beyond its public face. */
interface Internals {
  readonly connections: Map<string, Connection>
  readonly waiting: Set<() => void>
  up: boolean
  attach(options: LinkOptions, hooks: Pick<Connection, 'lost' | 'wake'>): Connection
  leave(connection: Connection): void
  take(topic: string, payload: string, o: { readonly retained: boolean; readonly qos: 0 | 1 }): void
}
const internals = new WeakMap<MemoryBroker, Internals>()
let count = 0

export function createMemoryBroker(o: { readonly seed: number }): MemoryBroker {
  const url = `memory://${++count}`
  const chance = random(o.seed)
  const retained = new Map<string, string>()
  const sessions = new Map<string, Session>()
  let share = 0

  const inside: Internals = {
    connections: new Map(),
    waiting: new Set(),
    up: true,
    attach(options, hooks) {
      const twin = inside.connections.get(options.clientId)
      if (twin) lose(twin, 'another client uses the same name')
      const kept = options.session === 'kept' ? sessions.get(options.clientId) : undefined
      const session: Session = { filters: options.subscriptions, queue: (kept?.queue ?? []).filter((m) => !m.retained) }
      sessions.set(options.clientId, session)
      for (const [topic, payload] of retained) {
        if (wanted(session, topic)) session.queue.push({ topic, payload: bytes(payload), retained: true })
      }
      const connection: Connection = { clientId: options.clientId, session, options, ...hooks }
      inside.connections.set(options.clientId, connection)
      return connection
    },
    leave(connection) {
      if (inside.connections.get(connection.clientId) !== connection) return
      if (connection.options.session === 'clean') sessions.delete(connection.clientId)
      inside.connections.delete(connection.clientId)
    },
    take(topic, payload, { retained: keep, qos }) {
      if (keep && payload === '') retained.delete(topic)
      else if (keep) retained.set(topic, payload)
      for (const [clientId, session] of sessions) {
        const connection = inside.connections.get(clientId)
        if (!wanted(session, topic) || (!connection && qos === 0)) continue
        const times = qos === 1 && chance() < share ? 2 : 1
        for (let i = 0; i < times; i++) session.queue.push({ topic, payload: bytes(payload), retained: false })
        connection?.wake()
      }
    },
  }

  const lose = (connection: Connection, why: string) => {
    inside.leave(connection)
    connection.lost(why)
  }
  const broker: MemoryBroker = {
    url,
    retained,
    repeat(s) { share = s },
    drop(clientId) {
      const connection = inside.connections.get(clientId)
      if (!connection) return
      lose(connection, 'the connection was lost')
      const will = connection.options.will
      if (will) inside.take(will.topic, will.payload, { retained: true, qos: 1 })
    },
    stop() {
      inside.up = false
      for (const connection of [...inside.connections.values()]) lose(connection, 'the broker has stopped')
    },
    start({ store } = { store: 'kept' }) {
      inside.up = true
      if (store === 'lost') {
        retained.clear()
        sessions.clear()
      }
      for (const again of [...inside.waiting]) again()
    },
  }
  internals.set(broker, inside)
  return broker
}

export function openMemoryLink(broker: MemoryBroker | readonly MemoryBroker[], options: Omit<LinkOptions, 'brokers'>): Link {
  const all = Array.isArray(broker) ? (broker as readonly MemoryBroker[]) : [broker as MemoryBroker]
  const o: LinkOptions = { ...options, brokers: all.map(({ url }) => ({ url })) }
  const ends = all.map((b) => attachment(b, o))
  let closed = false
  return {
    async publish(topic, payload, how) {
      const up = closed ? [] : ends.filter((e) => e.connected)
      if (up.length === 0) throw new Error('no broker is connected')
      for (const e of up) e.inside.take(topic, payload, how)
    },
    get brokers() { return ends.map((e) => ({ url: e.url, connected: e.connected })) },
    async close() {
      closed = true
      for (const e of ends) e.close()
    },
  }
}

/** One link's end at one broker: attached while the broker is up, and again after every loss. */
function attachment(broker: MemoryBroker, options: LinkOptions) {
  const inside = internals.get(broker) as Internals
  let connection: Connection | undefined
  let closed = false
  let working = false
  let tried = false

  function attach() {
    inside.waiting.delete(attach)
    if (closed || connection) return
    if (!inside.up) {
      inside.waiting.add(attach)
      if (!tried) options.disconnected?.(broker.url, 'the broker is down')
      tried = true
      return
    }
    tried = true
    connection = inside.attach(options, { lost: (why) => lost(why, queueMicrotask), wake: () => void work() })
    options.connected?.(broker.url)
    void work()
  }

  function lost(why: string, later: (then: () => void) => void) {
    connection = undefined
    options.disconnected?.(broker.url, why)
    later(attach)
  }

  /** Hands over what is queued, one message at a time; each stays in the queue until its work is done. */
  async function work() {
    if (working) return
    working = true
    await Promise.resolve()
    for (let m = connection?.session.queue[0]; m; m = connection?.session.queue[0]) {
      const mine = connection
      try {
        await options.receive({ ...m, broker: broker.url })
        if (mine === connection) mine?.session.queue.shift()
      } catch (e) {
        if (!mine || mine !== connection) continue
        inside.leave(mine)
        lost(`a message on ${m.topic} could not be taken: ${e instanceof Error ? e.message : String(e)}`, setImmediate)
      }
    }
    working = false
  }

  queueMicrotask(attach)
  return {
    url: broker.url,
    inside,
    get connected() { return connection !== undefined },
    close() {
      closed = true
      inside.waiting.delete(attach)
      if (connection) inside.leave(connection)
      connection = undefined
    },
  }
}

function wanted(session: Session, topic: string): boolean {
  return session.filters.some((filter) => {
    const levels = topic.split('/')
    const pattern = filter.split('/')
    const end = pattern.at(-1) === '#' ? pattern.length - 1 : pattern.length
    return (end < pattern.length ? levels.length >= end : levels.length === end)
      && pattern.slice(0, end).every((p, i) => p === '+' || p === levels[i])
  })
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** mulberry32: small, and the same on every machine. */
function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
