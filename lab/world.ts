/**
 * The whole cluster in a lab: four hosts with daemon and name server, a broker with handlers, a mailbox, a client. And
 * how to break it.
 */
import path from 'node:path'
import type { Report } from './client.ts'
import { until } from './clock.ts'
import { passFile, writeCluster, type Cluster } from './cluster.ts'
import { openConsole, type Console } from './console.ts'
import { bestNameServer, startNameServer, type NameServer } from './name-server.ts'
import type { Lab } from './net.ts'
import { NAME, startProbe } from './probe.ts'
import type { Running } from './process.ts'

export const GROUP = 'testdns'
export const CHECK = 'named'
/** Served by the first host of the order, and by the last. */
export const ROUTERS = [
  { name: 'testdns0', vrid: 210, addresses: ['10.53.0.210', 'fd53::210'], order: 'forward' },
  { name: 'testdns1', vrid: 211, addresses: ['10.53.0.211', 'fd53::211'], order: 'reverse' },
] as const
export const HOSTS = ['recdns-cnh', 'recdns-wcdc', 'recdns-rnb', 'recdns-sby'] as const
const SERVICES = ROUTERS.flatMap((r) => [...r.addresses])
const PASS = 'secret12'

export interface Mail { readonly at: string; readonly subject: string; readonly text: string }

export interface World {
  readonly lab: Lab
  readonly console: Console
  readonly nameServer: NameServer
  readonly mails: readonly Mail[]
  /** As published last; `#` = out of service. */
  readonly order: readonly string[]
  readonly brokerUp: boolean
  daemonUp(host: string): boolean
  serverUp(host: string): boolean
  plugged(host: string): boolean
  /** Counts queries from now on. */
  mark(): Promise<number>
  report(): Promise<Report>

  killServer(host: string): Promise<void>
  startServer(host: string): Promise<void>
  /** SIGKILL: no goodbye. */
  killDaemon(host: string): Promise<void>
  startDaemon(host: string): void
  cut(host: string): void
  plug(host: string): void
  killBroker(): Promise<void>
  startBroker(): void
  publish(order: readonly string[]): void
}

/**
 * Resolves when both service addresses are answered by the hosts that stand first and last. `say` hears what is being
 * waited for.
 */
export async function createWorld(lab: Lab, say: (what: string) => void): Promise<World> {
  const nameServer = bestNameServer()
  say(`four name servers (${nameServer === 'named' ? 'named' : 'the built-in one'})`)
  const servers = new Map<string, Running>()
  const startServer = async (name: string) => {
    servers.set(name, await startNameServer(lab, lab.host(name), SERVICES, nameServer))
  }
  await Promise.all(HOSTS.map(startServer))

  say('a broker, handlers and a mailbox')
  const mails: Mail[] = []
  const sink = [process.execPath, path.join(import.meta.dirname, 'mail-sink.ts'), lab.ops.ipv4, '25']
  lab.start(lab.ops, sink, {
    log: path.join(lab.directory, 'mail-sink.log'),
    onLine: (line) => { if (line.startsWith('{')) mails.push(JSON.parse(line) as Mail) },
  })
  const cluster = write(lab)
  let broker = cluster.startBroker()
  const console = openConsole(lab, cluster)
  await console.ready()
  cluster.startHandlers()

  say('four daemons and a client')
  const daemons = new Map(HOSTS.map((name) => [name as string, cluster.startDaemon(lab.host(name))]))
  const probe = startProbe(lab, lab.client, SERVICES)
  const unplugged = new Set<string>()
  let order: readonly string[] = HOSTS
  const world: World = {
    lab, console, nameServer, mails, startServer, mark: probe.mark, report: probe.report,
    get order() { return order },
    get brokerUp() { return broker.alive },
    daemonUp: (host) => daemons.get(host)?.alive ?? false,
    serverUp: (host) => servers.get(host)?.alive ?? false,
    plugged: (host) => !unplugged.has(host),
    killServer: async (host) => servers.get(host)?.kill(),
    killDaemon: async (host) => daemons.get(host)?.kill(),
    startDaemon: (host) => { daemons.set(host, cluster.startDaemon(lab.host(host))) },
    cut(host) {
      unplugged.add(host)
      lab.cut(lab.host(host), 'carrier')
    },
    plug(host) {
      unplugged.delete(host)
      lab.plug(lab.host(host))
    },
    killBroker: () => broker.kill(),
    startBroker: () => { broker = cluster.startBroker() },
    publish(next) {
      order = next
      console.order(GROUP, next)
    },
  }
  say('the first election')
  await probe.mark()
  const served = await until(async () => {
    const report = await world.report()
    return answering(report, 'testdns0') === HOSTS[0] && answering(report, 'testdns1') === HOSTS[3]
  }, 30_000)
  if (!served) throw new Error(`nobody serves; the logs are in ${lab.directory}`)
  return world
}

/** Who gave the last answer at both addresses of a router; undefined when they differ, or nobody answers any more. */
export function answering(report: Report, router: (typeof ROUTERS)[number]['name']): string | undefined {
  const addresses = ROUTERS.find((r) => r.name === router)?.addresses ?? []
  const hosts = addresses.map((address) => {
    const all = Object.entries(report.addresses[address]?.hosts ?? {}).sort(([, a], [, b]) => b.last - a.last)
    const [name, served] = all[0] ?? []
    return served && report.until - served.last < 100 ? name : undefined
  })
  return hosts.every((h) => h === hosts[0]) ? hosts[0] : undefined
}

function write(lab: Lab): Cluster {
  const folder = 'cluster'
  return writeCluster(lab, folder, {
    pass: PASS,
    groups: {
      [GROUP]: {
        hosts: [...HOSTS],
        checks: [CHECK],
        defaults: { interface: 'eth0', version: 2, interval: 1, authentication: { pass: { file: passFile(lab, folder) } } },
        routers: Object.fromEntries(ROUTERS.map(({ name, vrid, addresses: [v4, v6], order }) =>
          [name, { vrid, order, addresses: [`${v4}/24`, `${v6}/64`] }])),
      },
    },
    checks: { [CHECK]: { dns: { server: '127.0.0.1', name: NAME, type: 'TXT' }, interval: 0.5, timeout: 0.4 } },
    handlers: {
      email: {
        to: ['hostmaster@understudy.example'], from: 'understudy@understudy.example', window: 1,
        smtp: { host: lab.ops.ipv4, port: 25, tls: 'off' },
      },
    },
  })
}
