/** VRRPv3 (RFC 9568 §5.2) over IPv4 and IPv6. `advertisement.ts` has done the checks both versions share. */
import { type Address, addressAt, addressBytes, type Family, familyOf } from '../../contract/address.ts'
import { ok, type Result } from '../../contract/result.ts'
import { centiseconds } from '../../contract/time.ts'
import type { Advertisement, Authentication, ChecksumReading, Datagram } from './advertisement.ts'
import { checksum, sumBytes, sumPseudoHeader } from './checksum.ts'
import { type Rejected, rejected } from './reject.ts'

const HEADER = 8
const PROTOCOL = 112
const NONE: Authentication = { type: 'none' }

export function decode3(d: Datagram): Result<Advertisement, Rejected> {
  const b = new DataView(d.payload.buffer, d.payload.byteOffset, d.payload.byteLength)
  const count = b.getUint8(3), size = addressSize(d.family)
  if (b.byteLength !== HEADER + size * count) return rejected('length', `${b.byteLength} bytes for ${count} addresses`)
  const interval = b.getUint16(4) & 0x0fff // the Reserve bits are ignored (§5.2.6)
  if (interval === 0) return rejected('interval', 'Max Advertise Interval is 0 (erratum 8301)')
  if (!sound(d)) return rejected('checksum', `checksum ${b.getUint16(6).toString(16).padStart(4, '0')} is wrong`)
  const addresses: Address[] = []
  for (let at = HEADER; at < b.byteLength; at += size) addresses.push(addressAt(b, at, d.family))
  return ok({
    version: 3, vrid: b.getUint8(1), priority: b.getUint8(2), interval: centiseconds(interval), addresses,
    authentication: NONE,
  })
}

export function encode3(
  a: Advertisement,
  o: { readonly src: Address; readonly dst: Address; readonly checksum: ChecksumReading },
): Uint8Array {
  const family = familyOf(o.src), size = addressSize(family)
  const out = new Uint8Array(HEADER + size * a.addresses.length), b = new DataView(out.buffer)
  b.setUint8(0, 0x31) // version 3, type 1
  b.setUint8(1, a.vrid)
  b.setUint8(2, a.priority)
  b.setUint8(3, a.addresses.length)
  b.setUint16(4, Math.round(a.interval / 10))
  a.addresses.forEach((address, i) => { out.set(addressBytes(address), HEADER + size * i) })
  const pseudo = family === 6 || o.checksum === 'rfc5798'
  const before = pseudo ? sumPseudoHeader(o.src, o.dst, PROTOCOL, out.length) : 0
  b.setUint16(6, checksum(sumBytes(out, before))) // last: the field counts as zero while summing
  return out
}

/** Over IPv4, RFC 9568 §5.2.8 sums the message alone; keepalived and FRR, after RFC 5798, a pseudo-header too. Both pass. */
function sound(d: Datagram): boolean {
  const sum = sumBytes(d.payload)
  if (checksum(sum + sumPseudoHeader(d.src, d.dst, PROTOCOL, d.payload.length)) === 0) return true
  return d.family === 4 && checksum(sum) === 0
}

const addressSize = (family: Family): number => (family === 4 ? 4 : 16)
