/** From a cluster file to mails: everything but the broker is real. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig, type Config } from '../../contract/config.ts'
import { HandlersFault, startHandlers } from '../../handlers/main.ts'
import { brokerAccess, readSecret } from '../../handlers/secrets.ts'
import type { LinkOptions } from '../../link/link.ts'
import { createMemoryBroker, openMemoryLink } from '../../link/memory.ts'
import { until } from '../link/until.ts'
import { startRelay } from './relay.ts'
import { memoryLog, temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

function configOf(handlers: object): Config {
  const parsed = parseConfig(JSON.stringify({ cluster: 'cam', brokers: ['mqtt://192.0.2.1'], groups: {}, handlers }))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}
const email = (port: number) => ({
  to: ['a@example.org'],
  from: 'dns@example.org',
  smtp: { host: '127.0.0.1', port },
  window: 0.2,
})

test('named killed, 3 hosts, 2 routers, a broker that repeats everything: one mail, a line an event', async () => {
  using folder = temporaryFolder()
  await using relay = await startRelay()
  const broker = createMemoryBroker({ seed: 1 })
  broker.repeat(1)
  const files = { log: { file: join(folder.path, 'log') }, audit: { file: join(folder.path, 'audit') } }
  const openLink = (options: LinkOptions) => openMemoryLink(broker, options)
  const running = await startHandlers(configOf({ email: email(relay.port), ...files }), {
    stateDir: folder.path,
    log: memoryLog(),
    openLink,
  })
  const receipts = new Set<string>()
  const lan = openMemoryLink(broker, {
    clientId: 'daemons',
    session: 'clean',
    subscriptions: ['understudy/cam/receipt/+/+'],
    async receive({ topic, payload }) {
      for (const { upTo, missing } of JSON.parse(Buffer.from(payload).toString()).boots)
        if (missing.length === 0) receipts.add(`${topic.split('/').slice(3).join(' ')} ${upTo}`)
    },
  })
  try {
    await until('a connection', () => lan.brokers.every((b) => b.connected))
    const events = [
      change('backup>active active-failing', { host: 'dns2', at: 0.02 }),
      change('backup>active active-failing', { host: 'dns3', at: 0.021, router: 'testdns1' }),
      change('active>backup check-failed', { host: 'dns1', sequence: 1, data: { health: 'failed' } }),
      change('active>backup check-failed', { host: 'dns1', sequence: 2, router: 'testdns1', data: { health: 'failed' } }),
    ]
    for (const e of events)
      await lan.publish(`understudy/cam/host/${e.host}/event`, JSON.stringify(e), { retained: false, qos: 1 })
    const all = ['email', 'log', 'audit'].flatMap((h) => [`${h} dns1 2`, `${h} dns2 1`, `${h} dns3 1`])
    await until('receipts of all handlers', () => all.every((r) => receipts.has(r)))
  } finally {
    await lan.close()
    await running.stop()
  }
  expect(relay.mails.map((m) => m.header('Subject'))).toEqual([
    '[cam] dns2 serves testdns0 (dns1: check-failed); dns3 serves testdns1 (dns1: check-failed)',
  ])
  for (const { file } of Object.values(files)) expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBe(4)
})

const start = (config: Config, o: { only?: string; stateDir: string }) =>
  startHandlers(config, {
    ...o,
    log: memoryLog(),
    openLink: (options) => openMemoryLink(createMemoryBroker({ seed: 1 }), options),
  })

test('what keeps handlers from starting', async () => {
  using folder = temporaryFolder()
  const stateDir = folder.path
  const secret = { ...email(25), smtp: { host: '127.0.0.1', user: 'dns', password: { env: 'NOT_SET' } } }
  await expect(start(configOf({ email: secret }), { stateDir })).rejects.toThrow(
    'handlers.email: the environment variable NOT_SET is not set',
  )
  await expect(start(configOf({ log: {} }), { stateDir, only: 'email' })).rejects.toThrow(
    'there is no handler "email": configured are log',
  )
  await expect(start(configOf({}), { stateDir })).rejects.toThrow('handlers: the cluster file names no handler')
  const running = await start(configOf({ log: {} }), { stateDir })
  await expect(start(configOf({ log: {} }), { stateDir })).rejects.toThrow(
    /inbox\/log\.db: another process runs this handler with the same state directory/,
  )
  await running.stop()
  await (await start(configOf({ log: {} }), { stateDir })).stop()
})

test('a fault lists its problems', () => {
  expect(new HandlersFault(['a', 'b'])).toMatchObject({ problems: ['a', 'b'], message: 'a\nb' })
})

test('secrets: the first line of a file or a variable, `{name}` filled in', () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'email'), 'first\r\nsecond\n')
  const file = join(folder.path, '{name}')
  expect(readSecret({ file }, 'email', {})).toBe('first')
  expect(readSecret({ env: 'PASSWORD' }, 'email', { PASSWORD: 'x' })).toBe('x')
  expect(() => readSecret({ file }, 'log', {})).toThrow(/\/log cannot be read: ENOENT/)
  writeFileSync(join(folder.path, 'ca'), 'PEM\nPEM\n')
  expect(
    brokerAccess(
      [{ url: 'mqtts://192.0.2.1', user: 'handler-{name}', password: { file }, ca: join(folder.path, 'ca') }],
      'email',
      {},
    ),
  ).toEqual([{ url: 'mqtts://192.0.2.1', user: 'handler-email', password: 'first', ca: 'PEM\nPEM\n' }])
})
