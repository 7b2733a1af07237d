/**
 * The link over MQTT 3.1.1, which every broker speaks. Per broker there are two connections: one takes messages and
 * acknowledges each after the work, the other publishes, because work in progress holds up everything that arrives on
 * its own connection, acknowledgements of publications included. They stand and fall together.
 *
 * Each attempt makes new clients: a client that reconnects by itself sends again what it thinks unacknowledged, and
 * only the caller, who has an outbox, knows whether that is still true.
 */
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { backoff } from './backoff.ts'
import type { BrokerAccess, Link, LinkOptions } from './link.ts'

export interface MqttLinkOptions extends LinkOptions { readonly log?: (level: 'info' | 'warn', text: string) => void }

/** Seconds between signs of life. A broker that hangs is given up after one and a half of them. */
const PULSE = 10
/** The same for the connection that takes messages: longer, because work in progress delays the answer. */
const CONSUMER_PULSE = 60
/** Milliseconds for TCP, TLS and CONNACK together. */
const CONNECT_TIMEOUT = 5000
/** Milliseconds until an acknowledgement must have come. */
const PUBLISH_TIMEOUT = 5000
/** Milliseconds for a goodbye. */
const GOODBYE_TIMEOUT = 1000
/** A connection that stood this many milliseconds was a good one: the next failure starts at the shortest wait again. */
const GOOD_AFTER = 5000
/** Bytes and messages on their way to one broker. Beyond it we refuse: what a hanging broker holds up must stay bounded. */
const PENDING_BYTES = 8 << 20
const PENDING_MESSAGES = 1000

export function openLink(options: MqttLinkOptions): Link {
  const brokers = options.brokers.map((access) => keepConnected(access, options))
  return {
    async publish(topic, payload, o) {
      const connected = brokers.filter((b) => b.connected)
      if (connected.length === 0) throw new Error('no broker is connected')
      try {
        await Promise.any(connected.map((b) => b.publish(topic, payload, o)))
      } catch (e) {
        throw new Error(e instanceof AggregateError ? [...new Set(e.errors.map(textOf))].join('; ') : textOf(e))
      }
    },
    get brokers() { return brokers.map((b) => ({ url: b.url, connected: b.connected })) },
    async close() { await Promise.all(brokers.map((b) => b.close())) },
  }
}

type Publish = Link['publish']
interface Broker { readonly url: string; readonly connected: boolean; publish: Publish; close(): Promise<void> }

/** Connects, and after every loss again, until closed. */
function keepConnected(access: BrokerAccess, options: MqttLinkOptions): Broker {
  const name = withoutPassword(access.url)
  const log = (level: 'info' | 'warn', text: string) => options.log?.(level, `broker ${name}: ${text}`)
  let pair: Pair | undefined
  let up = false
  let closed = false
  let failures = 0
  let complaint = ''
  let tried = false
  let again: NodeJS.Timeout | undefined
  /** The work of this broker, one message at a time, also across a reconnection. */
  const work: Work = { tail: Promise.resolve() }

  const attempt = () => {
    let since = 0
    pair = connectPair(access, options, work, {
      warn: (text) => log('warn', text),
      up() {
        up = true
        since = performance.now()
        complaint = ''
        log('info', 'connected')
        options.connected?.(access.url)
      },
      down(why) {
        if (up && performance.now() - since > GOOD_AFTER) failures = 0
        if (why !== complaint) log('warn', `${up ? 'lost' : 'cannot connect'}: ${why}; trying again`)
        complaint = why
        const news = up || !tried
        up = false
        tried = true
        if (!closed) again = setTimeout(attempt, backoff(failures++, Math.random()))
        if (news) options.disconnected?.(access.url, why)
      },
    })
  }
  attempt()
  return {
    url: access.url,
    get connected() { return up },
    publish: (topic, payload, o) => pair?.publish(topic, payload, o) ?? Promise.reject(new Error('not connected')),
    async close() {
      closed = true
      up = false
      clearTimeout(again)
      await pair?.close()
    },
  }
}

interface Work { tail: Promise<void> }
interface Pair { publish: Publish; close(): Promise<void> }
interface Fate { up(): void; down(why: string): void; warn(text: string): void }

/** One attempt: lives until either connection fails, and is not used again. */
function connectPair(access: BrokerAccess, options: MqttLinkOptions, work: Work, fate: Fate): Pair {
  let ended = false
  let awaited = options.subscriptions.length > 0 ? 2 : 1
  const ready = () => { if (--awaited === 0 && !ended) fate.up() }
  const pending = new Map<(why: Error) => void, number>()
  let pendingBytes = 0

  const fail = (why: string) => {
    if (ended) return
    ended = true
    for (const reject of [...pending.keys()]) reject(new Error(why))
    for (const client of clients) void goodbye(client)
    fate.down(why)
  }

  const clients: MqttClient[] = []
  const open = (id: string, o: IClientOptions, connected: (client: MqttClient) => void): MqttClient | undefined => {
    try {
      const client = connect(access.url, clientOptions(access, id, o))
      clients.push(client)
      client.on('error', (e) => fail(textOf(e)))
      client.on('close', () => fail('the connection was closed'))
      client.on('connect', () => {
        if (ended) return
        if ('setNoDelay' in client.stream) (client.stream as { setNoDelay(on: boolean): void }).setNoDelay(true)
        connected(client)
      })
      return client
    } catch (e) {
      // Not now: the caller does not have this pair yet.
      setImmediate(() => fail(textOf(e)))
      return undefined
    }
  }

  const publisher = open(`${options.clientId}-pub`, {
    clean: true,
    keepalive: PULSE,
    ...(options.will ? { will: { ...options.will, payload: Buffer.from(options.will.payload), qos: 1, retain: true } } : {}),
  }, ready)

  const consumer = options.subscriptions.length === 0 ? undefined
    : open(options.clientId, { clean: options.session === 'clean', keepalive: CONSUMER_PULSE }, (client) => {
      let answered = false
      client.on('packetreceive', (packet) => {
        if (packet.cmd !== 'suback') return
        answered = true
        packet.granted.forEach((code, i) => {
          if (Number(code) < 128) return
          const account = access.user === undefined ? 'clients without an account' : `the account ${access.user}`
          fate.warn(`refused the subscription ${options.subscriptions[i]}: give ${account} the right to read it`)
        })
        ready()
      })
      // Anew each time: the broker may have lost our session, or its rules may have changed.
      client.subscribe([...options.subscriptions], { qos: 1 }, (e) => { if (e && !answered) fail(textOf(e)) })
    })

  if (consumer) {
    consumer.handleMessage = (packet, acknowledge) => {
      work.tail = work.tail.then(async () => {
        if (ended) return
        try {
          const { topic, retain: retained } = packet
          await options.receive({ topic, payload: packet.payload as Buffer, retained, broker: access.url })
        } catch (e) {
          // A broker sends again only what a connection has left behind: so we leave.
          return fail(`a message on ${packet.topic} could not be taken: ${textOf(e)}`)
        }
        if (!ended) acknowledge()
      })
    }
  }

  return {
    publish: (topic, payload, o) => new Promise((resolve, reject) => {
      const size = topic.length + Buffer.byteLength(payload)
      if (ended || !publisher?.connected) return reject(new Error('not connected'))
      if (pending.size >= PENDING_MESSAGES || pendingBytes + size > PENDING_BYTES) {
        return reject(new Error('too much is on its way already'))
      }
      const timer = setTimeout(() => reject(new Error(`no acknowledgement within ${PUBLISH_TIMEOUT} ms`)), PUBLISH_TIMEOUT)
      const refuse = (why: Error) => {
        settle()
        reject(why)
      }
      const settle = () => {
        clearTimeout(timer)
        if (pending.delete(refuse)) pendingBytes -= size
      }
      pending.set(refuse, size)
      pendingBytes += size
      publisher.publish(topic, payload, { qos: o.qos, retain: o.retained }, (e) => {
        if (e) return refuse(e)
        settle()
        resolve()
      })
    }),
    async close() {
      await within(GOODBYE_TIMEOUT, work.tail)
      ended = true
      for (const reject of [...pending.keys()]) reject(new Error('closed'))
      await Promise.all(clients.map(goodbye))
    },
  }
}

function clientOptions(access: BrokerAccess, clientId: string, o: IClientOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clientId,
    connectTimeout: CONNECT_TIMEOUT,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    ...(access.user === undefined ? {} : { username: access.user }),
    ...(access.password === undefined ? {} : { password: access.password }),
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...o,
  }
}

/** DISCONNECT, so that the broker forgets the will; a broker that does not take it in time loses the connection. */
async function goodbye(client: MqttClient): Promise<void> {
  if (client.connected) {
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id))
    await within(GOODBYE_TIMEOUT, new Promise<void>((resolve) => { client.end(false, {}, () => resolve()) }))
  } else {
    client.end(true)
  }
  client.stream.destroy()
}

async function within(time: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise((resolve) => { timer = setTimeout(resolve, time) })])
  clearTimeout(timer)
}

/** A connection refused on every address of a name comes as an error without a text. */
const textOf = (e: unknown): string =>
  e instanceof Error ? e.message || String((e as NodeJS.ErrnoException).code ?? e.name) : String(e)
const withoutPassword = (url: string): string => url.replace(/\/\/[^/@]*@/, '//')
