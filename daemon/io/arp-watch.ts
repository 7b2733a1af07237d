/** Asks the link who else answers for a service address (RFC 5227 probe) and hears the answers. IPv4 only. */
import { arpProbe, parseArp } from '../wire/arp.ts'
import { formatMac } from '../wire/mac.ts'
import * as kernel from './kernel.ts'

const AF_PACKET = 17, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, ETH_P_ARP = 0x0806
const SOL_SOCKET = 1, SO_ATTACH_FILTER = 26

export interface ArpAnswer { readonly address: number; /** Of a machine other than this one. */ readonly mac: string }
export interface ArpWatch {
  probe(address: number): void
  /** What was answered since the last time; does not wait. */
  collect(): readonly ArpAnswer[]
  close(): void
}

export function openArpWatch(o: { readonly index: number; readonly mac: Uint8Array }): ArpWatch {
  const fd = kernel.openSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, swap(ETH_P_ARP))
  const link = linkAddress(o.index)
  kernel.bindSocket(fd, link)
  const filter = kernel.filterProgram([ // only ARP replies wake us, not every question on the link
    { code: 0x28, jt: 0, jf: 0, k: 20 }, // ldh operation
    { code: 0x15, jt: 0, jf: 1, k: 2 },
    { code: 0x06, jt: 0, jf: 0, k: 0xffff },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ])
  kernel.setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter.value)

  const own = formatMac(o.mac)
  const buffer = new Uint8Array(2048)
  return {
    probe(address) {
      const frame = arpProbe(o.mac, address)
      const to = link.slice()
      to.set(frame.subarray(0, 6), 12)
      try {
        kernel.sendTo(fd, frame, to)
      } catch {
        // the link is down: the monitor tells
      }
    },
    collect() {
      const received = () => kernel.receive(fd, buffer, kernel.MSG_DONTWAIT)
      const answers: ArpAnswer[] = []
      try {
        for (let n = received(); n !== undefined && answers.length < 1000; n = received()) {
          const arp = parseArp(buffer.subarray(0, n))
          if (arp.ok && formatMac(arp.value.senderMac) !== own) answers.push({ address: arp.value.senderAddress, mac: formatMac(arp.value.senderMac) })
        }
      } catch {
        // The link has just gone down, which the monitor of links is about to tell.
      }
      return answers
    },
    close: () => kernel.closeSocket(fd),
  }
}

/** struct sockaddr_ll */
function linkAddress(index: number): Uint8Array {
  const b = new DataView(new ArrayBuffer(20))
  b.setUint16(0, AF_PACKET, true)
  b.setUint16(2, swap(ETH_P_ARP), true)
  b.setInt32(4, index, true)
  b.setUint8(11, 6)
  return new Uint8Array(b.buffer)
}
const swap = (n: number): number => ((n & 0xff) << 8) | (n >> 8)
