/** What a user notices of a running broker: listeners, sessions, the end. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type IClientOptions } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { runBroker } from '../../broker/main.ts'
import { hashPassword } from '../../broker/accounts.ts'
import { SqlitePersistence } from '../../broker/persistence.ts'
import { openLink } from '../../link/mqtt.ts'
import { until } from '../link/until.ts'
import { selfSigned } from './certificate.ts'
import { brokerConfig, type LoggedBroker } from './run.ts'
import { broker, client, directory, later } from './stage.ts'

describe('listeners', { timeout: 30_000 }, () => {
  test.each(['mqtt', 'mqtts', 'ws', 'wss'])('%s', async (protocol) => {
    const path = directory()
    const { certificate, key } = selfSigned()
    writeFileSync(join(path, 'cert.pem'), certificate)
    writeFileSync(join(path, 'key.pem'), key)
    const tls = `tls: {certificate: "${join(path, 'cert.pem')}", key: "${join(path, 'key.pem')}"}`
    const b = await broker(path, `anonymous: loopback, ${tls}`, `${protocol}://127.0.0.1:0`)
    expect(b.urls[0]).toBe(`${protocol}://127.0.0.1:${b.ports[0]}`)
    const heard: string[] = []
    const link = openLink({
      brokers: [{ url: b.urls[0] ?? '', ca: certificate }], clientId: 'c', session: 'kept', subscriptions: ['t/e'],
      receive: async (m) => { heard.push(new TextDecoder().decode(m.payload)) },
    })
    later(() => link.close())
    await until('it is connected', () => link.brokers[0]?.connected === true)
    await link.publish('t/e', 'x'.repeat(100_000), { retained: false, qos: 1 })
    await until('the message', () => heard.length > 0)
    expect(heard[0]?.length).toBe(100_000)
  })

  test('a client does not trust a certificate nobody it knows has signed', async () => {
    const path = directory()
    const { certificate, key } = selfSigned()
    writeFileSync(join(path, 'cert.pem'), certificate)
    writeFileSync(join(path, 'key.pem'), key)
    const tls = `tls: {certificate: "${join(path, 'cert.pem')}", key: "${join(path, 'key.pem')}"}`
    const b = await broker(path, `anonymous: loopback, ${tls}`, 'mqtts://127.0.0.1:0')
    const downs: string[] = []
    const link = openLink({
      brokers: [{ url: b.urls[0] ?? '' }], clientId: 'c', session: 'kept', subscriptions: [], receive: async () => {},
      disconnected: (_, why) => { downs.push(why) },
    })
    later(() => link.close())
    await until('it was told', () => downs.length > 0)
    expect(downs[0]).toMatch(/self-signed certificate/)
  })

  test('a port that is taken: says so, and leaves nothing running', async () => {
    const b = await broker()
    const path = directory()
    await expect(broker(path, 'anonymous: loopback', b.urls[0])).rejects
      .toThrow(`cannot listen on ${b.urls[0]}: another program does already`)
    // The store is free again.
    await broker(path)
  })

  test('bad accounts: every mistake with its line, and nothing is started', async () => {
    const path = directory()
    writeFileSync(join(path, 'accounts'), 'anna: {role: boss}\n')
    await expect(broker(path, `accounts: "${join(path, 'accounts')}"`)).rejects
      .toThrow(/accounts:1:1: anna\.role: want daemon, handler, operator, viewer\n.*accounts:1:1: anna\.password/)
    expect(existsSync(join(path, 'broker.db'))).toBe(false)
  })
})

describe('sessions', { timeout: 30_000 }, () => {
  async function withAccounts(): Promise<LoggedBroker> {
    const path = directory()
    const daemon = `{role: daemon, password: ${await hashPassword('x')}}`
    writeFileSync(join(path, 'accounts'), `dns1: ${daemon}\ndns2: ${daemon}\n`)
    return broker(path, `accounts: "${join(path, 'accounts')}"`)
  }
  const as = (username: string, o: IClientOptions = {}): IClientOptions => ({ username, password: 'x', ...o })

  test('nobody takes over, ends or empties the session of another account by using its client id', async () => {
    const b = await withAccounts()
    const daemon = await client(b, 'daemon', as('dns1', { clean: false }))
    await daemon.subscribeAsync('t/receipt/+/dns1', { qos: 1 })
    let thrownOut = false
    daemon.on('close', () => { thrownOut = true })
    const intruder = await client(b, 'daemon', as('dns2', { clean: true }))
    await intruder.publishAsync('t/host/dns2/event', 'x', { qos: 1 })
    expect(thrownOut).toBe(false)
    await intruder.endAsync()
    await daemon.endAsync()
    const again = await client(b, 'daemon', as('dns1', { clean: false }))
    expect((again as unknown as { connackPacket?: { sessionPresent: boolean } }).connackPacket?.sessionPresent).toBe(true)
  })

  test('a refused subscription queues nothing, also when it came with one that was granted', async () => {
    const b = await withAccounts()
    const daemon = await client(b, 'daemon', as('dns1', { clean: false }))
    await daemon.subscribeAsync(['t/host/dns2/event', 't/host/dns2/availability'], { qos: 1 }).catch(() => {})
    const other = await client(b, 'other', as('dns2'))
    await other.publishAsync('t/host/dns2/event', 'secret', { qos: 1 })
    await other.publishAsync('t/host/dns2/availability', 'online', { qos: 1 })
    await until('what was granted', () => daemon.heard.length > 0)
    await daemon.endAsync()
    await other.publishAsync('t/host/dns2/event', 'secret', { qos: 1 })
    await b.close()
    const store = new SqlitePersistence(join(b.path, 'broker.db'), { queuedMessages: 10 })
    try {
      const queued: unknown[] = []
      for await (const packet of store.outgoingStream({ id: 'dns1/daemon' })) queued.push(packet)
      expect(queued).toEqual([])
      const kept = await store.subscriptionsByClient({ id: 'dns1/daemon' })
      expect(kept.map((s) => s.topic)).toEqual(['t/host/dns2/availability'])
    } finally {
      await store.destroy()
    }
  })
})

test('a signal closes it, and closing twice is no mistake', async () => {
  const stop = new AbortController()
  const running = await runBroker(brokerConfig(directory()), { log: () => {}, signal: stop.signal })
  later(() => running.close())
  let closed = false
  const c = await connectAsync(running.urls[0] ?? '', { clientId: 'c', reconnectPeriod: 0 })
  c.on('close', () => { closed = true })
  stop.abort()
  await until('its clients are gone', () => closed)
  await running.close()
  await running.close()
})
