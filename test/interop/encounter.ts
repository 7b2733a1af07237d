/**
 * An Understudy and a keepalived in one virtual router on two hosts, and what can happen to them. The tests look at what
 * must be so; `bench/interop.ts` prints what was measured.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { monotonic, until } from '../../lab/clock.ts'
import type { Instant } from '../../contract/time.ts'
import { createLab, type Lab, type Machine } from '../../lab/net.ts'
import type { Running } from '../../lab/process.ts'
import { createBroker, type Broker } from '../system/broker.ts'
import { ROUTER, SERVICE, groupOf, startDaemon, writeCluster, type Service } from '../system/cluster.ts'
import { watchHolders, type Holders } from '../system/holders.ts'
import { found } from '../system/needs.ts'

/** Host names, and whose it is. */
export const OURS = 'ours', THEIRS = 'theirs'
export type Side = typeof OURS | typeof THEIRS
/** What Understudy gives its first host, and keepalived's priorities above and below it. */
const ABOVE = 254, BELOW = 100

export interface Setting {
  readonly version: 2 | 3
  readonly family: 4 | 6
  /** Seconds. */
  readonly interval: number
  readonly pass?: string
  /** Each sends to the other alone. */
  readonly unicast?: true
  /** Understudy's way to take over from a worse host; `fast` where nothing is said. keepalived knows one: the RFC's. */
  readonly preempt?: 'rfc'
  readonly higher: Side
}

export const describeSetting = ({ version, family, interval, pass, unicast, preempt }: Omit<Setting, 'higher'>) => [
  `VRRPv${version}`, `IPv${family}`, ...(version === 2 ? [pass === undefined ? 'no password' : 'PASS'] : []),
  ...(unicast ? ['unicast'] : []), ...(preempt ? [`preempt: ${preempt}`] : []), `${interval} s`,
].join(', ')

/** What a host sends from and hears at, in the family of the election. */
const ownAddress = (host: Machine, family: 4 | 6) => (family === 4 ? host.ipv4 : host.ipv6)

export interface Encounter {
  readonly lab: Lab
  readonly holders: Holders
  /** The address the election is about. */
  readonly address: string
  /** All service addresses. */
  readonly addresses: readonly string[]
  readonly host: Record<Side, Machine>
  /** Mosquitto; Understudy alone is connected to it. */
  readonly broker: Broker
  /** Resolves when it takes part in the election. */
  start(side: Side): Promise<void>
  /** The process of that side; absent until it was started. */
  daemon(side: Side): Service | Running
  /** Resolves when Understudy can hear orders. */
  connected(): Promise<void>
  /** Resolves when that side alone has held every address for `calm` ms, to when that began. */
  holds(side: Side, o?: { within?: number; calm?: number }): Promise<number>
  close(): void
}

export async function meet(setting: Setting): Promise<Encounter> {
  const lab = createLab([OURS, THEIRS])
  try {
    const holders = await watchHolders(lab)
    const host = { [OURS]: lab.host(OURS), [THEIRS]: lab.host(THEIRS) }
    const addresses = addressesOf(setting).map((a) => a.split('/')[0] ?? '')
    const broker = createBroker(lab, 'mosquitto')
    await broker.start()
    const cluster = writeCluster(lab, { ...clusterFile(lab, setting), ...broker.settings })
    const running: { ours?: Service; theirs?: Running } = {}
    return {
      lab, holders, host, broker, addresses, address: addresses[0] ?? '',
      async start(side) {
        if (side === OURS) {
          running.ours = startDaemon(lab, host.ours, cluster)
          await running.ours.said(/^testdns0: initialize/)
        } else {
          running.theirs = startKeepalived(lab, host.theirs, setting)
          const started = await until(() => /BACKUP STATE/.test(keepalivedLog(lab)), 10_000)
          if (!started) throw new Error(`keepalived did not start:\n${keepalivedLog(lab)}`)
        }
      },
      daemon(side) {
        const daemon = running[side]
        if (!daemon) throw new Error(`${side} was not started`)
        return daemon
      },
      async connected() { await running.ours?.said(/^connected$/) },
      async holds(side, o) { return Math.max(...await Promise.all(addresses.map((a) => holders.settled(a, [side], o)))) },
      close: () => lab.close(),
    }
  } catch (e) {
    lab.close()
    throw e
  }
}

/** Version 2 and version 3 over IPv4 carry the IPv6 address along; over IPv6 there is no IPv4 address at all. */
const addressesOf = (setting: Setting): readonly string[] =>
  setting.family === 4 ? [`${SERVICE.ipv4}/24`, `${SERVICE.ipv6}/64`] : [`${SERVICE.ipv6}/64`]

function clusterFile(lab: Lab, { pass, ...setting }: Setting): object {
  const secret = path.join(lab.directory, 'pass')
  writeFileSync(secret, `${pass}\n`)
  const authentication = pass === undefined ? {} : { authentication: { pass: { file: secret } } }
  const options = {
    version: setting.version, interval: setting.interval, ...authentication,
    ...(setting.preempt === undefined ? {} : { preempt: setting.preempt }),
    ...(setting.unicast ? { unicast: { peers: Object.fromEntries(lab.hosts.map((h) => [h.name, ownAddress(h, setting.family)])) } } : {}),
  }
  // The other host is a member, so that an order can put it first; it is not of our kind.
  const group = groupOf([OURS, THEIRS], options, { routers: { [ROUTER]: { vrid: 210, addresses: addressesOf(setting) } } })
  return { cluster: 'test', groups: { dns: group } }
}

/** As an operator would write it: BACKUP, so that priorities decide; the other family's address is not advertised. */
function startKeepalived(lab: Lab, host: Machine, { version, family, interval, pass, unicast, higher }: Setting): Running {
  const [first = '', ...others] = addressesOf({ version, family, interval, higher })
  const own = (ending: string) => path.join(lab.directory, `keepalived.${ending}`)
  const block = (keyword: string, addresses: readonly string[]) =>
    (addresses.length > 0 ? `  ${keyword} {\n    ${addresses.join('\n    ')}\n  }` : '')
  writeFileSync(own('conf'), `global_defs {
  router_id ${host.name}
  vrrp_version ${version}
}
vrrp_instance ${ROUTER} {
  state BACKUP
  interface eth0
  virtual_router_id 210
  priority ${higher === THEIRS ? ABOVE : BELOW}
  advert_int ${interval}
${pass === undefined ? '' : `  authentication {\n    auth_type PASS\n    auth_pass ${pass}\n  }`}
${unicast ? `  unicast_src_ip ${ownAddress(host, family)}\n${block('unicast_peer', [ownAddress(lab.host(OURS), family)])}` : ''}
${block('virtual_ipaddress', [first])}
${block('virtual_ipaddress_excluded', others)}
}
`)
  for (const ending of ['pid', 'vrrp-pid', 'log']) rmSync(own(ending), { force: true }) // as /run is empty after a boot
  // In the foreground, VRRP alone, everything it does in the log; files of its own, since several share one machine here.
  const words = ['-n', '-l', '-D', '-P', '-f', own('conf'), '-p', own('pid'), '-r', own('vrrp-pid')]
  return lab.start(host, [found('keepalived'), ...words], { log: own('log') })
}

const keepalivedLog = (lab: Lab) => readFileSync(path.join(lab.directory, 'keepalived.log'), 'utf8')

/** In milliseconds from the deed. */
export interface Outcome {
  /** Until one host alone held the addresses, the one that should. */
  readonly moved: number
  /** Longest time in which nobody within reach held the address. */
  readonly outage: number
}

export const other = (side: Side): Side => (side === OURS ? THEIRS : OURS)
/** What the slowest election may take: four intervals and a skew, and a machine that is busy with other things. */
export const patience = ({ interval }: Setting) => 5000 * interval + 8000
/** So long nothing changes hands any more once it has settled. */
const calm = ({ interval }: Setting) => Math.max(150, 1200 * interval)

/** What can happen, in an order in which it can be played. After each, one host holds the addresses. */
export const cases = {
  async elect(e: Encounter, s: Setting): Promise<Outcome> {
    await e.start(OURS)
    await e.start(THEIRS)
    const at = monotonic()
    const settled = await e.holds(s.higher, { within: patience(s), calm: Math.max(calm(s), 4000 * s.interval) })
    return { moved: Math.max(0, settled - at), outage: 0 } // nobody has missed it yet
  },
  async crash(e: Encounter, s: Setting): Promise<Outcome> {
    const at = e.lab.crash(e.host[s.higher])
    await e.holds(other(s.higher), { within: patience(s), calm: calm(s) })
    return lose(e, s, at)
  },
  async return(e: Encounter, s: Setting): Promise<Outcome> {
    e.lab.plug(e.host[s.higher])
    await e.start(s.higher)
    return measure(e, s, monotonic(), s.higher)
  },
  /** Only Understudy takes orders: out of service, its priority is below that of any keepalived. */
  async order(e: Encounter, s: Setting): Promise<Outcome> {
    await e.connected()
    const at = monotonic()
    e.broker.order(`#${OURS}\n${THEIRS}`)
    return measure(e, s, at, THEIRS)
  },
  async orderBack(e: Encounter, s: Setting): Promise<Outcome> {
    const at = monotonic()
    e.broker.order(`${OURS}\n${THEIRS}`)
    return measure(e, s, at, OURS)
  },
  /** A host behind a cut cable keeps the addresses, and nobody is told that the cable is cut. */
  async cut(e: Encounter, s: Setting): Promise<Outcome> {
    return lose(e, s, e.lab.cut(e.host[s.higher]))
  },
  async plug(e: Encounter, s: Setting): Promise<Outcome> {
    return measure(e, s, e.lab.plug(e.host[s.higher]), s.higher)
  },
  async stop(e: Encounter, s: Setting): Promise<Outcome> {
    const at = monotonic()
    e.daemon(s.higher).signal('SIGTERM')
    const outcome = await measure(e, s, at, other(s.higher))
    await e.daemon(s.higher).ended
    return outcome
  },
} as const
export type CaseName = keyof typeof cases
/** Those that can be played with a setting. */
export const casesFor = (s: Setting): readonly CaseName[] =>
  (Object.keys(cases) as CaseName[]).filter((name) => s.higher === OURS || (name !== 'order' && name !== 'orderBack'))

/** The better one is out of reach. */
async function lose(e: Encounter, s: Setting, at: Instant): Promise<Outcome> {
  const host = other(s.higher)
  const taken = await Promise.all(e.addresses.map((address) =>
    e.holders.change({ host, address, held: true }, at, patience(s))))
  return { moved: Math.max(...taken) - at, outage: e.holders.gap(e.address, at, s.higher) }
}

async function measure(e: Encounter, s: Setting, at: Instant, side: Side): Promise<Outcome> {
  const settled = await e.holds(side, { within: patience(s), calm: calm(s) })
  return { moved: Math.max(0, settled - at), outage: e.holders.gap(e.address, at) }
}
