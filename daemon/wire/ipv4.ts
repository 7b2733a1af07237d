/** The IPv4 header (RFC 791 §3.1) in front of a VRRP message, as a raw socket hands it over. */
import { ok, type Result } from '../../contract/result.ts'
import type { Datagram } from './advertisement.ts'
import { sameFrom } from './bytes.ts'
import { type Rejected, rejected } from './reject.ts'

const SHORTEST = 20
const VRRP = 112
/** More Fragments, and the 13 bits of the fragment offset. */
const FRAGMENT = 0x3fff

/**
 * Takes the header off; `payload` is a view into `packet`, cut to Total Length. Any bytes are safe.
 * The header checksum is not looked at: the kernel has checked it.
 */
export function parseIpv4(packet: Uint8Array): Result<Datagram, Rejected> {
  if (packet.length < SHORTEST) return rejected('truncated', `${packet.length} bytes, an IPv4 header has ${SHORTEST}`)
  const b = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const version = b.getUint8(0) >> 4, header = headerLength(packet), total = b.getUint16(2), protocol = b.getUint8(9)
  if (version !== 4) return rejected('ip-header', `IP version ${version}, want 4`)
  if (header < SHORTEST) return rejected('ip-header', `header of ${header} bytes, want at least ${SHORTEST}`)
  if (total < header) return rejected('ip-header', `total length ${total} is less than the header's ${header}`)
  if (total > packet.length) return rejected('truncated', `${packet.length} bytes, the header says ${total}`)
  if (protocol !== VRRP) return rejected('ip-header', `protocol ${protocol}, want ${VRRP}`)
  if ((b.getUint16(6) & FRAGMENT) !== 0) return rejected('fragment', 'a fragment: an advertisement fits one packet')
  return ok({
    family: 4, src: b.getUint32(12), dst: b.getUint32(16), hopLimit: b.getUint8(8), payload: packet.subarray(header, total),
  })
}

/** Bytes of the header of a received packet. */
export const headerLength = (packet: Uint8Array): number => ((packet[0] ?? 0) & 0x0f) * 4

/**
 * Whether the first `length` bytes of `buffer` are the packet `before` sent again: only its Identification and the header
 * checksum, which the kernel has checked, may differ. In words of 32 bits, little-endian.
 */
export const sameIpv4 = (before: Uint32Array, buffer: Uint32Array, length: number): boolean =>
  before.byteLength === length && before[0] === buffer[0] && (((before[1] ?? 0) ^ (buffer[1] ?? 0)) & 0xffff_0000) === 0 &&
  (((before[2] ?? 0) ^ (buffer[2] ?? 0)) & 0xffff) === 0 && sameFrom(before, buffer, 3)
