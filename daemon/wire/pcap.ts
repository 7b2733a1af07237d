/** Recordings that tshark and Wireshark open: the classic pcap format, little-endian, microseconds, Ethernet. */
import { addressBytes } from '../../contract/address.ts'
import type { Datagram } from './advertisement.ts'
import { checksum, sumBytes } from './checksum.ts'
import { ETHERNET_HEADER, EtherType, ethernetFrame, multicastMac } from './ethernet.ts'

const LITTLE = true
const ETHERNET = 1
const VRRP = 112
/** Internetwork control, the class VRRP is sent with. */
const TRAFFIC_CLASS = 0xc0
const NO_MAC = new Uint8Array(6)

/** The 24 bytes at the start of the file. */
export function pcapHeader(): Uint8Array {
  const b = new DataView(new ArrayBuffer(24))
  b.setUint32(0, 0xa1b2_c3d4, LITTLE)
  b.setUint16(4, 2, LITTLE) // version 2.4
  b.setUint16(6, 4, LITTLE)
  b.setUint32(16, 0xffff, LITTLE) // longest frame
  b.setUint32(20, ETHERNET, LITTLE)
  return new Uint8Array(b.buffer)
}

/** One frame: 16 bytes before it. `seconds` since 1970, `microseconds` 0–999,999. */
export function pcapRecord(r: {
  readonly seconds: number
  readonly microseconds: number
  readonly frame: Uint8Array
}): Uint8Array {
  const out = new Uint8Array(16 + r.frame.length), b = new DataView(out.buffer)
  b.setUint32(0, r.seconds, LITTLE)
  b.setUint32(4, r.microseconds, LITTLE)
  b.setUint32(8, r.frame.length, LITTLE) // bytes kept
  b.setUint32(12, r.frame.length, LITTLE) // bytes on the wire
  out.set(r.frame, 16)
  return out
}

/** Puts Ethernet and IPv4 headers in front of a VRRP message. `mac` is the sender's; zeros where it is not known. */
export function wrapIpv4(d: Datagram, mac: Uint8Array = NO_MAC): Uint8Array {
  const total = 20 + d.payload.length
  const { frame, body } = ethernetFrame(multicastMac(d.dst) ?? NO_MAC, mac, EtherType.ipv4, total)
  body.setUint8(0, 0x45) // version 4, header of five words
  body.setUint8(1, TRAFFIC_CLASS)
  body.setUint16(2, total)
  body.setUint8(8, d.hopLimit)
  body.setUint8(9, VRRP)
  frame.set(addressBytes(d.src), ETHERNET_HEADER + 12)
  frame.set(addressBytes(d.dst), ETHERNET_HEADER + 16)
  body.setUint16(10, checksum(sumBytes(frame.subarray(ETHERNET_HEADER, ETHERNET_HEADER + 20))))
  frame.set(d.payload, ETHERNET_HEADER + 20)
  return frame
}

/** Puts Ethernet and IPv6 headers in front of a VRRP message. */
export function wrapIpv6(d: Datagram, mac: Uint8Array = NO_MAC): Uint8Array {
  const { frame, body } = ethernetFrame(multicastMac(d.dst) ?? NO_MAC, mac, EtherType.ipv6, 40 + d.payload.length)
  body.setUint32(0, 0x6000_0000 + TRAFFIC_CLASS * 0x10_0000) // version 6, traffic class, flow label 0
  body.setUint16(4, d.payload.length)
  body.setUint8(6, VRRP)
  body.setUint8(7, d.hopLimit)
  frame.set(addressBytes(d.src), ETHERNET_HEADER + 8)
  frame.set(addressBytes(d.dst), ETHERNET_HEADER + 24)
  frame.set(d.payload, ETHERNET_HEADER + 40)
  return frame
}
