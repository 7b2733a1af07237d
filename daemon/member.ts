/** One virtual router on this host: its settings, its socket, its state. */
import { familyOf, type Address, type Family, type Prefixed } from '../contract/address.ts'
import type { GroupConfig, RouterConfig } from '../contract/config.ts'
import type { Reason } from '../contract/events.ts'
import type { Instant, WallTime } from '../contract/time.ts'
import type { Params, State } from './core/election.ts'
import { standing, type Health, type Standing } from './core/priority.ts'
import { countRejects, type Rejects } from './core/rejects.ts'
import type { Why } from './core/election.ts'
import { placeOf, type Order } from '../contract/order.ts'
import type { AdvertSocket } from './ports.ts'
import type { Authentication } from './wire/advertisement.ts'
import { prepareExpected, type Expected } from './wire/match.ts'

export interface Member {
  readonly config: RouterConfig
  readonly group: GroupConfig
  /** On this host; may differ from the cluster file's interface. */
  readonly interface: string
  /** The family the election runs over; addresses of the other one follow it. */
  readonly family: Family
  /** What is advertised: the addresses of that family. */
  readonly advertised: readonly Address[]
  readonly authentication: Authentication
  readonly expected: Expected
  readonly rejects: Rejects
  socket: AdvertSocket | undefined
  params: Params
  standing: Standing
  state: State
  /** Why and since when it is in its visible state. */
  reason: Reason
  since: WallTime
  active: Address | undefined
  /** When the lifetime of the addresses was last renewed. */
  renewedAt: Instant
}

export function createMember(o: {
  readonly config: RouterConfig; readonly group: GroupConfig; readonly interface: string; readonly host: string
  readonly order: Order; readonly health: Health; readonly password: Uint8Array | undefined; readonly now: Instant; readonly wall: WallTime
}): Member {
  const { config } = o
  const ofFamily = (family: Family) => config.addresses.filter((a) => familyOf(a.address) === family).map((a) => a.address)
  const family: Family = ofFamily(4).length > 0 ? 4 : 6
  const authentication: Authentication = o.password ? { type: 'pass', password: o.password } : { type: 'none' }
  const own = standingOf(o, o.order, o.health, 'started')
  return {
    config, group: o.group, interface: o.interface, family, authentication,
    advertised: ofFamily(family),
    expected: prepareExpected({ version: config.version, addresses: ofFamily(family), interval: config.interval, authentication }),
    rejects: countRejects(),
    socket: undefined,
    standing: own,
    params: {
      ...tuned(own), interval: config.interval, version: config.version, preempt: config.preempt, primary: family === 4 ? 0 : 0n, missed: 3,
      announce: config.announce,
    },
    state: { at: 'initialize' }, reason: 'started', since: o.wall, active: undefined, renewedAt: o.now,
  }
}

/** Where the host stands in this router, by order and health. */
export function standingOf(
  m: { readonly config: RouterConfig; readonly group: GroupConfig; readonly host: string }, order: Order, health: Health, cause: Why,
): Standing {
  const place = placeOf(m.host, order, m.config.order) ?? { rank: m.group.hosts.length - 1, inService: false, foremost: false }
  return standing(m.group.bands, place, health, m.group.hosts.length, cause)
}

export const tuned = ({ priority, cause, rank, foremost, bandFloor }: Standing) => ({ priority, cause, rank, foremost, bandFloor })

/** Eight bytes for VRRPv2's authentication field, padded with NUL (RFC 2338 §5.3.10). */
export function passwordBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(8)
  bytes.set(new TextEncoder().encode(text).subarray(0, 8))
  return bytes
}

export const addressesOf = (m: Member): readonly Prefixed[] => m.config.addresses
