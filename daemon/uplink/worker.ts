/** The worker thread: MQTT, the outbox and the stored orders. Whatever hangs here, the election does not notice. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { Maintenance, Receipt, type Availability } from '../../contract/events.ts'
import { succeed, type Order } from '../../contract/order.ts'
import { parseOrder } from '../../contract/order-document.ts'
import { matchTopic, topicOf } from '../../contract/topics.ts'
import type { Message } from '../../link/link.ts'
import { openLink } from '../../link/mqtt.ts'
import { cloudEvent, documentOf } from './documents.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'
import { storeFlight } from './flights.ts'
import { storeOrder } from './orders.ts'
import { openOutbox } from './outbox.ts'
import { createPace } from './pace.ts'

const setup = workerData as WorkerSetup
const { topicRoot, host } = setup
const say = (m: FromWorker) => parentPort?.postMessage(m)
const log = (level: 'info' | 'warn' | 'error', fields: object, text: string) => say({ is: 'log', level, fields, text })

const MOST_EVENTS = 100_000, EVENTS_AT_ONCE = 50, GOODBYE_MS = 1500, SWEEP_MS = 10_000
/** An order is applied at once, but no more often than this: of a storm of orders the newest counts. */
const BETWEEN_ORDERS_MS = 50

mkdirSync(setup.stateDirectory, { recursive: true })
const outbox = openOutbox({
  file: join(setup.stateDirectory, 'outbox.db'), required: setup.requiredHandlers, most: MOST_EVENTS, gap: (lost) => say({ is: 'gap', lost }),
})
/** Retained documents by topic: the newest body, and whether every connected broker has it. */
const shown = new Map<string, { body: string; current: boolean }>()
const stored = new Map(setup.groups.map((g) => [g.name, JSON.stringify(g.order)]))
const pace = createPace(BETWEEN_ORDERS_MS)
const orders = new Map<string, Order>(setup.groups.map((g) => [g.name, g.order]))

const topics = {
  event: topicOf(topicRoot, 'event', { host }),
  availability: topicOf(topicRoot, 'availability', { host }),
}
const availability = (status: 'online' | 'offline') =>
  JSON.stringify({ status, bootId: setup.bootId, at: new Date().toISOString() } satisfies Availability)

const members = [...new Set(setup.groups.flatMap((g) => g.hosts))]
const peers = setup.groups.flatMap((g) => g.hosts.filter((h) => h !== host).map((name) => ({ name, routers: g.routers })))
const link = openLink({
  brokers: setup.brokers,
  clientId: `understudy-${setup.cluster}-${host}`,
  session: 'kept',
  subscriptions: [
    ...setup.groups.map((g) => topicOf(topicRoot, 'order', { group: g.name })),
    ...members.map((m) => topicOf(topicRoot, 'maintenance', { host: m })),
    topicOf(topicRoot, 'receipt', { handler: '+', host }),
    ...new Set(peers.map((p) => topicOf(topicRoot, 'availability', { host: p.name }))),
    ...peers.flatMap((p) => p.routers.map((router) => topicOf(topicRoot, 'router', { host: p.name, router }))),
  ],
  will: { topic: topics.availability, payload: availability('offline') },
  receive: async (m) => receive(m),
  connected(broker) {
    log('info', { broker }, 'connected')
    for (const document of shown.values()) document.current = false
    shown.set(topics.availability, { body: availability('online'), current: false })
    outbox.retryNow()
    say({ is: 'down', down: { is: 'connected' } })
    void flush()
  },
  disconnected: (broker, why) => log('warn', { broker, why }, 'broker lost; the election goes on without it'),
  log: (level, text) => log(level, {}, text),
})

/** What the start has left behind is swept out once; a heap that is small then stays so. */
setTimeout(() => globalThis.gc?.(), SWEEP_MS).unref()

parentPort?.on('message', (m: ToWorker) => {
  if (m.is === 'event') outbox.add(setup.bootId, m.event.sequence, JSON.stringify(cloudEvent(setup, m.event)))
  else if (m.is === 'show') {
    const { topic, body } = documentOf(setup, m.shown)
    shown.set(topic, { body, current: false })
  }
  else if (m.is === 'keep') return keepFlight(m)
  else return void close()
  schedule(0)
})

function receive({ topic, payload }: Message): void {
  const match = matchTopic(topicRoot, topic)
  const text = new TextDecoder().decode(payload)
  if (match?.topic === 'order') takeOrder(match.parameters.group ?? '', text)
  else if (match?.topic === 'maintenance') takeMaintenance(match.parameters.host ?? '', text)
  else if (match?.topic === 'router' || match?.topic === 'availability') takePeer(match.parameters, json(text))
  else if (match?.topic === 'receipt') {
    const receipt = Receipt.safeParse(json(text))
    if (receipt.success && receipt.data.host === host && receipt.data.handler === match.parameters.handler) outbox.confirm(receipt.data)
    else log('warn', { topic }, 'a receipt that is none, ignored')
  }
}

function takeOrder(group: string, text: string): void {
  const known = setup.groups.find((g) => g.name === group)
  if (!known || text.trim() === '') return // a retained order that vanished is not an order
  const parsed = parseOrder(text, known.hosts)
  const next = parsed.ok ? succeed(orders.get(group), parsed.value) : parsed
  if (!next.ok) {
    const revision = parsed.ok ? parsed.value.revision : undefined
    const refused = { is: 'order-refused', group, refusal: next.error, ...(revision === undefined ? {} : { revision }) } as const
    return pace(`refused/${group}`, () => say({ is: 'down', down: refused }))
  }
  orders.set(group, next.value)
  pace(`order/${group}`, () => {
    say({ is: 'down', down: { is: 'order', group, order: next.value } }) // the election first, then the disk
    keepOrder(group, next.value)
  })
}

function keepOrder(group: string, order: Order): void {
  const text = JSON.stringify(order)
  if (text === stored.get(group)) return
  stored.set(group, text)
  try {
    storeOrder(setup.stateDirectory, group, order)
  } catch (error) {
    log('error', { group, error: String(error) }, 'the order is in force but could not be stored: a restart without a broker would not know it')
  }
}

function takeMaintenance(name: string, text: string): void {
  if (text.trim() === '') return say({ is: 'down', down: { is: 'maintenance', host: name, maintenance: undefined } })
  const parsed = Maintenance.safeParse(json(text))
  if (!parsed.success) return log('warn', { host: name, problems: parsed.error.issues.map((i) => i.message) }, 'not a maintenance document, ignored')
  const { until, ...rest } = parsed.data
  say({ is: 'down', down: { is: 'maintenance', host: name, maintenance: { ...rest, ...(until === undefined ? {} : { until }) } } })
}

/** Only to notice two active hosts: nothing a peer publishes moves an address. */
function takePeer({ host: name, router }: Readonly<Record<string, string>>, body: unknown): void {
  const { state, status } = (typeof body === 'object' && body !== null ? body : {}) as { state?: unknown; status?: unknown }
  const routers = router === undefined ? peers.filter((p) => p.name === name).flatMap((p) => p.routers) : [router]
  if (router === undefined && status !== 'offline') return
  const now = router === undefined ? 'offline' : String(state)
  for (const r of routers) say({ is: 'down', down: { is: 'peer', host: name ?? '', router: r, state: now } })
}

function keepFlight(f: { readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }): void {
  try {
    storeFlight(join(setup.stateDirectory, 'flight'), f, setup.flightBytes)
  } catch (error) {
    log('warn', { error: String(error) }, 'the flight record could not be written')
  }
}

let timer: NodeJS.Timeout | undefined
function schedule(inMs: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => void flush(), Math.max(0, inMs))
}

const isConnected = () => link.brokers.some((b) => b.connected)
let flushing = false, again = false
async function flush(): Promise<void> {
  if (flushing) {
    again = true
    return
  }
  flushing = true
  try {
    do {
      again = false
      if (isConnected()) {
        // Documents and events side by side: a snapshot need not wait for a long outbox.
        await Promise.all([...documents(), ...events()])
      }
    } while (again)
  } finally {
    flushing = false
  }
  if (!isConnected()) return // the next connection begins anew
  const due = outbox.nextDue()
  const stale = [...shown.values()].some((d) => !d.current)
  if (due !== undefined || stale) schedule(Math.max(stale ? 1000 : 0, due === undefined ? 1000 : due - performance.now(), 10))
}

function documents(): Promise<void>[] {
  return [...shown].filter(([, d]) => !d.current).map(async ([topic, document]) => {
    document.current = true
    try {
      await link.publish(topic, document.body, { retained: true, qos: 1 })
    } catch {
      document.current = false
    }
  })
}

function events(): Promise<void>[] {
  const due = outbox.due(performance.now(), EVENTS_AT_ONCE)
  if (due.length === EVENTS_AT_ONCE) again = true
  return due.map(async (pending) => {
    try {
      await link.publish(topics.event, pending.body, { retained: false, qos: 1 })
      outbox.acknowledged(pending)
    } catch {
      // it is due again after its pause
    }
  })
}

async function close(): Promise<void> {
  shown.set(topics.availability, { body: availability('offline'), current: false })
  const timeUp = new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))
  await Promise.race([flush(), timeUp])
  await Promise.race([link.close(), timeUp])
  clearTimeout(timer)
  outbox.close()
  say({ is: 'closed' })
  parentPort?.close()
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
