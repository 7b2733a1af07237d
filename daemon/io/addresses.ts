/** Service addresses on interfaces, through rtnetlink. */
import { closeSync } from 'node:fs'
import { familyOf, formatPrefixed, type Address } from '../../contract/address.ts'
import type { AddressTable, Log } from '../ports.ts'
import { AddressFlag, deleteAddress, dumpAddresses, dumpLinks, newAddress, parseNetlink, type AddressMessage, type LinkMessage, type NetlinkMessage } from '../wire/netlink.ts'
import { openAnnouncer } from './announcer.ts'
import * as kernel from './kernel.ts'

const AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, NETLINK_ROUTE = 0
const TO_KERNEL = new Uint8Array([AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) // struct sockaddr_nl
const EPERM = 1
const SCOPE = { global: 0, link: 253, host: 254 } as const // RT_SCOPE_…

/** What the kernel knows about links and addresses at this moment. */
export interface Inventory { readonly links: readonly LinkMessage[]; readonly addresses: readonly AddressMessage[] }

export interface Addresses extends AddressTable {
  inventory(): Inventory
  close(): void
}

export function openAddresses(log: Log): Addresses {
  const netlink = kernel.openSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
  const announcer = openAnnouncer()
  const buffer = new Uint8Array(1 << 16)
  let sequence = 0

  /** Sends one request and returns errno, 0 for success. */
  function ask(request: (sequence: number) => Uint8Array): number {
    sequence = (sequence + 1) >>> 0
    const own = sequence
    kernel.sendTo(netlink, request(own), TO_KERNEL)
    for (;;) {
      for (const m of received()) if (m.is === 'ack' && m.sequence === own) return m.errno
    }
  }
  function dumpAll(request: (r: { readonly sequence: number }) => Uint8Array): NetlinkMessage[] {
    kernel.sendTo(netlink, request({ sequence: ++sequence }), TO_KERNEL)
    const all: NetlinkMessage[] = []
    for (;;) {
      const part = received()
      all.push(...part)
      if (part.some((m) => m.is === 'done')) return all
      if (part.some((m) => m.is === 'ack' && m.errno !== 0)) return all
    }
  }
  const received = () => parseNetlink(buffer.subarray(0, kernel.receive(netlink, buffer, 0) ?? 0))

  // Anybody may ask over netlink; only a change shows whether we may make one. This one changes nothing: there is no such interface.
  if (ask((n) => deleteAddress({ sequence: n, index: 0x7fff_ffff, address: 0, prefix: 32 })) === EPERM) throw new Error('changing addresses: EPERM')

  /** Asking for it costs three system calls; a wrong one is noticed, because the kernel then refuses. */
  const indexes = new Map<string, number>()
  function indexOf(name: string): number {
    const index = indexes.get(name) ?? kernel.interfaceIndex(name)
    if (index !== 0) indexes.set(name, index)
    return index
  }
  const macs = new Map<number, Uint8Array>()
  function macOf(index: number): Uint8Array | undefined {
    const known = macs.get(index)
    if (known) return known
    for (const l of inventory().links) if (l.mac) macs.set(l.index, l.mac)
    return macs.get(index)
  }
  function inventory(): Inventory {
    const links = dumpAll(dumpLinks).filter((m) => m.is === 'link')
    const addresses = dumpAll(dumpAddresses).filter((m) => m.is === 'address')
    return { links, addresses }
  }
  return {
    inventory,
    hold(interfaceName, addresses, leaseSeconds) {
      const refused: string[] = []
      for (const a of addresses) {
        const request = (index: number) => ask((n) => newAddress({
          sequence: n, index, address: a.address, prefix: a.prefix, replace: true,
          validLifetimeSeconds: leaseSeconds ?? 'forever',
          // Deprecated from the start: a service address is answered from, never chosen as a source (RFC 6724 §5, rule 3).
          preferredLifetimeSeconds: a.source ? (leaseSeconds ?? 'forever') : 0,
          flags: (familyOf(a.address) === 6 && !a.duplicateDetection ? AddressFlag.noDuplicateDetection : 0)
            // No route by default over IPv6: with a lifetime, it would put an expiry on the on-link route of the host's own address.
            | (a.prefixRoute ? 0 : AddressFlag.noPrefixRoute),
          scope: SCOPE[a.scope],
          ...(a.label === undefined ? {} : { label: a.label }),
        }))
        let errno = request(indexOf(interfaceName))
        if (errno === kernel.ENODEV && indexes.delete(interfaceName)) errno = request(indexOf(interfaceName)) // made anew since
        if (errno !== 0) refused.push(`${formatPrefixed(a)} on ${interfaceName}: errno ${errno}`)
      }
      return refused
    },
    release(interfaceName, addresses) {
      const index = indexOf(interfaceName)
      if (index === 0) return
      for (const a of addresses) ask((n) => deleteAddress({ sequence: n, index, address: a.address, prefix: a.prefix }))
    },
    present(interfaceName) {
      const index = indexOf(interfaceName)
      return new Set<Address>(dumpAll(dumpAddresses).filter((m) => m.is === 'address').filter((a) => a.index === index).map((a) => a.address))
    },
    announce(interfaceName, addresses, { count, perSecond }) {
      const index = indexOf(interfaceName)
      const mac = index === 0 ? undefined : macOf(index)
      if (!mac) return
      try {
        announcer.announce({ index, mac }, addresses.map((a) => a.address), count, perSecond)
      } catch (error) {
        macs.delete(index)
        indexes.delete(interfaceName)
        log.warn({ interface: interfaceName, error: String(error) }, 'could not announce the service addresses')
      }
    },
    close() {
      closeSync(netlink)
      announcer.close()
    },
  }
}
