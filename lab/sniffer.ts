/** Listens on the wire for hosts that announce an address (gratuitous ARP, unsolicited NA) and for VRRP. Needs `dumpcap`. */
import { formatAddress, addressAt } from '../contract/address.ts'
import { startCapture } from './capture.ts'
import type { Lab, Machine } from './net.ts'

interface Heard {
  /** By the monotonic clock, in milliseconds, as the kernel received it. */
  readonly at: number
  /** Of the sender. */
  readonly mac: string
}
export interface Announcement extends Heard { readonly address: string }
export interface Advertisement extends Heard {
  readonly family: 4 | 6
  readonly version: number
  readonly vrid: number
  readonly priority: number
}

export interface Sniffer {
  /** In the order they came. */
  readonly announcements: readonly Announcement[]
  readonly advertisements: readonly Advertisement[]
  forget(): void
}

const ANNOUNCEMENTS = 'arp or (icmp6 and ip6[40] == 136)'

/**
 * Everybody hears what is broadcast: any machine will do. `adverts: false` spares the work of reading advertisements where
 * there are thousands a second. Undefined without `dumpcap`.
 */
export function startSniffer(
  lab: Lab, machine: Machine, o: { readonly link?: string; readonly adverts?: boolean } = {},
): Sniffer | undefined {
  const announcements: Announcement[] = [], advertisements: Advertisement[] = []
  const filter = o.adverts === false ? ANNOUNCEMENTS : `proto 112 or ${ANNOUNCEMENTS}`
  const listens = startCapture(lab, machine, filter, (frame, at) => {
    const announced = announcement(frame), advertised = announced ? undefined : advertisement(frame)
    if (announced) announcements.push({ ...announced, at })
    if (advertised) advertisements.push({ ...advertised, at })
  }, o.link)
  const forget = () => { [announcements, advertisements].forEach((list) => { list.length = 0 }) }
  return listens ? { announcements, advertisements, forget } : undefined
}

/** RFC 5227 §3: sender and target of a gratuitous ARP are the same. RFC 4861 §7.2.6: an unsolicited NA goes to all nodes. */
export function announcement(frame: Buffer): Omit<Announcement, 'at'> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (frame.readUInt16BE(12) === 0x0806 && frame.length >= 42) {
    const sender = addressAt(view, 28, 4)
    return sender === addressAt(view, 38, 4) ? { address: formatAddress(sender), mac: macOf(frame) } : undefined
  }
  const toAll = frame[38] === 0xff // a multicast address
  const isNa = frame.readUInt16BE(12) === 0x86dd && frame.length >= 78 && frame[20] === 58 && toAll
  return isNa ? { address: formatAddress(addressAt(view, 62, 6)), mac: macOf(frame) } : undefined
}

const VRRP = 112, ETHERNET = 14

/** RFC 9568 §5.2; the first bytes of version 2 are the same. */
export function advertisement(frame: Buffer): Omit<Advertisement, 'at'> | undefined {
  const type = frame.readUInt16BE(12), family = type === 0x0800 ? 4 : type === 0x86dd ? 6 : undefined
  if (family === undefined || frame[family === 4 ? ETHERNET + 9 : ETHERNET + 6] !== VRRP) return undefined
  const start = ETHERNET + (family === 6 ? 40 : ((frame[ETHERNET] ?? 0) & 15) * 4)
  const [first, vrid, priority] = frame.subarray(start)
  if (first === undefined || vrid === undefined || priority === undefined) return undefined
  return { family, version: first >> 4, vrid, priority, mac: macOf(frame) }
}

const macOf = (frame: Buffer) => [...frame.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
