/** Neighbor Discovery (RFC 4861): the IPv6 counterpart of the gratuitous ARP. */
import { addressBytes } from '../../contract/address.ts'
import { checksum, sumBytes, sumPseudoHeader } from './checksum.ts'
import { ETHERNET_HEADER, EtherType, ethernetFrame, multicastMac } from './ethernet.ts'

const IPV6_HEADER = 40
/** Type, code, checksum, flags, target address; then the option: type, length, MAC address. */
const MESSAGE = 24 + 8
const ICMPV6 = 58
const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n
const ALL_NODES_MAC = multicastMac(ALL_NODES) as Uint8Array
const ROUTER = 0x8000_0000, OVERRIDE = 0x2000_0000

/**
 * "`address` is at `mac`", to everybody (RFC 4861 §4.4, §7.2.6): a whole Ethernet frame of 86 bytes, sent from the address
 * itself as keepalived does. `router` must say whether this host forwards IPv6: a wrong 0 takes it out of router lists.
 */
export function unsolicitedNeighborAdvertisement(
  mac: Uint8Array, address: bigint, o: { readonly router: boolean },
): Uint8Array {
  const { frame, body } = ethernetFrame(ALL_NODES_MAC, mac, EtherType.ipv6, IPV6_HEADER + MESSAGE)
  const from = addressBytes(address), message = frame.subarray(ETHERNET_HEADER + IPV6_HEADER)
  body.setUint8(0, 0x60) // version 6; traffic class and flow label 0
  body.setUint16(4, MESSAGE)
  body.setUint8(6, ICMPV6)
  body.setUint8(7, 255) // RFC 4861 §7.1.2: receivers discard anything less
  frame.set(from, ETHERNET_HEADER + 8)
  frame.set(addressBytes(ALL_NODES), ETHERNET_HEADER + 24)
  message[0] = 136 // Neighbor Advertisement
  body.setUint32(IPV6_HEADER + 4, o.router ? ROUTER + OVERRIDE : OVERRIDE)
  message.set(from, 8)
  message[24] = 2 // Target Link-Layer Address
  message[25] = 1 // in units of 8 bytes
  message.set(mac, 26)
  body.setUint16(IPV6_HEADER + 2, checksum(sumBytes(message, sumPseudoHeader(address, ALL_NODES, ICMPV6, MESSAGE))))
  return frame
}
