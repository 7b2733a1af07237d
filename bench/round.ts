/** One round: a settled cluster, one thing that happens to it, and what the client saw. */
import type { Report } from '../lab/client.ts'
import { monotonic, sleep } from '../lab/clock.ts'
import { startNameServer, type NameServer } from '../lab/name-server.ts'
import type { Lab, Machine } from '../lab/net.ts'
import type { Probe } from '../lab/probe.ts'
import type { Running } from '../lab/process.ts'
import type { Sniffer } from '../lab/sniffer.ts'
import type { Tally } from '../lab/tally.ts'
import { HOSTS, SERVICE, type Case, type Contestant } from './case.ts'

/** All in milliseconds but `lost`. */
export interface Round {
  readonly outage4: number
  readonly outage6: number
  /** Questions without an answer, over both addresses. */
  readonly lost: number
  /** From what happened to the first answer of another host. */
  readonly moved4: number
  readonly moved6: number
  /** From what happened to the first gratuitous ARP and unsolicited NA of another host; undefined if nobody listened. */
  readonly announced4?: number
  readonly announced6?: number
  /** Was a service address on more than one host in the end? */
  readonly double: boolean
  /** How late the client itself was at worst. */
  readonly slip: number
  /** All the client saw, and when it happened, for whoever wonders about a figure. */
  readonly at: number
  readonly seen: Report['addresses']
  /** Is the lateness of the client too large for what is measured? */
  readonly blurred: boolean
}

export interface Bench {
  readonly lab: Lab
  readonly probe: Probe
  readonly servers: Map<string, Running>
  /** Undefined: there is no program to listen with. */
  readonly sniffer: Sniffer | undefined
  readonly nameServer: NameServer
}

/**
 * Milliseconds a host has been active before anything happens to it. Both products announce a second time five seconds after a
 * takeover; a host that has been active for hours has that behind it.
 */
const SETTLED = 5500

/** Or, in words, why there is nothing to tell. */
export async function playRound(
  bench: Bench, contestant: Contestant, what: Case, phase: number,
): Promise<Round | string> {
  const { lab, probe, sniffer } = bench
  await everythingWell(bench)
  const cluster = await contestant.start(lab, what.setting, HOSTS)
  try {
    const active = lab.host(HOSTS[0])
    if (!await settled(probe, active)) return `${active.name} did not become the only active host within ${PATIENCE / 1000} s`
    await sleep(SETTLED + phase * what.setting.interval * 1000)
    sniffer?.forget()
    await probe.mark()
    await sleep(300)
    const at = await what.happen({
      lab, cluster, active, order: HOSTS,
      nameServer: (host) => bench.servers.get(host.name) as Running,
    })
    const moved = await movedBy(probe, active, at, what.patience)
    await sleep(what.aftermath ?? 1000 + what.setting.interval * 1000) // it may move once more
    if (!moved) return 'nobody took over'
    return { ...read(await probe.report(), active, at, what, isDouble(lab)), ...announcedBy(sniffer, lab.mac(active), at) }
  } finally {
    await cluster.stop()
  }
}

/** Cables plugged, name servers running, no host with an address that is not its own. */
async function everythingWell({ lab, servers, nameServer }: Bench): Promise<void> {
  for (const host of lab.hosts) {
    lab.tidy(host)
    lab.plug(host)
  }
  for (const host of lab.hosts) {
    if (servers.get(host.name)?.alive) continue
    servers.set(host.name, await startNameServer(lab, host, [SERVICE.ipv4, SERVICE.ipv6], nameServer))
  }
}

/** Milliseconds for a cluster to become quiet. */
const PATIENCE = 30_000

async function settled(probe: Probe, active: Machine): Promise<boolean> {
  for (const end = monotonic() + PATIENCE; monotonic() < end;) {
    await probe.mark()
    await sleep(300)
    const { addresses } = await probe.report()
    const byItAlone = (t: Tally) => t.lost === 0 && t.answered > 100 && Object.keys(t.hosts).join() === active.name
    if (Object.values(addresses).every(byItAlone)) return true
  }
  return false
}

async function movedBy(probe: Probe, from: Machine, at: number, patience: number): Promise<boolean> {
  for (;;) {
    const { addresses } = await probe.report()
    if (Object.values(addresses).every((t) => Object.keys(t.hosts).some((host) => host !== from.name))) return true
    if (monotonic() > at + patience) return false
  }
}

/** Milliseconds until somebody else said that an address is his now. */
function announcedBy(sniffer: Sniffer | undefined, old: string, at: number): Pick<Round, 'announced4' | 'announced6'> {
  if (!sniffer) return {}
  const first = (address: string) =>
    (sniffer.announcements.find((a) => a.address === address && a.mac !== old && a.at >= at)?.at ?? Number.NaN) - at
  return { announced4: first(SERVICE.ipv4), announced6: first(SERVICE.ipv6) }
}

function isDouble(lab: Lab): boolean {
  const held = lab.hosts.flatMap((host) => lab.addresses(host))
  return [SERVICE.ipv4, SERVICE.ipv6].some((address) => held.filter((h) => h === address).length > 1)
}

function read(report: Report, active: Machine, at: number, { setting }: Case, double: boolean): Round {
  const v4 = report.addresses[SERVICE.ipv4], v6 = report.addresses[SERVICE.ipv6]
  const moved = (t: Tally | undefined) => {
    const others = Object.entries(t?.hosts ?? {}).filter(([host]) => host !== active.name)
    return Math.min(...others.map(([, served]) => served.first - at))
  }
  return {
    outage4: v4?.longest ?? 0, outage6: v6?.longest ?? 0,
    lost: (v4?.lost ?? 0) + (v6?.lost ?? 0),
    moved4: moved(v4), moved6: moved(v6), double,
    at, seen: report.addresses,
    slip: report.slip, blurred: report.slip > Math.max(15, 0.03 * setting.interval * 1000),
  }
}
