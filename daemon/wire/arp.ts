/** ARP for IPv4 over Ethernet (RFC 826): whole frames of 42 bytes, for a packet socket. */
import { err, ok, type Result } from '../../contract/result.ts'
import { BROADCAST, ETHERNET_HEADER, EtherType, ethernetFrame } from './ethernet.ts'

export interface Arp {
  readonly op: 'request' | 'reply'
  readonly senderMac: Uint8Array
  /** 0 in a probe (RFC 5227 §2.1.1). */
  readonly senderAddress: number
  readonly targetMac: Uint8Array
  readonly targetAddress: number
}

export type ArpReject = 'truncated' | 'ethertype' | 'arp-header' | 'operation'
export interface ArpRejected { readonly reject: ArpReject; readonly detail: string }

const LENGTH = 28
const ZERO = new Uint8Array(6)

/** "`address` is at `mac`", to everybody: the request keepalived sends, its target MAC ff:ff:ff:ff:ff:ff. */
export const gratuitousArp = (mac: Uint8Array, address: number): Uint8Array =>
  arp(BROADCAST, { op: 'request', senderMac: mac, senderAddress: address, targetMac: BROADCAST, targetAddress: address })

/** "Does anybody hold `address`?" It leaves no trace in a cache, because it names no sender address (RFC 5227 §2.1.1). */
export const arpProbe = (mac: Uint8Array, address: number): Uint8Array =>
  arp(BROADCAST, { op: 'request', senderMac: mac, senderAddress: 0, targetMac: ZERO, targetAddress: address })

/** "`address` is at `mac`", to the one host that asked. */
export const arpReply = (mac: Uint8Array, address: number, to: { readonly mac: Uint8Array; readonly address: number }) =>
  arp(to.mac, { op: 'reply', senderMac: mac, senderAddress: address, targetMac: to.mac, targetAddress: to.address })

/** Any bytes are safe; padding after the 42 bytes is ignored. The MAC addresses are copies. */
export function parseArp(frame: Uint8Array): Result<Arp, ArpRejected> {
  const need = ETHERNET_HEADER + LENGTH
  if (frame.length < need) return no('truncated', `${frame.length} bytes, need ${need}`)
  const b = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const type = b.getUint16(12), op = b.getUint16(20)
  if (type !== EtherType.arp) return no('ethertype', `EtherType ${type.toString(16).padStart(4, '0')}, want 0806`)
  if (b.getUint32(14) !== 0x0001_0800 || b.getUint16(18) !== 0x0604) return no('arp-header', 'not IPv4 over Ethernet')
  if (op !== 1 && op !== 2) return no('operation', `operation ${op}, want 1 or 2`)
  return ok({
    op: op === 1 ? 'request' : 'reply',
    senderMac: frame.slice(22, 28), senderAddress: b.getUint32(28),
    targetMac: frame.slice(32, 38), targetAddress: b.getUint32(38),
  })
}

function arp(to: Uint8Array, a: Arp): Uint8Array {
  const { frame, body } = ethernetFrame(to, a.senderMac, EtherType.arp, LENGTH)
  body.setUint16(0, 1) // Ethernet
  body.setUint16(2, EtherType.ipv4)
  body.setUint8(4, 6) // bytes of a MAC address
  body.setUint8(5, 4) // bytes of an IPv4 address
  body.setUint16(6, a.op === 'request' ? 1 : 2)
  frame.set(a.senderMac, ETHERNET_HEADER + 8)
  body.setUint32(14, a.senderAddress)
  frame.set(a.targetMac, ETHERNET_HEADER + 18)
  body.setUint32(24, a.targetAddress)
  return frame
}

const no = (reject: ArpReject, detail: string) => err({ reject, detail })
