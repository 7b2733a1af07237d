/** The commands over a real broker and the real link: what the twins of the other tests promise is so. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runBroker, type RunningBroker } from '../../broker/main.ts'
import { run } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { parseConfig, type Config } from '../../contract/config.ts'
import type { Link } from '../../link/link.ts'
import { openLink } from '../../link/mqtt.ts'
import { FILE, fileWith, ORDINARY, result, topic } from './stage.ts'

let broker: RunningBroker, daemons: Link, file: string

beforeAll(async () => {
  const store = join(mkdtempSync(join(tmpdir(), 'understudy-cli-broker-')), 'broker.db')
  const settings = `broker: {listen: ['mqtt://127.0.0.1:0'], store: ${store}, anonymous: loopback}\n`
  const parsed = parseConfig(FILE + settings)
  broker = await runBroker((parsed.ok ? parsed.value : undefined) as Config, { log: () => {} })
  file = fileWith(FILE.replace('mqtt://192.0.2.10:1883', broker.urls[0] ?? ''))
  const ready = Promise.withResolvers<void>()
  // Stands for the daemons of dns1 and dns2: they say how things are, and answer an order.
  daemons = openLink({
    brokers: [{ url: broker.urls[0] ?? '' }], clientId: 'daemons', session: 'clean', subscriptions: [topic('order/dns')], connected: () => ready.resolve(),
    async receive({ retained, payload }) {
      if (retained) return
      const { revision } = JSON.parse(new TextDecoder().decode(payload)) as { revision: number }
      for (const [host, rank, priority] of [['dns1', 1, 240], ['dns2', 0, 250]] as const) {
        for (const [t, body] of Object.entries(result(host, { revision, rank, priority, hosts: ['dns2', 'dns1', '#dns3'] }))) await tell(t, body)
      }
    },
  })
  await ready.promise
  for (const [t, body] of Object.entries(ORDINARY)) if (!t.includes('/order/dns') || t.includes('/host/')) await tell(t, body)
})
const tell = (t: string, body: unknown) => daemons.publish(t, JSON.stringify(body), { retained: true, qos: 1 })

afterAll(async () => {
  await daemons.close()
  await broker.close()
})

async function play(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [], err: string[] = []
  const terminal: Terminal = {
    out: (text) => { out.push(text) }, err: (text) => { err.push(text) }, colour: false, isTerminal: false, env: {}, hostname: () => 'dns1',
    now: Date.now, askSecret: async () => '', openLink: async (o) => openLink(o), stop: new AbortController().signal, quiet: 400, handOver: () => {},
  }
  return { code: await run([...argv, '-c', file], terminal), out: out.join('\n'), err: err.join('\n') }
}

test('status, an order, and what came of it', async () => {
  const before = await play('status')
  expect([before.code, before.err]).toEqual([1, ''])
  expect(before.out).toMatch(/^resolver {2}dns1 {2}active/m)
  expect(before.out).toMatch(/dns3 {2}stale \(was active\)/)

  const set = await play('order', 'set', 'dns', 'dns2', 'dns1', '--wait', '5')
  expect(set.out).toMatch(/^revision 5: dns2, dns1, #dns3$/m)
  expect(set.out).toMatch(/^dns1 {2}applied +resolver 240$/m)
  expect(set.code).toBe(0)

  const shown = await play('order', 'show', 'dns')
  expect(shown.out).toMatch(/^published: dns2, dns1, #dns3, revision 5, by operator$/m)
  expect(shown.out).toMatch(/^dns2 {2}applied +dns2, dns1, #dns3 +resolver 250$/m)
  expect(shown.code).toBe(0)

  expect((await play('why', 'resolver')).out).toContain('dns1 is active.')
}, 20_000)
