/** Ethernet II frames. Lengths are as sent by a program: the network card pads short ones to 60 bytes. */
import type { Address } from '../../contract/address.ts'

export const ETHERNET_HEADER = 14
export const BROADCAST: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
export const EtherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const

/** A frame with its header filled in and `length` zero bytes after it; `body` sees those. */
export function ethernetFrame(dst: Uint8Array, src: Uint8Array, type: number, length: number): {
  readonly frame: Uint8Array
  readonly body: DataView
} {
  const frame = new Uint8Array(ETHERNET_HEADER + length)
  frame.set(dst, 0)
  frame.set(src, 6)
  frame[12] = type >> 8
  frame[13] = type & 0xff
  return { frame, body: new DataView(frame.buffer, ETHERNET_HEADER) }
}

/** Where a multicast packet goes (RFC 1112 §6.4: the low 23 bits; RFC 2464 §7: the low 32 bits). Undefined for unicast. */
export function multicastMac(address: Address): Uint8Array | undefined {
  if (typeof address === 'number') {
    if (address >>> 28 !== 0xe) return undefined
    return Uint8Array.of(0x01, 0x00, 0x5e, (address >>> 16) & 0x7f, (address >>> 8) & 0xff, address & 0xff)
  }
  if (address >> 120n !== 0xffn) return undefined
  const low = Number(address & 0xffff_ffffn)
  return Uint8Array.of(0x33, 0x33, low >>> 24, (low >>> 16) & 0xff, (low >>> 8) & 0xff, low & 0xff)
}
