/**
 * VRRP advertisements of both versions: bytes ⇄ values. Pure: no socket, clock, config or log here.
 * The receive checks follow RFC 9568 §7.1, cheapest first; what needs our configuration is in match.ts.
 */
import type { Address, Family } from '../../contract/address.ts'
import type { Result } from '../../contract/result.ts'
import type { Ms } from '../../contract/time.ts'
import { sameBytes } from './bytes.ts'
import { type Reject, type Rejected, rejected } from './reject.ts'
import { decode2, encode2 } from './vrrp2.ts'
import { decode3, encode3 } from './vrrp3.ts'

export type { Reject, Rejected }

/** Whom advertisements go to (RFC 9568 §5.1.1.2, §5.1.2.2). */
export const GROUP: Readonly<Record<Family, Address>> = { 4: 0xe000_0012, 6: 0xff02_0000_0000_0000_0000_0000_0000_0012n }

/** One IP datagram with its header taken off; `payload` is cut to the length in the IP header: no Ethernet padding. */
export interface Datagram {
  readonly family: Family
  readonly src: Address
  readonly dst: Address
  /** TTL or hop limit, 0–255. */
  readonly hopLimit: number
  readonly payload: Uint8Array
}

/** The same packet, sent again. */
export const sameDatagram = (a: Datagram, b: Datagram): boolean =>
  a === b || (a.src === b.src && a.dst === b.dst && a.hopLimit === b.hopLimit && sameBytes(a.payload, b.payload))

/** RFC 3768 has no authentication any more; keepalived still sends RFC 2338's PASS. */
export type Authentication =
  | { readonly type: 'none' }
  /** 8 bytes, padded with NUL on the right. Goes over the network in the clear: guards against mistakes, not attackers. */
  | { readonly type: 'pass'; readonly password: Uint8Array }

export interface Advertisement {
  readonly version: 2 | 3
  /** Virtual Router ID, 1–255 (§5.2.3). */
  readonly vrid: number
  /** 1–254; 255 = address owner; 0 = "I am leaving" (§5.2.4). */
  readonly priority: number
  /** v3: Max Advertise Interval, 10–40,950 ms in steps of 10 (§5.2.7). v2: 1–255 whole seconds. */
  readonly interval: Ms
  /** 1–255 virtual addresses of the datagram's family, in the sender's order (§5.2.9). */
  readonly addresses: readonly Address[]
  /** Always `none` in version 3. */
  readonly authentication: Authentication
}

/** A v3 sender over IPv4 sums a pseudo-header too (RFC 5798; keepalived, FRR) or the message alone (RFC 9568 §5.2.8). */
export type ChecksumReading = 'rfc5798' | 'rfc9568'

/** Bytes the two versions share at the front of every message. */
const HEADER = 8
const ADVERTISEMENT = 1

/** Any bytes are safe: this returns, it never throws. `leastHopLimit` is 255 but for unicast peers behind a router. */
export function decode(d: Datagram, leastHopLimit = 255): Result<Advertisement, Rejected> {
  const p = d.payload
  const version = (p[0] ?? 0) >> 4, type = (p[0] ?? 0) & 0x0f
  if (p.length === 0) return rejected('truncated', 'the message is empty')
  if (version !== 2 && version !== 3) return rejected('version', `version ${version}, want 2 or 3`)
  if (version === 2 && d.family === 6) return rejected('family', 'version 2 over IPv6: it is for IPv4 only')
  if (p.length < HEADER) return rejected('truncated', `${p.length} bytes, need ${HEADER}`)
  if (type !== ADVERTISEMENT) return rejected('type', `type ${type}, want 1`)
  if (d.hopLimit < leastHopLimit) return rejected('hop-limit', `hop limit ${d.hopLimit}, want ${leastHopLimit}: from another network (§5.1.1.3)`)
  if (p[1] === 0) return rejected('vrid', 'VRID is 0')
  if (p[3] === 0) return rejected('no-addresses', 'address count is 0 (§5.2.5, erratum 8299)')
  return version === 3 ? decode3(d) : decode2(d)
}

/** The exact inverse of `decode`. Values are already within range: config was parsed before it came here. */
export function encode(
  a: Advertisement,
  o: { readonly src: Address; readonly dst: Address; readonly checksum: ChecksumReading },
): Uint8Array {
  return a.version === 3 ? encode3(a, o) : encode2(a)
}
