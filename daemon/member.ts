/** One virtual router on this host: its settings, its socket, its state. */
import { familyOf, type Address, type Family } from '../contract/address.ts'
import type { GroupConfig, RouterConfig, ServiceAddress } from '../contract/config.ts'
import type { Reason } from '../contract/events.ts'
import type { Instant, WallTime } from '../contract/time.ts'
import type { Advert, Params, State } from './core/election.ts'
import { standing, type Health, type Standing } from './core/priority.ts'
import { countRejects, type Rejects } from './core/rejects.ts'
import type { Why } from './core/election.ts'
import { placeOf, type Order } from '../contract/order.ts'
import { macvlanName, type AdvertSocket } from './ports.ts'
import type { Authentication, Datagram } from './wire/advertisement.ts'
import { prepareExpected, type Expected } from './wire/match.ts'

export interface Member {
  /** The router's name; with an election for each family, the name and the family. */
  readonly name: string
  config: RouterConfig
  group: GroupConfig
  /** On this host; may differ from the cluster file's interface. */
  readonly interface: string
  /** Where the addresses are: the interface, or with `mac: virtual` a macvlan on it. */
  readonly carrier: string
  /** The family the election runs over; addresses of the other one follow it. */
  readonly family: Family
  /** What this election moves: every address of the router, or those of one family. */
  readonly addresses: readonly ServiceAddress[]
  /** Elections with the same bond step in together. */
  readonly bond: string | undefined
  /** What is advertised: the addresses of the election's family. */
  readonly advertised: readonly Address[]
  readonly authentication: Authentication
  /** Unicast: the other hosts; undefined: multicast. */
  readonly peers: ReadonlySet<Address> | undefined
  readonly expected: Expected
  readonly rejects: Rejects
  /** The good packet heard last. */
  good: { readonly datagram: Datagram; readonly advert: Advert } | undefined
  socket: AdvertSocket | undefined
  /** Sends from the virtual MAC address, where there is one. */
  sender: AdvertSocket | undefined
  /** The advertisements last sent. */
  outgoing: { readonly priority: number; readonly socket: AdvertSocket; readonly packets: readonly Datagram[] } | undefined
  params: Params
  /** When its state, or `partsAt`, wants the next tick; infinite: never. */
  due: number
  /** Until then it keeps addresses that another host has taken over. */
  partsAt: Instant | undefined
  standing: Standing
  state: State
  /** Why and since when it is in its visible state. */
  reason: Reason
  since: WallTime
  active: Address | undefined
  /** When the lifetime of the addresses was last renewed. */
  renewedAt: Instant
}

export interface MemberSetup {
  readonly config: RouterConfig; readonly group: GroupConfig; readonly interface: string; readonly host: string
  readonly order: Order; readonly health: Health; readonly password: Uint8Array | undefined; readonly now: Instant; readonly wall: WallTime
}

/** One election for the router, or one for each of its families. */
export function createMembers(o: MemberSetup): Member[] {
  const families = ([4, 6] as const).filter((f) => o.config.addresses.some((a) => familyOf(a.address) === f))
  if (o.config.election === 'shared' || families.length < 2) return [createMember(o, families[0] ?? 4, o.config.addresses, o.config.name)]
  return families.map((f) => createMember(o, f, o.config.addresses.filter((a) => familyOf(a.address) === f), `${o.config.name}-ipv${f}`))
}

function createMember(o: MemberSetup, family: Family, addresses: readonly ServiceAddress[], name: string): Member {
  const { config, group } = o
  const peers = config.unicast && Object.entries(config.unicast.peers).filter(([host]) => host !== o.host).map(([, address]) => address)
  const own = standingOf(o, o.order, o.health, 'started')
  const authentication: Authentication = o.password ? { type: 'pass', password: o.password } : { type: 'none' }
  const advertised = addresses.filter((a) => a.advertise && familyOf(a.address) === family).map((a) => a.address)
  return {
    name, config, group, family, addresses, advertised, authentication, interface: o.interface,
    carrier: config.mac === 'virtual' ? macvlanName(o.interface, family, config.vrid) : o.interface,
    bond: group.together ? `group ${group.name}` : name === config.name ? undefined : `router ${config.name}`,
    peers: peers && new Set(peers),
    expected: prepareExpected({ version: config.version, addresses: advertised, interval: config.interval, authentication }),
    rejects: countRejects(),
    good: undefined,
    socket: undefined,
    sender: undefined,
    outgoing: undefined,
    standing: own,
    params: {
      ...tuned(own), interval: config.interval, inStep: false, version: config.version, preempt: config.preempt, preemptDelay: config.preemptDelay,
      missed: config.missed, primary: family === 4 ? 0 : 0n, announce: config.announce,
    },
    state: { at: 'initialize' }, due: Infinity, partsAt: undefined, reason: 'started', since: o.wall, active: undefined, renewedAt: o.now,
  }
}

/** A running router takes over what neither other hosts nor the kernel see. */
export function adopt(old: Member, { config, group, params: { preempt, preemptDelay, missed, announce } }: Member): void {
  old.config = config
  old.group = group
  old.params = { ...old.params, preempt, preemptDelay, missed, announce }
}

/** Where the host stands in this router, by order and health. */
export function standingOf(
  m: { readonly config: RouterConfig; readonly group: GroupConfig; readonly host: string }, order: Order, health: Health, cause: Why,
): Standing {
  const place = placeOf(m.host, order, m.config.order) ?? { rank: m.group.hosts.length - 1, inService: false, foremost: false }
  const own = standing(m.group.bands, place, health, m.group.hosts.length, cause)
  const owner = m.config.owner === m.host && place.inService && health === 'healthy'
  return owner ? { ...own, priority: 255, foremost: true, because: 'owner of the addresses (RFC 9568 §1.7)' } : own
}

export const tuned = ({ priority, cause, rank, foremost, bandFloor }: Standing) => ({ priority, cause, rank, foremost, bandFloor })
