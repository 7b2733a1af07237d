/** A terminal and a broker for commands under test: nothing leaves the process, and time stands still. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { run } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { LinkOptions } from '../../link/link.ts'

export const FILE = `cluster: c
brokers: ['mqtt://192.0.2.10:1883']
groups:
  dns:
    hosts: [dns1, dns2, dns3]
    checks: [named]
    routers:
      resolver: {vrid: 53, interface: eth0, addresses: [192.0.2.53/24]}
checks:
  named: {dns: {name: example.org}}
`
const NOW = Date.parse('2026-01-31T12:00:00Z')

const folders = mkdtempSync(join(tmpdir(), 'understudy-cli-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

export function fileWith(text: string): string {
  const file = join(mkdtempSync(join(folders, 'file-')), 'cluster.yaml')
  writeFileSync(file, text)
  return file
}

export interface Stage {
  /** What the broker keeps, by topic. */
  readonly retained?: Readonly<Record<string, unknown>>
  /** What daemons answer to a publication. */
  readonly answer?: (topic: string, payload: string) => readonly (readonly [topic: string, body: unknown])[]
  /** URLs of brokers that refuse. */
  readonly down?: readonly string[]
  readonly secret?: string
  readonly hostname?: string
  readonly env?: Terminal['env']
}

export interface Played { readonly code: number; readonly out: string; readonly err: string; readonly published: readonly (readonly [string, string])[] }

export async function play(argv: readonly string[], stage: Stage = {}): Promise<Played> {
  const out: string[] = [], err: string[] = [], published: [string, string][] = []
  const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  const terminal: Terminal = {
    out: (text) => { out.push(text) }, err: (text) => { err.push(text) },
    colour: false, isTerminal: false, env: stage.env ?? {}, hostname: () => stage.hostname ?? 'dns1.example.org', now: () => NOW,
    askSecret: async () => stage.secret ?? '', stop: new AbortController().signal, quiet: 30,
    handOver: () => {},
    async openLink(o: LinkOptions) {
      const urls = o.brokers.map((b) => b.url), up = urls.filter((url) => !stage.down?.includes(url)), [broker = ''] = up
      queueMicrotask(async () => {
        for (const url of urls.filter((u) => !up.includes(u))) o.disconnected?.(url, 'connection refused')
        for (const url of up) {
          o.connected?.(url)
          for (const topic of o.subscriptions) {
            const body = stage.retained?.[topic]
            if (body !== undefined) await o.receive({ topic, payload: bytes(body), retained: true, broker: url })
          }
        }
      })
      return {
        brokers: urls.map((url) => ({ url, connected: up.includes(url) })),
        async publish(topic, payload) {
          published.push([topic, payload])
          for (const [t, body] of stage.answer?.(topic, payload) ?? []) void o.receive({ topic: t, payload: bytes(body), retained: false, broker })
        },
        async close() {},
      }
    },
  }
  const code = await run(argv, terminal)
  return { code, out: out.join('\n'), err: err.join('\n'), published }
}

export const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString()
const boot = (host: string) => `boot-${host}`
export const topic = (rest: string) => `understudy/c/${rest}`

export const online = (host: string) => ({ [topic(`host/${host}/availability`)]: { status: 'online', bootId: boot(host), at: at(7300) } })
export const offline = (host: string) => ({ [topic(`host/${host}/availability`)]: { status: 'offline', bootId: boot(host), at: at(60) } })
export const router = (host: string, o: { state: string; reason: string; priority: number; because: string; rank: number; health?: string; since?: number; refused?: object }) => ({
  [topic(`host/${host}/router/resolver`)]: {
    host, router: 'resolver', group: 'dns', state: o.state, since: at(o.since ?? 7200), reason: o.reason, priority: o.priority, because: o.because,
    rank: o.rank, inService: true, health: o.health ?? 'healthy', addresses: ['192.0.2.53/24'], bootId: boot(host), sequence: 3, at: at(20),
    ...(o.refused ? { refused: o.refused } : {}),
  },
})
export const check = (host: string, health: string, detail: string) => ({
  [topic(`host/${host}/check/named`)]: { host, check: 'named', health, last: { ok: health === 'healthy', tookMs: 1.4, detail }, since: at(7200), bootId: boot(host), at: at(10) },
})
export const result = (host: string, o: { revision?: number; refused?: string; hosts?: string[]; priority: number; rank: number }) => ({
  [topic(`host/${host}/order/dns`)]: {
    host, group: 'dns', result: o.refused === undefined ? 'applied' : 'rejected', reason: o.refused ?? '', ...(o.revision === undefined ? {} : { revision: o.revision }),
    hosts: (o.hosts ?? ['dns1', 'dns2', 'dns3']).map((h) => ({ host: h.replace('#', ''), inService: !h.startsWith('#') })),
    routers: { resolver: { rank: o.rank, priority: o.priority } }, bootId: boot(host), at: at(30),
  },
})

/** Three hosts: dns1 active, dns2 its backup, dns3 gone. */
export const ORDINARY: Readonly<Record<string, unknown>> = {
  ...online('dns1'), ...online('dns2'), ...offline('dns3'),
  ...router('dns1', { state: 'active', reason: 'nobody-active', priority: 250, because: 'healthy, place 1 of 3: 250 − 0 × 10', rank: 0 }),
  ...router('dns2', { state: 'backup', reason: 'started', priority: 240, because: 'healthy, place 2 of 3: 250 − 1 × 10', rank: 1 }),
  ...router('dns3', { state: 'active', reason: 'active-silent', priority: 230, because: 'healthy, place 3 of 3: 250 − 2 × 10', rank: 2, since: 90_061 }),
  ...check('dns1', 'healthy', '93.184.215.14'), ...check('dns2', 'healthy', '93.184.215.14'), ...check('dns3', 'healthy', '93.184.215.14'),
  ...result('dns1', { revision: 4, priority: 250, rank: 0 }), ...result('dns2', { revision: 4, priority: 240, rank: 1 }), ...result('dns3', { revision: 3, priority: 230, rank: 2 }),
  [topic('order/dns')]: { revision: 4, hosts: ['dns1', 'dns2', 'dns3'], by: 'ann' },
}
