/** Rtnetlink requests about this host's addresses and links, for a NETLINK_ROUTE socket. Each change is acknowledged. */
import { type Address, addressBytes, familyOf } from '../../contract/address.ts'
import { joined } from './bytes.ts'
import {
  AddressAttribute, AF_INET, AF_INET6, Attribute, IFF_UP, LinkAttribute, LITTLE, type Lifetime, MacvlanMode, RouteAttribute, Type, Flag,
} from './netlink-constants.ts'

interface Numbered {
  /** Comes back in the `ack` and with each message of a dump. Unsigned, 32 bits. */
  readonly sequence: number
}

export interface NewAddress extends Numbered {
  /** Of the interface. */
  readonly index: number
  readonly address: Address
  readonly prefix: number
  /** Whole seconds; the kernel removes the address when they are over, at its next look (about 0.2 s). */
  readonly validLifetimeSeconds: Lifetime
  /** At most the valid lifetime, or the kernel refuses. 0: deprecated at once, so not chosen as a source address. */
  readonly preferredLifetimeSeconds: Lifetime
  /** IFA_F_…, see `AddressFlag`. */
  readonly flags?: number
  /** RT_SCOPE_…, see `Scope`; global when left out. */
  readonly scope?: number
  /** IPv4 only, at most 15 bytes; must begin with the name of the interface for older tools. */
  readonly label?: string
  /** IFA_PROTO: who made the address, 1–255. Kernels before 5.18 ignore it. */
  readonly protocol?: number
  /** Renew an address that is there; without it, one that is there is an error (17, EEXIST). */
  readonly replace: boolean
  /** false: no answer but for an error. */
  readonly acknowledge?: boolean
}

export function newAddress(r: NewAddress): Uint8Array {
  const address = addressBytes(r.address), flags = r.flags ?? 0, wide = flags > 0xff
  return message(Type.newAddress, (r.acknowledge === false ? 0 : Flag.acknowledge) | Flag.create | (r.replace ? Flag.replace : Flag.exclusive), r.sequence,
    addressHeader(r, wide ? 0 : flags, r.scope ?? 0),
    attribute(AddressAttribute.local, address),
    ...(r.label === undefined ? [] : [attribute(AddressAttribute.label, text(r.label))]),
    ...(wide ? [attribute(AddressAttribute.flags, u32(flags))] : []),
    attribute(AddressAttribute.address, address),
    attribute(AddressAttribute.cacheInfo, u32(seconds(r.preferredLifetimeSeconds), seconds(r.validLifetimeSeconds), 0, 0)),
    ...(r.protocol === undefined ? [] : [attribute(AddressAttribute.protocol, Uint8Array.of(r.protocol))]))
}

export interface DeleteAddress extends Numbered {
  readonly index: number
  readonly address: Address
  readonly prefix: number
}

export function deleteAddress(r: DeleteAddress): Uint8Array {
  const address = addressBytes(r.address)
  return message(Type.deleteAddress, Flag.acknowledge, r.sequence, addressHeader(r, 0, 0),
    attribute(AddressAttribute.local, address), attribute(AddressAttribute.address, address))
}

/** All addresses of both families; the answer ends with `done`. */
export const dumpAddresses = (r: Numbered): Uint8Array => message(Type.getAddress, Flag.dump, r.sequence, new Uint8Array(8))

/** How this host reaches an address: the answer is a `route`, or an `ack` with an error. */
export function getRoute(r: Numbered & { readonly address: Address }): Uint8Array {
  const address = addressBytes(r.address), header = new Uint8Array(12) // struct rtmsg: family, length of the destination
  header.set([familyNumber(r.address), 8 * address.length])
  return message(Type.getRoute, 0, r.sequence, header, attribute(RouteAttribute.destination, address))
}

/** All links; the answer ends with `done`. */
export const dumpLinks = (r: Numbered): Uint8Array =>
  message(Type.getLink, Flag.dump, r.sequence, linkHeader(0, 0),
    attribute(LinkAttribute.extensionMask, u32(SKIP_STATISTICS)))

/** A second MAC address on `parentIndex`, as an interface of its own. It starts down. */
export const createMacvlan = (r: Numbered & {
  readonly parentIndex: number
  readonly name: string
  readonly mac: Uint8Array
  readonly mode: keyof typeof MacvlanMode
}): Uint8Array =>
  message(Type.newLink, Flag.acknowledge | Flag.create | Flag.exclusive, r.sequence, linkHeader(0, 0),
    attribute(LinkAttribute.address, r.mac),
    attribute(LinkAttribute.link, u32(r.parentIndex)),
    attribute(LinkAttribute.name, text(r.name)),
    attribute(LinkAttribute.linkInfo,
      attribute(LinkAttribute.infoKind, text('macvlan').subarray(0, -1)),
      attribute(LinkAttribute.infoData, attribute(LinkAttribute.macvlanMode, u32(MacvlanMode[r.mode])))))

export const deleteLink = (r: Numbered & { readonly index: number }): Uint8Array =>
  message(Type.deleteLink, Flag.acknowledge, r.sequence, linkHeader(r.index, 0))

export const setLinkUp = (r: Numbered & { readonly index: number }): Uint8Array =>
  message(Type.newLink, Flag.acknowledge, r.sequence, linkHeader(r.index, IFF_UP))

export const setLinkDown = (r: Numbered & { readonly index: number }): Uint8Array =>
  message(Type.newLink, Flag.acknowledge, r.sequence, linkHeader(r.index, 0, IFF_UP))

/** RTEXT_FILTER_SKIP_STATS: without the IPv6 counters, a fifth of the bytes. */
const SKIP_STATISTICS = 8

/** struct nlmsghdr and what follows it. */
function message(type: number, flags: number, sequence: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const out = joined(parts, 16), b = new DataView(out.buffer)
  b.setUint32(0, out.length, LITTLE)
  b.setUint16(4, type, LITTLE)
  b.setUint16(6, flags | Flag.request, LITTLE)
  b.setUint32(8, sequence, LITTLE) // and the port: 0, the kernel fills it in
  return out
}

/** struct rtattr, its value (or nested attributes), zeros up to a multiple of 4. Its length does not count those. */
function attribute(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = joined(parts, Attribute.header), padded = new Uint8Array((value.length + 3) & ~3)
  padded.set(value)
  const b = new DataView(padded.buffer)
  b.setUint16(0, value.length, LITTLE)
  b.setUint16(2, type, LITTLE)
  return padded
}

/** struct ifaddrmsg */
function addressHeader(r: DeleteAddress, flags: number, scope: number): Uint8Array {
  return joined([Uint8Array.of(familyNumber(r.address), r.prefix, flags, scope), u32(r.index)])
}

const familyNumber = (address: Address): number => (familyOf(address) === 4 ? AF_INET : AF_INET6)

/** struct ifinfomsg: of the flags, only those in `change` are changed. */
const linkHeader = (index: number, flags: number, change = flags): Uint8Array => u32(0, index, flags, change)

function u32(...values: readonly number[]): Uint8Array {
  const b = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, i) => { b.setUint32(4 * i, value, LITTLE) })
  return new Uint8Array(b.buffer)
}

/** One byte a character, NUL at the end: the kernel's names have no encoding. */
const text = (s: string): Uint8Array => Uint8Array.from([...s, '\0'], (c) => c.charCodeAt(0))
const seconds = (lifetime: Lifetime): number => (lifetime === 'forever' ? 0xffff_ffff : lifetime)
