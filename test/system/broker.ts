/** A broker on the `ops` machine, Understudy's own or Mosquitto, and one who listens there and one who publishes. */
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../lab/clock.ts'
import type { Lab } from '../../lab/net.ts'
import { runAccount } from '../../broker/accounts-file.ts'
import { isEvent, Event, type EventOf, type EventType } from '../../contract/events.ts'
import type { Role } from '../../contract/topics.ts'
import { startUnderstudy, TOPICS } from './cluster.ts'
import { found } from './needs.ts'

export const BROKERS = ['embedded', 'mosquitto'] as const
export type BrokerKind = (typeof BROKERS)[number]
const PASSWORD = 'a password'
const OPERATOR = 'operator'

export interface Message { readonly retained: boolean; readonly topic: string; readonly payload: string }

/** JSON of one of our topics. */
export type Body = Readonly<Record<string, unknown>>

export interface Broker {
  /** What the cluster file says about it: keys `brokers` and `broker`. */
  readonly settings: object
  start(): Promise<void>
  stop(): Promise<void>
  /** As an operator does: `mosquitto_pub -r`. */
  order(payload: string): void
  listen(): Listener
}

export interface Listener {
  readonly messages: readonly Message[]
  /** Events of that type, each once though the network may repeat them. */
  events<T extends EventType>(type: T): EventOf<T>[]
  /** The body of the first message of that topic that passes. */
  heard(topic: string, test: (body: Body) => boolean, within?: number): Promise<Body>
  event<T extends EventType>(type: T, test?: (e: EventOf<T>) => boolean, within?: number): Promise<EventOf<T>>
}

export function createBroker(lab: Lab, kind: BrokerKind): Broker {
  const directory = lab.directory
  const password = path.join(directory, 'password'), accounts = path.join(directory, 'accounts')
  writeFileSync(password, `${PASSWORD}\n`, { mode: 0o600 })
  const url = `mqtt://${lab.ops.ipv4}:1883`
  const settings = {
    brokers: [{ url, user: '{name}', password: { file: password } }],
    broker: { listen: [url], store: path.join(directory, 'broker.db'), accounts },
  }
  const login = ['-h', lab.ops.ipv4, '-u', OPERATOR, '-P', PASSWORD, '-q', '1']
  let running: { stop(): Promise<void> } | undefined
  return {
    settings,
    async start() {
      running = await (kind === 'embedded' ? startEmbedded() : startMosquitto())
    },
    stop: async () => { await running?.stop() },
    order(payload) {
      const message = payload === '' ? ['-n'] : ['-m', payload]
      lab.output(lab.ops, [found('mosquitto_pub'), ...login, '-r', '-t', `${TOPICS}/order/dns`, ...message])
    },
    listen: () => listener((take) => {
      const session = ['-i', 'listener', '-c', '-F', '%r %t %p', '-t', `${TOPICS}/#`]
      lab.start(lab.ops, [found('mosquitto_sub'), ...login, ...session], { onLine: take })
    }),
  }

  async function startEmbedded() {
    if (!existsSync(accounts)) {
      const account = (name: string, role: Role) =>
        runAccount({ action: 'add', file: accounts, name, role, password: PASSWORD })
      for (const host of lab.hosts) await account(host.name, 'daemon')
      await account('email', 'handler')
      await account(OPERATOR, 'operator')
    }
    const file = path.join(directory, 'broker.yaml')
    writeFileSync(file, JSON.stringify({ cluster: 'test', groups: {}, ...settings }))
    const broker = startUnderstudy(lab, lab.ops, 'broker', '--config', file)
    await broker.said(/^listening on/)
    return broker
  }

  async function startMosquitto() {
    const file = path.join(directory, 'mosquitto.conf'), log = path.join(directory, 'mosquitto.log')
    writeFileSync(log, '')
    // Without a password file it takes any account for true.
    writeFileSync(file, `listener 1883 ${lab.ops.ipv4}
allow_anonymous true
persistence true
persistence_location ${directory}/
user root
`)
    const broker = lab.start(lab.ops, [found('mosquitto'), '-c', file], { log })
    const listens = () => lab.output(lab.ops, ['ss', '-ltnH', 'sport', '=', ':1883']).includes('1883')
    if (!await until(listens, 5000)) throw new Error(`mosquitto did not start; see ${log}`)
    return broker
  }
}

function listener(start: (take: (line: string) => void) => void): Listener {
  const messages: Message[] = []
  start((line) => {
    const [, retained, topic = '', payload = ''] = /^([01]) (\S+) (.*)$/s.exec(line) ?? []
    messages.push({ retained: retained === '1', topic, payload })
  })
  const events = <T extends EventType>(type: T): EventOf<T>[] => {
    const all = messages.filter((m) => m.topic.endsWith('/event')).map((m) => Event.parse(JSON.parse(m.payload)))
    return [...new Map(all.map((e) => [e.id, e])).values()].filter((e) => isEvent(e, type))
  }
  const lately = () => `heard:\n${messages.slice(-12).map((m) => `${m.topic} ${m.payload.slice(0, 200)}`).join('\n')}`
  const body = (m: Message) => JSON.parse(m.payload) as Body
  return {
    messages, events,
    async heard(topic, test, within = 15_000) {
      const find = () => messages.filter((m) => m.topic === `${TOPICS}/${topic}` && m.payload !== '').map(body).find(test)
      await until(() => find() !== undefined, within)
      const said = find()
      if (!said) throw new Error(`nothing like that on ${topic} within ${within} ms; ${lately()}`)
      return said
    },
    async event(type, test = () => true, within = 15_000) {
      await until(() => events(type).some(test), within)
      const event = events(type).find(test)
      if (!event) throw new Error(`no event ${type} like that within ${within} ms; ${lately()}`)
      return event
    },
  }
}
