/** Composition root: builds the adapters, starts the loop, reloads, stops cleanly. The only file of the room that reads process.*. */
import { randomUUID } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Address } from '../contract/address.ts'
import type { Config, GroupConfig } from '../contract/config.ts'
import { firstOrder, type Order } from '../contract/order.ts'
import { err, ok, type Result } from '../contract/result.ts'
import { after, type Ms } from '../contract/time.ts'
import { VERSION } from '../contract/version.ts'
import { openAddresses } from './io/addresses.ts'
import { openClock } from './io/clock.ts'
import { openLinkMonitor } from './io/link-monitor.ts'
import { createMacvlans, type Macvlans } from './io/macvlan.ts'
import { openNetlink, type Netlink } from './io/netlink.ts'
import { onlyOne } from './io/only-one.ts'
import { startProbe } from './io/probes/probe.ts'
import { runInRealTime } from './io/realtime.ts'
import { createSockets } from './io/sockets.ts'
import { createFlightRecorder } from './flight.ts'
import { adopt, createMembers, type Member } from './member.ts'
import { createParticipation } from './participation.ts'
import type { Log } from './ports.ts'
import { createRecord } from './record.ts'
import { rehearse } from './rehearsal.ts'
import { planReload } from './reload.ts'
import { createRivals } from './rivals.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { readSecrets, type Secrets } from './secrets.ts'
import { createSplitWatch } from './split.ts'
import { createSteering, type Steering } from './steering.ts'
import { createStory, type Story } from './story.ts'
import { interfacesOf } from './tracking.ts'
import { openUplink, reopenable } from './uplink/uplink.ts'
import { together } from './witness.ts'

/** How often waiting routers are looked at again, how often addresses are compared, how often check results are repeated. */
const RETRY_MS = 1000, RECONCILE_MS = 5000, HEARTBEAT_MS = 30_000
/** Exit codes: a clean stop, and "cannot start" (no rights, no secret). */
const OK = 0, CANNOT_START = 3

/** What the command line and the cluster file say, read and checked by another process: this one never stops to parse. */
export interface Reading {
  readonly config: Config
  readonly host: string
  readonly stateDir: string
  /** Every input of the election goes there, as JSON lines. */
  readonly recordFile?: string | undefined
  /** The last order of each group, as it was stored, and why one could not be had. */
  readonly orders: ReadonlyMap<string, Order>
  readonly complaints: readonly string[]
}
export interface DaemonOptions {
  readonly first: Reading
  /** After SIGHUP; or every problem. */
  readAgain(): Promise<Result<Reading, readonly string[]>>
  readonly log: Log
}

export async function runDaemon({ first, readAgain, log }: DaemonOptions): Promise<number> {
  const { host, stateDir, recordFile } = first
  let { config } = first
  const neededInterfaces = () => new Set(ours(config).flatMap((g) => interfacesOf(g, config, host)))
  const ours = (c: Config) => c.groups.filter((g) => g.hosts.includes(host))
  const read = readSecrets(config, ours(config), host, process.env)
  if (!read.ok) {
    for (const problem of read.error) log.error({}, problem)
    return CANNOT_START
  }
  let secrets = read.value
  let netlink: Netlink, macvlans: Macvlans, addresses: ReturnType<typeof openAddresses>
  try {
    netlink = openNetlink()
    macvlans = createMacvlans(netlink, log)
    addresses = openAddresses(netlink, macvlans, log)
  } catch (error) {
    log.error({ error: String(error) }, 'cannot change addresses: run as root, or grant CAP_NET_ADMIN and CAP_NET_RAW')
    return CANNOT_START
  }
  const alone = await onlyOne(config.cluster)
  if (!alone) {
    log.error({}, `another daemon of the cluster ${config.cluster} runs on this host: stop it first, or send it SIGHUP if the cluster file has changed`)
    return CANNOT_START
  }
  runInRealTime(config.realtime, log)
  const bootId = randomUUID()
  mkdirSync(stateDir, { recursive: true })
  const previous = takeBootMark(stateDir, bootId)
  for (const why of first.complaints) log.warn({}, why)

  let runtime: Runtime, story: Story, steering: Steering
  const later = (wait: Ms, run: () => void) => void setTimeout(run, wait)
  const clock = openClock({ packetsSeen: () => runtime.packetsSeen(), drain: () => sockets.drain() })
  const connect = () => openUplink({
    cluster: config.cluster, topicRoot: config.topicRoot, host, bootId, brokers: secrets.brokers, stateDirectory: stateDir,
    requiredHandlers: config.requiredHandlers,
    flightBytes: config.recorder.mostBytes,
    groups: ours(config).map((g) => ({ name: g.name, hosts: g.hosts, routers: runtime?.members.filter((m) => m.group.name === g.name).map((m) => m.name) ?? g.routers.map((r) => r.name), order: steering?.published(g.name) ?? first.orders.get(g.name) ?? firstOrder(g.hosts) })),
  }, log)
  const uplink = reopenable(connect)
  steering = createSteering({
    host, config, orders: first.orders, runtime: () => runtime, story: () => story, wall: clock.wall, log,
    later, peer: (router, name, state) => split.published(router, name, state),
    noticed: (text) => witness?.noticed?.(text, clock.now()),
  })
  story = createStory({ host, bootId, uplink, log, wall: clock.wall, healthOf: steering.healthOf })

  const build = (c: Config, s: Secrets): Member[] => ours(c).flatMap((group) => group.routers.flatMap((router) => createMembers({
    config: router, group, interface: c.hosts[host]?.interface ?? router.interface, host, order: steering.orderOf(group.name),
    health: steering.healthOf({ group }), password: s.passwords.get(router.name), now: clock.now(), wall: clock.wall(),
  })))
  const members = build(config, secrets)
  const serviceAddresses = new Set<Address>(members.flatMap((m) => m.addresses.map((a) => a.address)))
  const split = createSplitWatch({ split: (m, two, detail) => story.split(m, two, detail) })
  const record = recordFile === undefined ? undefined : createWriteStream(recordFile)
  record?.on('error', (error) => log.error({ error: String(error) }, `cannot write ${recordFile}`))
  const witness = together([
    ...(config.recorder.span > 0 ? [createFlightRecorder({ span: config.recorder.span, host, now: clock.now, wall: clock.wall, later, keep: uplink.keep })] : []),
    ...(record ? [createRecord((line) => void record.write(line))] : []),
  ])
  runtime = createRuntime({ members, clock, addresses, story, log, witness, split, refused: (m) => participation.refused(m) })
  const links = openLinkMonitor(netlink.inventory, log)
  const sockets = createSockets({ inventory: netlink.inventory, serviceAddresses, receive: runtime.receive, log })
  const rivals = createRivals({ inventory: netlink.inventory, split, log })
  const participation = createParticipation({
    host, macvlans, runtime, links, sockets, log, from: after(clock.now(), config.startDelay), now: clock.now, takesPart: steering.takesPart,
  })

  // What a killed predecessor left behind is not ours yet.
  for (const m of members) addresses.release(m.carrier, m.addresses)
  warnOfOwners(members, host, log)
  story.tell({ type: 'daemon.started', data: { reason: 'started', planned: true, impact: 'none', version: VERSION, routers: members.map((m) => m.name) } })
  if (previous !== undefined) {
    log.warn({ previous }, 'the last run did not end cleanly')
    story.tell({ type: 'daemon.recovered', data: { reason: 'unclean-exit', planned: false, impact: 'degraded', previousBootId: previous } })
  }
  links.watch({
    changed(link) {
      if (!link.usable) rivals.forget(link.name)
      participation.changed(link.name, link.usable)
      steering.link(link.name, link.usable)
    },
    removed(name, address) {
      participation.renumbered(name, address)
      const bereft = runtime.members.filter((m) => m.carrier === name && m.addresses.some((a) => a.address === address))
      // A service address that goes with a host's own one is told of first: to put it back would make it the subnet's own.
      noticeSources(bereft)
      runtime.reconcile(bereft)
    },
    readdressed(name) {
      rivals.forget(name)
      addresses.forgetMac(name)
      for (const m of runtime.members) if (m.carrier === name && m.state.at === 'active') addresses.announce(name, m.addresses, m.config.announce)
    },
    overrun() {
      story.notificationsLost()
      noticeSources(runtime.members)
      runtime.reconcile(runtime.members)
    },
  })
  uplink.receive((d) => runtime.between(() => steering.down(d)))
  const probes = new Map<string, { readonly identity: string; stop(): void }>()
  startProbes()
  for (const name of neededInterfaces()) if (!links.state(name).usable) steering.link(name, false)
  for (const m of firstOfEachFamily(build(config, secrets))) rehearse(m, addresses, netlink.isLocal)
  globalThis.gc?.() // what the start has left behind, while nobody waits: some milliseconds of work
  for (const m of members) participation.start(m)
  for (const m of members) story.show(m)
  log.info({ host, bootId, routers: members.map((m) => m.name) }, `understudy ${VERSION} on ${host}`)

  const every = (periodMs: number, chore: () => void) => setInterval(() => runtime.between(chore), periodMs)
  const timers = [
    every(RETRY_MS, () => {
      participation.retry()
      rivals.tick(runtime.members, clock.now())
      split.tick(runtime.members, clock.now())
    }),
    every(RECONCILE_MS, () => runtime.reconcile(runtime.members)),
    every(HEARTBEAT_MS, steering.tick),
  ]
  let reloading = Promise.resolve(), stopping = false
  process.on('SIGHUP', () => {
    reloading = reloading.then(reload)
  })
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const s of ['SIGTERM', 'SIGINT'] as const) process.once(s, resolve)
  })
  stopping = true
  log.info({ signal }, 'stopping: handing over first')
  for (const t of timers) clearInterval(t)
  for (const p of probes.values()) p.stop()
  story.tell({ type: 'daemon.stopping', data: { reason: 'stopped', planned: true, impact: 'none' } })
  await runtime.stop(runtime.members)
  witness?.ended?.()
  await uplink.close()
  rmSync(join(stateDir, 'running'), { force: true })
  links.close()
  rivals.close()
  sockets.close()
  addresses.close()
  macvlans.close()
  netlink.close()
  alone.release()
  return OK

  /** Who finds that the address it sends from is gone goes on from another one. */
  function noticeSources(some: readonly Member[]): void {
    for (const name of new Set(some.map((m) => m.interface))) {
      const present = addresses.present(name)
      const sources = new Set(some.flatMap((m) => (m.interface === name && m.socket ? [m.socket.source] : [])))
      for (const source of sources) if (!present.has(source)) participation.renumbered(name, source)
    }
  }

  function startProbes(): void {
    const wanted = new Set(ours(config).flatMap((g) => g.checks))
    for (const [name, p] of probes) {
      const still = config.checks.find((c) => c.name === name && wanted.has(name))
      if (still && JSON.stringify(still, bigints) === p.identity) wanted.delete(name)
      else {
        p.stop()
        probes.delete(name)
      }
    }
    for (const check of config.checks.filter((c) => wanted.has(c.name))) {
      probes.set(check.name, { identity: JSON.stringify(check, bigints), ...startProbe(check, (r) => steering.result(check, r)) })
    }
  }

  /** Everything is checked before anything is changed. */
  async function reload(): Promise<void> {
    const next = await readWithSecrets()
    if (stopping) return
    if (!next.ok) {
      for (const problem of next.error) log.error({}, problem)
      log.error({}, 'reload refused, nothing changed')
      return story.tell({ type: 'config.rejected', data: { reason: 'config-refused', planned: false, impact: 'none', problems: next.error.slice(0, 100) } })
    }
    const before = { config, secrets }
    config = next.value.config
    secrets = next.value.secrets
    const plan = planReload(runtime.members, build(config, secrets))
    for (const { old, fresh } of plan.keep) adopt(old, fresh)
    for (const m of plan.end) participation.forget(m)
    await runtime.stop(plan.end)
    serviceAddresses.clear()
    runtime.replace([...plan.keep.map((k) => k.old), ...plan.begin])
    for (const m of runtime.members) for (const a of m.addresses) serviceAddresses.add(a.address)
    steering.reconfigure(config)
    for (const name of neededInterfaces()) steering.link(name, links.state(name).usable)
    startProbes()
    for (const m of plan.begin) participation.start(m)
    if (reaches(before.config, before.secrets, host) !== reaches(config, secrets, host)) await uplink.reopen()
    const names = (ms: readonly Member[]) => ms.map((m) => m.name)
    const restarted = names(plan.begin), ended = names(plan.end).filter((n) => !restarted.includes(n)), kept = plan.keep.map((k) => k.old.name)
    log.info({ kept, restarted, ended }, 'the changed cluster file is in force')
    story.tell({ type: 'config.reloaded', data: { reason: 'reloaded', planned: true, impact: 'none', kept, restarted, ended } })
  }

  async function readWithSecrets(): Promise<Result<{ readonly config: Config; readonly secrets: Secrets }, readonly string[]>> {
    const again = await readAgain()
    if (!again.ok) return again
    const { config: changed } = again.value
    const s = readSecrets(changed, ours(changed), host, process.env)
    return s.ok ? ok({ config: changed, secrets: s.value }) : err(s.error)
  }
}

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

const firstOfEachFamily = (members: readonly Member[]) => members.filter((m, i) => members.findIndex((o) => o.family === m.family) === i)

/** What the uplink was opened with, to tell whether it must be opened anew. */
const reaches = (c: Config, s: Secrets, host: string): string => JSON.stringify(
  [c.cluster, c.topicRoot, s.brokers, c.requiredHandlers, c.groups.filter((g: GroupConfig) => g.hosts.includes(host)).map((g) => [g.name, g.hosts])])

function warnOfOwners(members: readonly Member[], host: string, log: Log): void {
  for (const m of members) {
    if (m.config.owner === host) log.warn({ router: m.name }, `${m.name}: owner, priority 255 while healthy: no order moves its addresses away from this host`)
  }
}

/** Marks this run; returns the boot id of the last one if it did not end cleanly. */
function takeBootMark(stateDir: string, bootId: string): string | undefined {
  const file = join(stateDir, 'running')
  const previous = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  writeFileSync(file, `${bootId}\n`)
  return previous
}
