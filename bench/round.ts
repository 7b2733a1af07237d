/** One round: a settled cluster, one thing that happens to it, and what the client, the wire and the kernels saw. */
import type { Report } from '../lab/client.ts'
import { monotonic, sleep, until } from '../lab/clock.ts'
import { shared, type Change, type Holders } from '../lab/holders.ts'
import { startNameServer, type NameServer } from '../lab/name-server.ts'
import type { Lab, Machine } from '../lab/net.ts'
import type { Probe } from '../lab/probe.ts'
import type { Running } from '../lab/process.ts'
import type { Sniffer } from '../lab/sniffer.ts'
import type { Tally } from '../lab/tally.ts'
import { HOSTS, SERVICE, type Case, type Contestant, type Setting, type Special, type Stage } from './case.ts'

/** All in milliseconds but `lost`. */
export interface Round extends Special {
  readonly outage4: number
  readonly outage6: number
  /** Questions without an answer, over both addresses. */
  readonly lost: number
  /** From what happened to the first answer of another host. Infinite if no other host had to answer. */
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
  readonly holders: Holders
  readonly servers: Map<string, Running>
  /** Undefined: there is no program to listen with. */
  readonly sniffer: Sniffer | undefined
  readonly nameServer: NameServer
}

/**
 * Milliseconds a host has been active before anything happens to it. Both products announce a second time five seconds
 * after a takeover; a host that has been active for hours has that behind it.
 */
const SETTLED = 5500

/** Or, in words, why there is nothing to tell. */
export async function playRound(
  bench: Bench, contestant: Contestant, what: Case, phase: number,
): Promise<Round | string> {
  const { lab, probe, sniffer, holders } = bench
  await everythingWell(bench)
  const cluster = await contestant.start(lab, what.setting, HOSTS)
  try {
    const stage = (active: Machine): Stage => ({
      lab, cluster, active, order: HOSTS,
      nameServer: (host) => bench.servers.get(host.name) as Running,
      startNameServer: (host) => serve(bench, host),
    })
    const first = lab.host(HOSTS[0])
    if (!await settled(probe, first)) return unsettled(first)
    const active = await what.prepare?.(stage(first)) ?? first
    if (active !== first && !await settled(probe, active)) return unsettled(active)
    sniffer?.forget()
    await sleep(SETTLED)
    holders.refresh()
    await probe.mark()
    await sleep(300)
    await moment(sniffer, lab.mac(active), phase, what.setting)

    const { at, over } = await what.happen(stage(active))
    over?.catch(() => {}) // it is waited for below, unless the round fails before
    const done = what.stays
      ? await until(() => ADDRESSES.every((a) => back(holders.journal, a, at) !== undefined), what.patience)
      : await movedBy(probe, active, at, what.patience)
    await sleep(what.aftermath ?? 1000 + what.setting.interval * 1000) // it may move once more
    if (!done) return what.stays ? 'the addresses did not come back' : 'nobody took over'
    if (holders.journal.some((change) => change.at > monotonic() - CALM)) return 'the election did not come to an end'

    const all = {
      ...sharing(holders, at, await over), ...aboveBound(sniffer, lab.mac(active), at, what.setting),
      back4: back(holders.journal, SERVICE.ipv4, at), back6: back(holders.journal, SERVICE.ipv6, at),
    }
    return {
      ...read(await probe.report(), active, at, what, isDouble(lab)), ...announcedBy(sniffer, lab.mac(active), at),
      ...Object.fromEntries((what.special ?? []).map((key) => [key, all[key]])),
    }
  } finally {
    await cluster.stop()
  }
}

/**
 * `phase` of an interval after an advertisement, as the wire told the times of the last ones: how long a crash lasts depends
 * on it, and both products are to meet the same.
 */
async function moment(sniffer: Sniffer | undefined, active: string, phase: number, setting: Setting): Promise<void> {
  const interval = setting.interval * 1000, now = monotonic()
  const last = sniffer?.advertisements.findLast((a) => a.family === 4 && a.mac === active)?.at ?? now
  await sleep(last + (Math.ceil((now - last) / interval) + phase) * interval - now)
}

const ADDRESSES = [SERVICE.ipv4, SERVICE.ipv6]
/** Milliseconds at the end of a round in which no address may come or go. */
const CALM = 500

/** Cables plugged, name servers running, no host with an address that is not its own. */
async function everythingWell(bench: Bench): Promise<void> {
  for (const host of bench.lab.hosts) {
    bench.lab.tidy(host)
    bench.lab.plug(host)
  }
  for (const host of bench.lab.hosts) if (!bench.servers.get(host.name)?.alive) await serve(bench, host)
}

async function serve({ lab, servers, nameServer }: Bench, host: Machine): Promise<void> {
  servers.set(host.name, await startNameServer(lab, host, ADDRESSES, nameServer))
}

/** Milliseconds for a cluster to become quiet. */
const PATIENCE = 30_000
const unsettled = (host: Machine) => `${host.name} did not become the only active host within ${PATIENCE / 1000} s`

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

/** By the advertisements over IPv4, which both products send. Nothing without those of both hosts. */
function aboveBound(
  sniffer: Sniffer | undefined, old: string, at: number, { version, interval }: Setting,
): Pick<Special, 'above'> {
  const heard = sniffer?.advertisements.filter((a) => a.family === 4) ?? []
  const next = heard.find((a) => a.mac !== old && a.at >= at)
  const last = heard.findLast((a) => a.mac === old && a.at < (next?.at ?? 0))
  const announced = sniffer?.announcements.find((a) => a.address === SERVICE.ipv4 && a.mac === next?.mac && a.at >= at)
  if (!next || !last || !announced) return {}
  const skew = ((256 - next.priority) / 256) * (version === 2 ? 1 : interval) // RFC 3768 §6.1, RFC 9568 §6.1
  return { above: announced.at - last.at - (3 * interval + skew) * 1000 }
}

/** Of both addresses the longer time. */
function sharing({ journal }: Holders, at: number, over: number | undefined): Pick<Special, 'shared' | 'sharedAfter'> {
  const since = (from: number) => Math.max(...ADDRESSES.map((address) => shared(journal, address, from, monotonic())))
  return { shared: since(at), ...(over === undefined ? {} : { sharedAfter: since(over) }) }
}

/** Milliseconds from the removal of an address after `at` to its return; undefined as long as there was not both. */
function back(journal: readonly Change[], address: string, at: number): number | undefined {
  const later = journal.filter((change) => change.address === address && change.at >= at)
  const gone = later.findIndex((change) => !change.held)
  const again = gone < 0 ? undefined : later.slice(gone).find((change) => change.held)
  return again && again.at - (later[gone]?.at ?? 0)
}

function isDouble(lab: Lab): boolean {
  const held = lab.hosts.flatMap((host) => lab.addresses(host))
  return ADDRESSES.some((address) => held.filter((h) => h === address).length > 1)
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
