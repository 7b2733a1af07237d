/**
 * VRRPv2 (RFC 3768 §5.3), IPv4 only, with RFC 2338's authentication types 0 (none) and 1 (PASS), as keepalived speaks it.
 * The checksum covers the whole message, authentication data included; no pseudo-header.
 * `advertisement.ts` has done the checks both versions share.
 */
import { type Address, addressBytes } from '../../contract/address.ts'
import { ok, type Result } from '../../contract/result.ts'
import { seconds } from '../../contract/time.ts'
import type { Advertisement, Authentication, Datagram } from './advertisement.ts'
import { checksum, sumBytes } from './checksum.ts'
import { type Rejected, rejected } from './reject.ts'

const HEADER = 8
/** Authentication data stands after the addresses in every message, whatever its type (RFC 3768 §5.3.10). */
const TRAILER = 8
const PASS = 1
const NONE: Authentication = { type: 'none' }

export function decode2(d: Datagram): Result<Advertisement, Rejected> {
  const p = d.payload, b = new DataView(p.buffer, p.byteOffset, p.byteLength)
  const count = b.getUint8(3), type = b.getUint8(4), interval = b.getUint8(5)
  const end = HEADER + 4 * count
  if (p.length !== end + TRAILER) return rejected('length', `${p.length} bytes for ${count} addresses and authentication`)
  if (interval === 0) return rejected('interval', 'Advertisement Interval is 0')
  if (checksum(sumBytes(p)) !== 0) {
    return rejected('checksum', `checksum ${b.getUint16(6).toString(16).padStart(4, '0')} is wrong`)
  }
  if (type > PASS) return rejected('authentication-type', `authentication type ${type}, want 0 or 1`)
  const addresses: Address[] = []
  for (let at = HEADER; at < end; at += 4) addresses.push(b.getUint32(at))
  const authentication: Authentication = type === PASS ? { type: 'pass', password: p.slice(end) } : NONE
  return ok({
    version: 2, vrid: b.getUint8(1), priority: b.getUint8(2), interval: seconds(interval), addresses, authentication,
  })
}

export function encode2(a: Advertisement): Uint8Array {
  const end = HEADER + 4 * a.addresses.length
  const out = new Uint8Array(end + TRAILER), b = new DataView(out.buffer)
  b.setUint8(0, 0x21) // version 2, type 1
  b.setUint8(1, a.vrid)
  b.setUint8(2, a.priority)
  b.setUint8(3, a.addresses.length)
  b.setUint8(4, a.authentication.type === 'pass' ? PASS : 0)
  b.setUint8(5, Math.round(a.interval / 1000))
  a.addresses.forEach((address, i) => { out.set(addressBytes(address), HEADER + 4 * i) })
  if (a.authentication.type === 'pass') out.set(a.authentication.password, end)
  b.setUint16(6, checksum(sumBytes(out))) // last: the field counts as zero while summing
  return out
}
