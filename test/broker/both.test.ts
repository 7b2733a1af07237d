/** The rights of the table of topics hold on the embedded broker and on a Mosquitto with the files written for it. */
import { execFile } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashPassword, parseAccounts } from '../../broker/accounts.ts'
import { mosquittoConfiguration } from '../../broker/mosquitto/configuration.ts'
import type { Role } from '../../contract/topics.ts'
import { openLink } from '../../link/mqtt.ts'
import { until } from '../link/until.ts'
import { freePort, lacks, passwordFile, program, startMosquitto } from './mosquitto-process.ts'
import { brokerConfig, startBroker, temporaryDirectory } from './run.ts'

const roles: Record<string, Role> = { dns1: 'daemon', dns2: 'daemon', email: 'handler', anna: 'operator', tv: 'viewer' }
const passwordOf = (name: string) => `secret of ${name}`

interface Running { readonly port: number; readonly log: string[]; close(): Promise<void> }

async function embedded(directory: string): Promise<Running> {
  const file = join(directory, 'accounts.yaml')
  for (const [name, role] of Object.entries(roles)) {
    appendFileSync(file, `${name}: {role: ${role}, password: ${await hashPassword(passwordOf(name))}}\n`)
  }
  const running = await startBroker(brokerConfig(directory, `accounts: "${file}"`))
  return { port: running.ports[0] ?? 0, log: running.log, close: () => running.close() }
}

async function mosquitto(directory: string): Promise<Running> {
  const port = await freePort()
  const config = brokerConfig(directory, 'anonymous: never', `mqtt://127.0.0.1:${port}`)
  const files = mosquittoConfiguration(config, Object.entries(roles).map(([name, role]) => ({ name, role })), directory)
  passwordFile(join(directory, 'passwords'), Object.fromEntries(Object.keys(roles).map((name) => [name, passwordOf(name)])))
  writeFileSync(join(directory, 'acl'), files.accessList, { mode: 0o600 })
  const running = await startMosquitto(directory, port, files.configuration)
  return { port, log: [], close: () => running.stop() }
}

describe.each([
  { name: 'the embedded broker', start: embedded, skip: false },
  { name: 'Mosquitto', start: mosquitto, skip: lacks('mosquitto', 'mosquitto_passwd') },
])('on $name', { timeout: 30_000 }, ({ start, skip, name: kind }) => {
  if (skip) return test.skip('rights', () => {})
  const cleanups: (() => unknown)[] = []
  let broker: Running
  beforeEach(async () => {
    const directory = temporaryDirectory()
    cleanups.push(directory.remove)
    broker = await start(directory.path)
    cleanups.push(() => broker.close())
  })
  afterEach(async () => { for (const cleanup of cleanups.splice(0).toReversed()) await cleanup() })

  async function client(user: string | undefined, subscriptions: string[] = [], password = passwordOf(user ?? '')) {
    const heard: string[] = []
    const said: string[] = []
    const link = openLink({
      brokers: [{ url: `mqtt://127.0.0.1:${broker.port}`, ...(user === undefined ? {} : { user, password }) }],
      clientId: user ?? 'stranger', session: 'clean', subscriptions,
      async receive(m) { heard.push(`${m.topic}=${new TextDecoder().decode(m.payload)}${m.retained ? '*' : ''}`) },
      log: (_, text) => { said.push(text) },
    })
    cleanups.push(() => link.close())
    return { link, heard, said }
  }
  async function connected(user: string, subscriptions: string[] = []) {
    const c = await client(user, subscriptions)
    await until(`${user} is connected`, () => c.link.brokers[0]?.connected === true)
    return c
  }

  test('each writes as itself only; what another wrote in its name is dropped', async () => {
    const watcher = await connected('tv', ['t/#'])
    const [dns1, email, anna] = [await connected('dns1'), await connected('email'), await connected('anna')]
    const attempts = [
      [dns1, 't/host/dns2/availability', false], [dns1, 't/order/dns', false], [dns1, 't/receipt/email/dns1', false],
      [email, 't/host/email/event', false], [email, 't/receipt/log/dns1', false], [email, 't/dead-letter/log', false],
      [anna, 't/host/dns1/event', false], [watcher, 't/order/dns', false], [anna, 't/elsewhere', false],
      [dns1, 't/host/dns1/availability', true], [dns1, 't/host/dns1/router/v4', true], [dns1, 't/host/dns1/event', true],
      [email, 't/receipt/email/dns1', true], [email, 't/dead-letter/email', true],
      [anna, 't/order/dns', true], [anna, 't/maintenance/dns1', true],
    ] as const
    // Refused or not, it is acknowledged: nobody is thrown out, and nothing is sent again and again.
    for (const [who, topic, allowed] of attempts) {
      await who.link.publish(topic, allowed ? 'allowed' : 'forged', { retained: false, qos: 1 })
    }
    await until('the last one', () => watcher.heard.includes('t/maintenance/dns1=allowed'))
    const allowed = attempts.filter((attempt) => attempt[2]).map((attempt) => `${attempt[1]}=allowed`)
    expect(watcher.heard.toSorted()).toEqual(allowed.toSorted())
    if (kind !== 'Mosquitto') expect(broker.log.filter((line) => line.startsWith('dropped'))).toHaveLength(9)
  })

  test('an operator orders, every daemon hears it, whether it was there or comes later', async () => {
    const dns1 = await connected('dns1', ['t/order/dns'])
    const anna = await connected('anna')
    await anna.link.publish('t/order/dns', 'dns2\ndns1', { retained: true, qos: 1 })
    await until('the order', () => dns1.heard.length > 0)
    const dns2 = await connected('dns2', ['t/order/dns'])
    await until('the retained order', () => dns2.heard.length > 0)
    expect([dns1.heard, dns2.heard]).toEqual([['t/order/dns=dns2\ndns1'], ['t/order/dns=dns2\ndns1*']])
  })

  test('a daemon does not hear the events of other hosts', async () => {
    const spy = await connected('dns2', ['t/host/+/event', 't/order/dns'])
    const dns1 = await connected('dns1')
    await dns1.link.publish('t/host/dns1/event', 'secret', { retained: false, qos: 1 })
    await (await connected('anna')).link.publish('t/order/dns', 'dns1', { retained: false, qos: 1 })
    await until('the order', () => spy.heard.includes('t/order/dns=dns1'))
    expect(spy.heard).toEqual(['t/order/dns=dns1'])
    // Mosquitto 2.0 grants the subscription and never delivers.
    if (kind !== 'Mosquitto') {
      expect(spy.said.join('\n')).toContain('refused the subscription t/host/+/event: give the account dns2')
    }
  })

  test('a wrong password, an unknown name and no name are refused', async () => {
    const attempts = await Promise.all([client('anna', [], 'guess'), client('nobody', [], 'guess'), client('anna', [], '')])
    const stranger = await client(undefined)
    const all = [...attempts, stranger]
    await until('all were told', () => all.every((a) => a.said.some((line) => /not authorized|bad user/i.test(line))))
    expect(all.flatMap((a) => a.link.brokers.map((b) => b.connected))).toEqual([false, false, false, false])
  })

  test.skipIf(lacks('mosquitto_pub'))('an order published with mosquitto_pub as a bare list is retained', async () => {
    const pub = program('mosquitto_pub') ?? ''
    const to = ['-h', '127.0.0.1', '-p', String(broker.port), '-u', 'anna', '-P', passwordOf('anna'), '-V', 'mqttv311']
    await promisify(execFile)(pub, [...to, '-r', '-q', '1', '-t', 't/order/dns', '-m', 'dns2\ndns1\n#dns3'])
    const dns1 = await connected('dns1', ['t/order/dns'])
    await until('the order', () => dns1.heard.length > 0)
    expect(dns1.heard).toEqual(['t/order/dns=dns2\ndns1\n#dns3*'])
  })
})

test('the embedded broker reads changed accounts, and ends who is no longer welcome', { timeout: 30_000 }, async () => {
  const directory = temporaryDirectory()
  const running = await embedded(directory.path)
  const said: string[] = []
  const link = openLink({
    brokers: [{ url: `mqtt://127.0.0.1:${running.port}`, user: 'tv', password: passwordOf('tv') }],
    clientId: 'tv', session: 'clean', subscriptions: ['t/#'],
    receive: async () => {}, log: (_, text) => { said.push(text) },
  })
  try {
    await until('tv is connected', () => link.brokers[0]?.connected === true)
    const file = join(directory.path, 'accounts.yaml')
    writeFileSync(file, 'tv: {role: viewer}\n')
    const complaint = /the accounts stay as they were.*accounts\.yaml:1:1: tv\.password/
    await until('the broker complains', () => running.log.some((line) => complaint.test(line)))
    expect(link.brokers[0]?.connected).toBe(true)
    const without = `anna: {role: operator, password: ${await hashPassword('x')}}\n`
    expect(parseAccounts(without).ok).toBe(true)
    writeFileSync(file, without)
    await until('tv is out', () => link.brokers[0]?.connected === false)
    await until('and stays out', () => said.some((line) => /cannot connect.*(not authorized|bad user)/i.test(line)))
  } finally {
    await link.close()
    await running.close()
    directory.remove()
  }
})

test('a client whose will is not its to write is refused, with the reason in the log', { timeout: 30_000 }, async () => {
  const directory = temporaryDirectory()
  const running = await embedded(directory.path)
  const link = openLink({
    brokers: [{ url: `mqtt://127.0.0.1:${running.port}`, user: 'dns1', password: passwordOf('dns1') }],
    clientId: 'dns1', session: 'clean', subscriptions: [],
    receive: async () => {}, will: { topic: 't/host/dns2/availability', payload: 'offline' },
  })
  try {
    const reason = 'its will on t/host/dns2/availability is not its to write'
    await until('the reason', () => running.log.some((line) => line.includes(reason)))
    expect(link.brokers[0]?.connected).toBe(false)
  } finally {
    await link.close()
    await running.close()
    directory.remove()
  }
})
