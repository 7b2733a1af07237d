/** Sends gratuitous ARP and unsolicited NA, at once or, where a rate is set, as fast as that allows. */
import type { Address } from '../../contract/address.ts'
import { gratuitousArp } from '../wire/arp.ts'
import { unsolicitedNeighborAdvertisement } from '../wire/ndp.ts'
import * as kernel from './kernel.ts'

const AF_PACKET = 17, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000
/** How often a limited queue goes on. */
const SLICE_MS = 10

export interface Announcer {
  /** `count` frames for each address, interleaved; throws what the kernel says. */
  announce(link: { readonly index: number; readonly mac: Uint8Array }, addresses: readonly Address[], count: number, perSecond: number): void
  /** What still waits for these is not sent. */
  withdraw(index: number, addresses: readonly Address[]): void
  close(): void
}

interface Frame { readonly address: Address; readonly frame: Uint8Array }

export function openAnnouncer(): Announcer {
  const fd = kernel.openSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) // protocol 0: sends only
  const waiting = new Map<number, { readonly frames: Frame[]; readonly timer: NodeJS.Timeout }>()

  function transmit(index: number, frame: Uint8Array): void {
    const to = new Uint8Array(20) // struct sockaddr_ll
    const view = new DataView(to.buffer)
    view.setUint16(0, AF_PACKET, true)
    view.setInt32(4, index, true)
    view.setUint8(11, 6)
    to.set(frame.subarray(0, 6), 12)
    kernel.sendTo(fd, frame, to)
  }

  function later(index: number, frames: Frame[], perSecond: number): void {
    const queue = waiting.get(index)
    if (queue) return void queue.frames.push(...frames)
    const share = (perSecond * SLICE_MS) / 1000
    let may = 0 // a slice's share may be less than one
    const timer = setInterval(() => {
      try {
        may += share
        const now = Math.floor(may)
        may -= now
        for (const { frame } of frames.splice(0, now)) transmit(index, frame)
      } catch {
        frames.length = 0 // the link has gone; the next takeover announces anew
      }
      if (frames.length > 0) return
      clearInterval(timer)
      waiting.delete(index)
    }, SLICE_MS)
    waiting.set(index, { frames, timer })
  }

  return {
    announce({ index, mac }, addresses, count, perSecond) {
      const frameOf = (a: Address) => (typeof a === 'number' ? gratuitousArp(mac, a) : unsolicitedNeighborAdvertisement(mac, a, { router: false }))
      const once = addresses.map((address) => ({ address, frame: frameOf(address) }))
      const frames = Array.from({ length: count }, () => once).flat()
      if (perSecond > 0) return later(index, frames, perSecond)
      for (const { frame } of frames) transmit(index, frame)
    },
    withdraw(index, addresses) {
      const queue = waiting.get(index)
      if (!queue) return
      const left = queue.frames.filter((f) => !addresses.includes(f.address))
      queue.frames.length = 0
      queue.frames.push(...left)
    },
    close() {
      for (const { timer } of waiting.values()) clearInterval(timer)
      kernel.closeSocket(fd)
    },
  }
}
