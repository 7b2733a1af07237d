/** Listens on the wire for hosts that announce an address: gratuitous ARP and unsolicited NA. Needs `dumpcap`. */
import path from 'node:path'
import { formatAddress, addressAt } from '../contract/address.ts'
import { monotonic } from './clock.ts'
import type { Lab, Machine } from './net.ts'
import { program } from './program.ts'

export interface Announcement {
  /** By the monotonic clock, as the kernel received it. */
  readonly at: number
  readonly address: string
  readonly mac: string
}
export interface Sniffer {
  /** In the order they came. */
  readonly announcements: readonly Announcement[]
  forget(): void
}

/** Everybody hears what is broadcast: any machine will do. Undefined without `dumpcap`. */
export function startSniffer(lab: Lab, machine: Machine): Sniffer | undefined {
  const dumpcap = program('dumpcap')
  if (!dumpcap) return undefined
  const announcements: Announcement[] = []
  let rest = Buffer.alloc(0), header = false
  const filter = 'arp or (icmp6 and ip6[40] == 136)'
  lab.start(machine, [dumpcap, '-q', '-i', 'eth0', '-P', '-w', '-', '-f', filter], {
    log: path.join(lab.directory, 'dumpcap.log'),
    onBytes(bytes) {
      rest = Buffer.concat([rest, bytes])
      if (!header && rest.length >= FILE_HEADER) {
        header = true
        rest = rest.subarray(FILE_HEADER)
      }
      while (header && rest.length >= RECORD_HEADER) {
        const size = RECORD_HEADER + rest.readUInt32LE(8)
        if (rest.length < size) return
        const found = announcement(rest.subarray(RECORD_HEADER, size))
        const at = rest.readUInt32LE(0) * 1000 + rest.readUInt32LE(4) / 1000 - wallMinusMonotonic
        if (found) announcements.push({ ...found, at })
        rest = rest.subarray(size)
      }
    },
  })
  return { announcements, forget: () => { announcements.length = 0 } }
}

/** Of a pcap file and of each packet in it; written here in the machine's own order of bytes, which is little-endian. */
const FILE_HEADER = 24, RECORD_HEADER = 16
/** A capture has wall time. */
const wallMinusMonotonic = performance.timeOrigin + performance.now() - monotonic()

/** RFC 5227 §3: sender and target of a gratuitous ARP are the same. RFC 4861 §7.2.6: an unsolicited NA goes to all nodes. */
export function announcement(frame: Buffer): Omit<Announcement, 'at'> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const mac = [...frame.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  if (frame.readUInt16BE(12) === 0x0806 && frame.length >= 42) {
    const sender = addressAt(view, 28, 4)
    return sender === addressAt(view, 38, 4) ? { address: formatAddress(sender), mac } : undefined
  }
  const isNa = frame.readUInt16BE(12) === 0x86dd && frame.length >= 78 && frame[38] === 0xff // to a multicast address
  return isNa ? { address: formatAddress(addressAt(view, 62, 6)), mac } : undefined
}
