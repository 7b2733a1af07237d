/** Composition root: builds the adapters, starts the loop, stops it cleanly. The only file of the room that reads process.*. */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Address } from '../contract/address.ts'
import type { BrokerConfig, Config, GroupConfig, RouterConfig, Secret } from '../contract/config.ts'
import { firstOrder } from '../contract/order.ts'
import { openAddresses } from './io/addresses.ts'
import { openClock } from './io/clock.ts'
import { openLinkMonitor } from './io/link-monitor.ts'
import { startProbe } from './io/probes/probe.ts'
import { createSockets } from './io/sockets.ts'
import { createMembers, passwordBytes, type Member } from './member.ts'
import type { Log } from './ports.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { createSteering } from './steering.ts'
import { createStory, type Story } from './story.ts'
import { loadOrder } from './uplink/orders.ts'
import { openUplink } from './uplink/uplink.ts'

/** How often an unusable interface is looked at again, and how often check results are repeated. */
const RETRY_MS = 1000, HEARTBEAT_MS = 30_000
export const VERSION = '0.1.0'
/** Exit codes: a clean stop, and "cannot start" (no rights, no secret, an interface that is none). */
const OK = 0, CANNOT_START = 3

export interface DaemonOptions {
  readonly config: Config
  readonly host: string
  readonly stateDir: string
  readonly log: Log
}

export async function runDaemon({ config, host, stateDir, log }: DaemonOptions): Promise<number> {
  const groups = config.groups.filter((g) => g.hosts.includes(host))
  const secrets = readSecrets(config, groups, host)
  if (!secrets.ok) {
    for (const problem of secrets.problems) log.error({}, problem)
    return CANNOT_START
  }
  const bootId = randomUUID()
  mkdirSync(stateDir, { recursive: true })
  const previous = takeBootMark(stateDir, bootId)
  const orders = new Map(groups.map((g) => [g.name, loadOrder(stateDir, g.name, g.hosts, (why) => log.warn({}, why)) ?? firstOrder(g.hosts)]))

  let addresses: ReturnType<typeof openAddresses>
  try {
    addresses = openAddresses(log)
  } catch (error) {
    log.error({ error: String(error) }, 'cannot change addresses: run as root, or grant CAP_NET_ADMIN and CAP_NET_RAW')
    return CANNOT_START
  }
  let runtime: Runtime, story: Story
  const clock = openClock(() => runtime.packetsSeen())
  const uplink = openUplink({
    cluster: config.cluster, topicRoot: config.topicRoot, host, bootId, brokers: secrets.brokers, stateDirectory: stateDir,
    requiredHandlers: config.requiredHandlers, groups: groups.map((g) => ({ name: g.name, hosts: g.hosts, order: orders.get(g.name) ?? firstOrder(g.hosts) })),
  }, log)
  const steering = createSteering({ host, config, orders, runtime: () => runtime, story: () => story, wall: clock.wall, log })
  story = createStory({ host, bootId, uplink, log, wall: clock.wall, healthOf: steering.healthOf })

  const interfaceOf = (r: RouterConfig) => config.hosts[host]?.interface ?? r.interface
  const members: Member[] = groups.flatMap((group) => group.routers.flatMap((router) => createMembers({
    config: router, group, interface: interfaceOf(router), host, order: steering.orderOf(group.name), health: steering.healthOf({ group }),
    password: secrets.passwords.get(router.name), now: clock.now(), wall: clock.wall(),
  })))
  runtime = createRuntime({ members, clock, addresses, story, log })
  const links = openLinkMonitor(addresses.inventory, log)
  const sockets = createSockets({
    inventory: addresses.inventory, serviceAddresses: new Set<Address>(members.flatMap((m) => m.addresses.map((a) => a.address))),
    receive: runtime.receive, log,
  })

  // What a killed predecessor left behind is not ours yet.
  for (const m of members) addresses.release(m.interface, m.addresses)
  story.tell({ type: 'daemon.started', data: { reason: 'started', planned: true, impact: 'none', version: VERSION, routers: members.map((m) => m.name) } })
  if (previous !== undefined) {
    log.warn({ previous }, 'the last run did not end cleanly')
    story.tell({ type: 'daemon.recovered', data: { reason: 'unclean-exit', planned: false, impact: 'degraded', previousBootId: previous } })
  }

  const waiting = new Map<Member, string>()
  function start(m: Member): void {
    if (m.state.at !== 'initialize') return
    const why = ready(m)
    if (why === undefined) {
      waiting.delete(m)
      return runtime.input(m, { is: 'startup' })
    }
    if (waiting.get(m) !== why) log.warn({ router: m.name }, `not taking part yet: ${why}`)
    waiting.set(m, why)
  }
  /** Opens the socket; says why not. */
  function ready(m: Member): string | undefined {
    if (!links.state(m.interface).usable) return `interface ${m.interface} is down or absent`
    try {
      const own = m.config.unicast?.peers[host]
      const socket = sockets.open(m.interface, m.family, m.config.unicast && own !== undefined ? { ...m.config.unicast, own } : undefined)
      if (typeof socket === 'string') return socket
      m.socket = socket
      m.params = { ...m.params, primary: socket.source }
      return undefined
    } catch (error) {
      return `no VRRP socket on ${m.interface}: ${String(error)}`
    }
  }

  links.watch({
    changed(link) {
      const there = members.filter((m) => m.interface === link.name)
      if (there.length === 0) return
      log.warn({ interface: link.name }, `interface ${link.name} is ${link.usable ? 'usable again' : 'down'}`)
      if (!link.usable) {
        for (const m of there) runtime.input(m, { is: 'lost', why: 'interface-down' })
        sockets.forget(link.name)
      } else for (const m of there) start(m)
    },
    removed: (name, address) => runtime.reconcile(
      members.filter((m) => m.interface === name && m.addresses.some((a) => a.address === address))),
    overrun: () => runtime.reconcile(members),
  })

  uplink.receive(steering.down)
  const probed = new Set(groups.flatMap((g) => g.checks))
  const probes = config.checks.filter((c) => probed.has(c.name)).map((check) => startProbe(check, (r) => steering.result(check, r)))
  for (const m of members) start(m)
  for (const m of members) story.show(m)
  const retry = setInterval(() => [...waiting.keys()].forEach(start), RETRY_MS)
  const heartbeat = setInterval(() => {
    steering.tick()
    runtime.reconcile(members)
  }, HEARTBEAT_MS)
  log.info({ host, bootId, routers: members.map((m) => m.name) }, `understudy ${VERSION} on ${host}`)

  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const s of ['SIGTERM', 'SIGINT'] as const) process.once(s, resolve)
  })
  log.info({ signal }, 'stopping: handing over first')
  clearInterval(retry)
  clearInterval(heartbeat)
  for (const p of probes) p.stop()
  story.tell({ type: 'daemon.stopping', data: { reason: 'stopped', planned: true, impact: 'none' } })
  await runtime.stop()
  await uplink.close()
  rmSync(join(stateDir, 'running'), { force: true })
  links.close()
  sockets.close()
  addresses.close()
  return OK
}

/** Marks this run; returns the boot id of the last one if it did not end cleanly. */
function takeBootMark(stateDir: string, bootId: string): string | undefined {
  const file = join(stateDir, 'running')
  const previous = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  writeFileSync(file, `${bootId}\n`)
  return previous
}

function readSecrets(config: Config, groups: readonly GroupConfig[], host: string) {
  const problems: string[] = []
  const passwords = new Map<string, Uint8Array>()
  for (const router of groups.flatMap((g) => g.routers)) {
    const text = router.password && secret(router.password, host, `the password of router ${router.name}`, problems)
    if (text === undefined) continue
    if (new TextEncoder().encode(text).length > 8) problems.push(`the password of router ${router.name} is longer than the 8 bytes that VRRPv2 carries: shorten it on every host`)
    passwords.set(router.name, passwordBytes(text))
  }
  const brokers = config.brokers.map((b) => broker(b, host, problems))
  return problems.length > 0 ? { ok: false as const, problems } : { ok: true as const, passwords, brokers }
}

function broker(b: BrokerConfig, host: string, problems: string[]) {
  const password = b.password && secret(b.password, host, `the password for ${b.url}`, problems)
  return {
    url: b.url,
    ...(b.user === undefined ? {} : { user: b.user.replaceAll('{name}', host) }),
    ...(password === undefined ? {} : { password }),
    ...(b.ca === undefined ? {} : { ca: fileText(b.ca, `the authority of ${b.url}`, problems) ?? '' }),
  }
}

function secret(s: Secret, host: string, what: string, problems: string[]): string | undefined {
  if ('file' in s) return fileText(s.file.replaceAll('{name}', host), what, problems)?.split('\n')[0]?.trim()
  const text = process.env[s.env]
  if (text === undefined) problems.push(`${what}: the environment has no ${s.env}`)
  return text
}

function fileText(file: string, what: string, problems: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
