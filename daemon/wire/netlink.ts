/**
 * Rtnetlink: what the kernel says about addresses and links (here) and how to ask it for changes (netlink-request.ts).
 * A socket that reads too slowly gets ENOBUFS from `recv`, not a message: dump again then, as after `overrun`.
 */
import { type Address, addressAt, type Family } from '../../contract/address.ts'
import {
  AddressAttribute, AF_INET, AF_INET6, Attribute, FOREVER, Flag, IFF_LOWER_UP, IFF_RUNNING, IFF_UP, LITTLE, type Lifetime,
  LinkAttribute, ROUTE_TO_SELF, Type,
} from './netlink-constants.ts'

export { AddressFlag, type Lifetime, LINKS_AND_ADDRESSES, Scope } from './netlink-constants.ts'
export {
  createMacvlan, type DeleteAddress, deleteAddress, deleteLink, dumpAddresses, dumpLinks, getRoute, type NewAddress, newAddress,
  setLinkDown, setLinkUp,
} from './netlink-request.ts'

export type NetlinkMessage = AddressMessage | LinkMessage
  /** The end of a dump. Not `whole`: something changed meanwhile, or the kernel gave up; ask again. */
  | { readonly is: 'done'; readonly sequence: number; readonly whole: boolean }
  /** The answer to a request: 0, or a positive errno. */
  | { readonly is: 'ack'; readonly sequence: number; readonly errno: number }
  /** How this host reaches an address; `toSelf`: it receives what is sent there. */
  | { readonly is: 'route'; readonly sequence: number; readonly toSelf: boolean }
  /** Messages were lost. */
  | { readonly is: 'overrun' }

export interface AddressMessage {
  readonly is: 'address'
  readonly event: 'new' | 'deleted'
  /** Of the interface. */
  readonly index: number
  readonly family: Family
  readonly prefix: number
  readonly address: Address
  /** IFA_F_…, all 32 bits. */
  readonly flags: number
  /** RT_SCOPE_… */
  readonly scope: number
  readonly label?: string
  /** What is left of it. */
  readonly validLifetimeSeconds: Lifetime
  /** IFA_PROTO, kernels since 5.18. */
  readonly protocol?: number
}

export interface LinkMessage {
  readonly is: 'link'
  readonly event: 'new' | 'deleted'
  readonly index: number
  readonly name: string
  /** Switched on by the administrator. */
  readonly up: boolean
  /** Has a carrier and is ready for packets. */
  readonly running: boolean
  /** Absent where a link has no address of 6 bytes. */
  readonly mac?: Uint8Array
  /** Bytes of payload in one frame. */
  readonly mtu: number
  /** `macvlan`, `veth`, `bridge`, `vlan`…; absent for hardware. */
  readonly kind?: string
  /** Index of the link this one stands on (or of a veth's other end, which may be in another namespace). */
  readonly parent?: number
}

/** All messages of one `recv`, those of other kinds left out. Any bytes are safe: it stops at the first that lies. */
export function parseNetlink(bytes: Uint8Array): readonly NetlinkMessage[] {
  const b = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: NetlinkMessage[] = []
  for (let at = 0; at + HEADER <= b.byteLength;) {
    const length = b.getUint32(at, LITTLE), end = at + length
    if (length < HEADER || end > b.byteLength) break
    const message = parseMessage(b, at, end)
    if (message !== undefined) messages.push(message)
    at += align(length)
  }
  return messages
}

/** struct nlmsghdr */
const HEADER = 16

function parseMessage(b: DataView, at: number, end: number): NetlinkMessage | undefined {
  const flags = b.getUint16(at + 6, LITTLE), sequence = b.getUint32(at + 8, LITTLE), body = at + HEADER
  switch (b.getUint16(at + 4, LITTLE)) {
    case Type.newAddress: return parseAddressMessage(b, body, end, 'new')
    case Type.deleteAddress: return parseAddressMessage(b, body, end, 'deleted')
    case Type.newLink: return parseLinkMessage(b, body, end, 'new')
    case Type.deleteLink: return parseLinkMessage(b, body, end, 'deleted')
    case Type.error: return end - body < 4 ? undefined : { is: 'ack', sequence, errno: errno(b, body) }
    case Type.done: {
      const failed = end - body >= 4 && errno(b, body) !== 0
      return { is: 'done', sequence, whole: !failed && (flags & Flag.dumpInterrupted) === 0 }
    }
    // struct rtmsg: the type of the route is its eighth byte
    case Type.newRoute: return end - body < 12 ? undefined : { is: 'route', sequence, toSelf: b.getUint8(body + 7) === ROUTE_TO_SELF }
    case Type.overrun: return { is: 'overrun' }
    default: return undefined
  }
}

/** struct ifaddrmsg: family, prefix, flags, scope: one byte each; index. Then attributes. */
function parseAddressMessage(b: DataView, at: number, end: number, event: 'new' | 'deleted'): AddressMessage | undefined {
  if (end - at < 8) return undefined
  const family = b.getUint8(at) === AF_INET ? 4 : b.getUint8(at) === AF_INET6 ? 6 : undefined
  const prefix = b.getUint8(at + 1), size = family === 4 ? 4 : 16
  if (family === undefined || prefix > 8 * size) return undefined
  let address: Address | undefined, local: Address | undefined, label: string | undefined, protocol: number | undefined
  let flags = b.getUint8(at + 2), valid = FOREVER
  for (let a = firstAttribute(b, at + 8, end); a !== undefined; a = nextAttribute(b, a, end)) {
    const length = valueLength(b, a), value = a + Attribute.header
    switch (attributeType(b, a)) {
      case AddressAttribute.address: if (length === size) address = addressAt(b, value, family); break
      case AddressAttribute.local: if (length === size) local = addressAt(b, value, family); break
      case AddressAttribute.label: label = text(b, value, length); break
      case AddressAttribute.cacheInfo: if (length >= 8) valid = b.getUint32(value + 4, LITTLE); break
      case AddressAttribute.flags: if (length >= 4) flags = b.getUint32(value, LITTLE); break
      case AddressAttribute.protocol: if (length >= 1) protocol = b.getUint8(value); break
      default:
    }
  }
  const own = local ?? address // on a point-to-point link, IFA_ADDRESS is the other end
  if (own === undefined) return undefined
  return {
    is: 'address', event, index: b.getUint32(at + 4, LITTLE), family, prefix, address: own, flags, scope: b.getUint8(at + 3),
    validLifetimeSeconds: valid === FOREVER ? 'forever' : valid,
    ...(label === undefined ? {} : { label }), ...(protocol === undefined ? {} : { protocol }),
  }
}

/** struct ifinfomsg: family, padding, type: 4 bytes; index, flags, changed flags: 4 bytes each. Then attributes. */
function parseLinkMessage(b: DataView, at: number, end: number, event: 'new' | 'deleted'): LinkMessage | undefined {
  if (end - at < 16) return undefined
  if (b.getUint8(at) !== 0) return undefined // AF_BRIDGE: a port left its bridge; AF_INET6: its settings. The link stays
  const flags = b.getUint32(at + 8, LITTLE)
  let name = '', mtu = 0, parent = 0, kind: string | undefined, mac: Uint8Array | undefined
  for (let a = firstAttribute(b, at + 16, end); a !== undefined; a = nextAttribute(b, a, end)) {
    const length = valueLength(b, a), value = a + Attribute.header
    switch (attributeType(b, a)) {
      case LinkAttribute.name: name = text(b, value, length); break
      case LinkAttribute.mtu: if (length >= 4) mtu = b.getUint32(value, LITTLE); break
      case LinkAttribute.link: if (length >= 4) parent = b.getUint32(value, LITTLE); break
      case LinkAttribute.address: if (length === 6) mac = new Uint8Array(b.buffer, b.byteOffset + value, 6).slice(); break
      case LinkAttribute.linkInfo: kind = parseKind(b, value, value + length); break
      default:
    }
  }
  return {
    is: 'link', event, index: b.getUint32(at + 4, LITTLE), name, mtu,
    up: (flags & IFF_UP) !== 0, running: (flags & IFF_RUNNING) !== 0 && (flags & IFF_LOWER_UP) !== 0,
    ...(mac === undefined ? {} : { mac }), ...(kind === undefined ? {} : { kind }), ...(parent === 0 ? {} : { parent }),
  }
}

function parseKind(b: DataView, at: number, end: number): string | undefined {
  for (let a = firstAttribute(b, at, end); a !== undefined; a = nextAttribute(b, a, end)) {
    if (attributeType(b, a) === LinkAttribute.infoKind) return text(b, a + Attribute.header, valueLength(b, a))
  }
  return undefined
}

/** Where the attribute at `at` begins, if a whole one is there. */
function firstAttribute(b: DataView, at: number, end: number): number | undefined {
  if (at + Attribute.header > end) return undefined
  const length = b.getUint16(at, LITTLE)
  return length < Attribute.header || at + length > end ? undefined : at
}

const nextAttribute = (b: DataView, a: number, end: number) => firstAttribute(b, a + align(b.getUint16(a, LITTLE)), end)
const attributeType = (b: DataView, a: number): number => b.getUint16(a + 2, LITTLE) & Attribute.typeMask
const valueLength = (b: DataView, a: number): number => b.getUint16(a, LITTLE) - Attribute.header
const align = (length: number): number => Math.ceil(length / 4) * 4
const errno = (b: DataView, at: number): number => Math.abs(b.getInt32(at, LITTLE))

/** Up to the first NUL, one character a byte: the kernel's names have no encoding. */
function text(b: DataView, at: number, length: number): string {
  let s = ''
  for (let i = at; i < at + length && b.getUint8(i) !== 0; i++) s += String.fromCharCode(b.getUint8(i))
  return s
}
