/** One netlink socket for questions and changes. Synchronous: the kernel answers within microseconds. */
import type { Address } from '../../contract/address.ts'
import { deleteAddress, dumpAddresses, dumpLinks, getRoute, parseNetlink, type AddressMessage, type LinkMessage, type NetlinkMessage } from '../wire/netlink.ts'
import { joined } from '../wire/bytes.ts'
import * as kernel from './kernel.ts'

const AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, NETLINK_ROUTE = 0
const TO_KERNEL = new Uint8Array([AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) // struct sockaddr_nl
const EPERM = 1

/** What the kernel knows about links and addresses at this moment. */
export interface Inventory { readonly links: readonly LinkMessage[]; readonly addresses: readonly AddressMessage[] }

export interface Netlink {
  /** Sends one request and returns errno, 0 for success. */
  ask(request: (sequence: number) => Uint8Array): number
  /** Sends requests that ask for no answer; errors of earlier ones are taken off the socket. */
  tell(requests: readonly Uint8Array[]): void
  /** Whether this host receives what is sent to the address. */
  isLocal(address: Address): boolean
  addresses(): readonly AddressMessage[]
  links(): readonly LinkMessage[]
  inventory(): Inventory
  /** 0 where there is no such interface. Remembered: asking costs three system calls, and a wrong one is noticed by `ask`. */
  indexOf(interfaceName: string): number
  forgetIndex(interfaceName: string): boolean
  close(): void
}

/** Throws where this process may not change addresses. */
export function openNetlink(): Netlink {
  const socket = kernel.openSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
  const buffer = new Uint8Array(1 << 16)
  const indexes = new Map<string, number>()
  let sequence = 0

  const received = () => parseNetlink(buffer.subarray(0, kernel.receive(socket, buffer, 0) ?? 0))
  function answerTo(request: (sequence: number) => Uint8Array): Extract<NetlinkMessage, { is: 'ack' | 'route' }> {
    sequence = (sequence + 1) >>> 0
    const own = sequence
    kernel.sendTo(socket, request(own), TO_KERNEL)
    for (;;) {
      for (const m of received()) if ((m.is === 'ack' || m.is === 'route') && m.sequence === own) return m
    }
  }
  function ask(request: (sequence: number) => Uint8Array): number {
    const answer = answerTo(request)
    return answer.is === 'ack' ? answer.errno : 0
  }
  function isLocal(address: Address): boolean {
    const answer = answerTo((n) => getRoute({ sequence: n, address }))
    return answer.is === 'route' && answer.toSelf
  }
  function dump(request: (r: { readonly sequence: number }) => Uint8Array): NetlinkMessage[] {
    kernel.sendTo(socket, request({ sequence: ++sequence }), TO_KERNEL)
    const all: NetlinkMessage[] = []
    for (;;) {
      const part = received()
      all.push(...part)
      if (part.some((m) => m.is === 'done' || (m.is === 'ack' && m.errno !== 0))) return all
    }
  }
  function tell(requests: readonly Uint8Array[]): void {
    kernel.sendTo(socket, joined(requests), TO_KERNEL)
    while (kernel.receive(socket, buffer, kernel.MSG_DONTWAIT) !== undefined);
  }
  const links = () => dump(dumpLinks).filter((m) => m.is === 'link')
  const addresses = () => dump(dumpAddresses).filter((m) => m.is === 'address')

  // Anybody may ask; only a change shows whether we may make one. This one changes nothing: there is no such interface.
  if (ask((n) => deleteAddress({ sequence: n, index: 0x7fff_ffff, address: 0, prefix: 32 })) === EPERM) throw new Error('changing addresses: EPERM')

  return {
    ask,
    tell,
    isLocal,
    links,
    addresses,
    inventory: () => ({ links: links(), addresses: addresses() }),
    indexOf(name) {
      const index = indexes.get(name) ?? kernel.interfaceIndex(name)
      if (index !== 0) indexes.set(name, index)
      return index
    },
    forgetIndex: (name) => indexes.delete(name),
    close: () => kernel.closeSocket(socket),
  }
}
