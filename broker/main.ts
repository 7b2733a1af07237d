/** The embedded broker: MQTT 3.1.1 over TCP, TLS and WebSocket, with a store on disk and rights from the table of topics. */
import type { EventEmitter } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Client } from 'aedes'
import type { Config } from '../contract/config.ts'
import { AccountsFile } from './accounts-file.ts'
import { StoringBroker } from './acknowledge.ts'
import { Admission, CONNECT_TIMEOUT, DRAIN_TIMEOUT, EARLY_PACKETS, guardPackets, plainAddress } from './limits.ts'
import { listen, type Listener } from './listen.ts'
import { onceEach, type Log } from './notices.ts'
import { SqlitePersistence, type PersistenceOptions } from './persistence.ts'
import { rights, type Rights } from './rights.ts'

export { runAccount, type AccountCommand } from './accounts-file.ts'
export { mosquittoConfiguration } from './mosquitto/configuration.ts'

export interface RunningBroker {
  /** As in `broker.listen`, with the ports in use. */
  readonly urls: readonly string[]
  readonly ports: readonly number[]
  /** Stops listening, ends all connections, closes the store. */
  close(): Promise<void>
}

/** Sessions of clients that have not been here for so many milliseconds are forgotten, with their queues. */
const SESSION_LIFETIME = 30 * 86_400_000
/** Milliseconds between looks at old sessions; after a start everybody has as long to come back. */
const SESSION_CHECK = 3_600_000
/**
 * Milliseconds between heartbeats. Four of them after a start, wills of clients that did not return are published: a
 * little later than our links, which try again every ten seconds at most, have come back.
 */
const HEARTBEAT = 3000

export interface RunOptions { readonly log: Log; /** Closes the broker when it fires. */ readonly signal?: AbortSignal }

/** Resolves when it listens; rejects, with everything stopped again, when it cannot: no store, no port, bad accounts. */
export async function runBroker(config: Config, o: RunOptions): Promise<RunningBroker> {
  const { limits, ...settings } = config.broker
  const once = onceEach(o.log)
  const addresses = new WeakMap<object, string>()
  const addressOf = (connection: object) => addresses.get(connection) ?? 'an unknown address'

  const accounts = new AccountsFile(settings.accounts, o.log)
  let who: Rights | undefined
  const persistence = openStore(config, {
    grants: (client, filter) => who?.maySubscribe(client, filter) === true,
    queueFull: (client) => once(`queue ${client}`,
      `${client} has ${limits.queuedMessages} messages waiting (broker.limits.queuedMessages): newer ones are not kept`),
    fault: (e) => o.log('warn', `the store ${settings.store} cannot be read: ${e.message}`),
  })
  who = rights({
    config, accounts, addressOf, once,
    withdraw: (client, filter) => { persistence.removeSubscriptions(client, [filter]).catch(() => {}) },
  })
  const broker = new StoringBroker({
    ...who, persistence,
    connectTimeout: CONNECT_TIMEOUT, drainTimeout: DRAIN_TIMEOUT, queueLimit: EARLY_PACKETS, heartbeatInterval: HEARTBEAT,
  })
  const admission = new Admission(limits, (address, why) => {
    once(`admission ${address}`, `refused a connection from ${address}: ${why}`)
  })
  const listeners: Listener[] = []
  const stopWatching = watchClients(broker, persistence, o.log, (client, e) => {
    const address = addressOf(client.conn)
    once(`client ${who.nameOf(client) ?? address} ${e.message}`, `${client.id ?? 'a client'} at ${address}: ${e.message}`)
  })

  async function shutDown(): Promise<void> {
    o.signal?.removeEventListener('abort', close)
    stopWatching()
    accounts.close()
    const stopped = listeners.map((l) => new Promise<void>((resolve) => { l.server.close(() => resolve()) }))
    // No client has died because the broker stops. Wills stay in the store, for those who do not return after the start.
    for (const client of clientsOf(broker)) client.will = null
    await new Promise<void>((resolve) => { broker.close(() => resolve()) })
    admission.end()
    await Promise.all(stopped)
    // aedes writes down the loss of its clients within the next turns.
    await new Promise((resolve) => { setImmediate(() => setImmediate(resolve)) })
    await persistence.destroy()
  }
  let closing: Promise<void> | undefined
  function close(): Promise<void> {
    closing ??= shutDown()
    return closing
  }

  try {
    await broker.listen()
    for (const url of settings.listen) {
      listeners.push(await listen(url, {
        tls: settings.tls,
        packetBytes: limits.packetBytes,
        watch: (server) => admission.watch(server),
        connection(stream, from) {
          const address = plainAddress(from)
          addresses.set(stream, address)
          guardPackets(stream, limits.packetBytes, (why) => {
            once(`packet ${address} ${why}`, `closed a connection from ${address}: ${why}`)
          })
          broker.handle(stream)
        },
      }))
    }
  } catch (e) {
    await close()
    throw e
  }
  if (settings.anonymous === 'never' && accounts.size === 0) {
    o.log('warn', 'nobody can connect: add an account with `understudy account add`, or write broker.anonymous: loopback')
  }
  accounts.onChange((changed) => {
    for (const client of clientsOf(broker)) if (changed.has(who.nameOf(client) ?? '')) client.close()
  })
  o.signal?.addEventListener('abort', close, { once: true })
  if (o.signal?.aborted) await close()
  return { urls: listeners.map((l) => l.url), ports: listeners.map((l) => l.port), close }
}

function openStore(config: Config, hooks: Omit<PersistenceOptions, 'queuedMessages'>): SqlitePersistence {
  const { store, limits } = config.broker
  mkdirSync(dirname(store), { recursive: true })
  return new SqlitePersistence(store, { queuedMessages: limits.queuedMessages, ...hooks })
}

type ClientFault = (client: Client, e: Error) => void

/** Notes who is here, forgets who has not been for long, reports what goes wrong; returns how to stop that. */
function watchClients(broker: StoringBroker, store: SqlitePersistence, log: Log, failed: ClientFault): () => void {
  const note = (client: Client) => { if (!client.clean) store.seen([client.id]).catch(() => {}) }
  broker.on('clientReady', note)
  broker.on('clientDisconnect', note)
  broker.on('clientError', failed)
  broker.on('connectionError', failed)
  const events: EventEmitter = broker
  events.on('error', (e: Error) => log('warn', `broker: ${e.message}`))

  async function forget(): Promise<void> {
    await store.seen(clientsOf(broker).map((client) => client.id))
    for (const id of await store.expire(Date.now() - SESSION_LIFETIME)) {
      log('info', `forgot the session of ${id}: not seen for ${SESSION_LIFETIME / 86_400_000} days`)
    }
  }
  const timer = setInterval(() => {
    forget().catch((e: unknown) => log('warn', `could not forget old sessions: ${String(e)}`))
  }, SESSION_CHECK)
  return () => clearInterval(timer)
}

/** aedes knows them, its types do not. */
function clientsOf(broker: StoringBroker): (Client & { will: unknown })[] {
  return Object.values((broker as unknown as { clients: Record<string, Client & { will: unknown }> }).clients)
}
