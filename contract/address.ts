/**
 * IP addresses as integers, so that they compare, sort and key a Map: an IPv4 address is an unsigned 32-bit
 * `number`, an IPv6 address an unsigned 128-bit `bigint`. `typeof` tells the family.
 */
import { err, ok, type Result } from './result.ts'

export type Address = number | bigint
export type Family = 4 | 6
/** An address with the length of its network's prefix, as an interface carries it. */
export interface Prefixed { readonly address: Address; readonly prefix: number }

export const familyOf = (a: Address): Family => (typeof a === 'number' ? 4 : 6)
export const isLinkLocal = (a: Address): boolean => typeof a === 'bigint' && a >> 118n === 0x3fan

/** Orders addresses of one family as unsigned integers (RFC 9568 §6.4.3 compares them so); IPv4 before IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Parses `192.0.2.53` or `2001:db8::53` (RFC 4291 §2.2, no zone, no embedded IPv4). The error says what is wrong. */
export function parseAddress(text: string): Result<Address, string> {
  return text.includes(':') ? parse6(text) : parse4(text)
}

/** Parses `192.0.2.53/24` or `2001:db8::53/64`. */
export function parsePrefixed(text: string): Result<Prefixed, string> {
  const [host = '', length, ...rest] = text.split('/')
  const address = parseAddress(host)
  if (!address.ok) return address
  const bits = familyOf(address.value) === 4 ? 32 : 128
  if (length === undefined) return err(`has no prefix length: write ${host}/${bits === 32 ? 24 : 64}`)
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) < 1 || Number(length) > bits) {
    return err(`has the prefix length "${[length, ...rest].join('/')}": want 1 to ${bits}`)
  }
  return ok({ address: address.value, prefix: Number(length) })
}

/** The shortest usual spelling (RFC 5952 for IPv6). */
export function formatAddress(a: Address): string {
  if (typeof a === 'number') return [a >>> 24, (a >>> 16) & 255, (a >>> 8) & 255, a & 255].join('.')
  const groups = Array.from({ length: 8 }, (_, i) => Number((a >> BigInt(112 - 16 * i)) & 0xffffn))
  const run = longestZeroRun(groups)
  const hex = (part: readonly number[]) => part.map((g) => g.toString(16)).join(':')
  if (run.length < 2) return hex(groups)
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

export const formatPrefixed = (p: Prefixed): string => `${formatAddress(p.address)}/${p.prefix}`

/** Network byte order: 4 or 16 bytes. */
export function addressBytes(a: Address): Uint8Array {
  const view = new DataView(new ArrayBuffer(typeof a === 'number' ? 4 : 16))
  if (typeof a === 'number') view.setUint32(0, a)
  else {
    view.setBigUint64(0, a >> 64n)
    view.setBigUint64(8, a & 0xffff_ffff_ffff_ffffn)
  }
  return new Uint8Array(view.buffer)
}

/** The inverse of `addressBytes`: reads an address of that family at `at`. The caller has checked the length. */
export function addressAt(view: DataView, at: number, family: Family): Address {
  return family === 4 ? view.getUint32(at) : (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8)
}

function parse4(text: string): Result<Address, string> {
  const parts = text.split('.')
  const sound = parts.length === 4 && parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p) && Number(p) <= 255)
  if (!sound) return err('is not an IP address')
  return ok(parts.reduce((sum, p) => sum * 256 + Number(p), 0))
}

function parse6(text: string): Result<Address, string> {
  const halves = text.split('::')
  if (halves.length > 2) return err('is not an IP address: "::" stands twice')
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const given = [...head, ...(tail ?? [])]
  if (!given.every((g) => /^[0-9a-fA-F]{1,4}$/.test(g))) return err('is not an IP address')
  const missing = 8 - given.length
  if (tail === undefined ? missing !== 0 : missing < 1) return err('is not an IP address: want eight groups')
  const groups = tail === undefined ? head : [...head, ...Array<string>(missing).fill('0'), ...tail]
  return ok(groups.reduce((sum, g) => (sum << 16n) | BigInt(`0x${g}`), 0n))
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let i = 0; i < groups.length; i++) {
    let length = 0
    while (groups[i + length] === 0) length++
    if (length > best.length) best = { start: i, length }
  }
  return best
}
