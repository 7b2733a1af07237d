/** Service addresses on interfaces, through rtnetlink. */
import { familyOf, formatPrefixed, type Family } from '../../contract/address.ts'
import type { ServiceAddress } from '../../contract/config.ts'
import type { AddressTable, Log } from '../ports.ts'
import { AddressFlag, deleteAddress, newAddress } from '../wire/netlink.ts'
import { openAnnouncer } from './announcer.ts'
import * as kernel from './kernel.ts'
import type { Macvlans } from './macvlan.ts'
import type { Netlink } from './netlink.ts'
import { createAwaitRoutes } from './new-routes.ts'

/** Renewals in one message to the kernel. */
const MOST_AT_ONCE = 100
const SCOPE = { global: 0, link: 253, host: 254 } as const // RT_SCOPE_…

export function openAddresses(netlink: Netlink, macvlans: Macvlans, log: Log): AddressTable & { forgetMac(name: string): void; close(): void } {
  const announcer = openAnnouncer()
  const { ask, indexOf } = netlink
  const awaitRoutes = createAwaitRoutes({ isLocal: netlink.isLocal, now: () => performance.now(), sleep: kernel.sleep })
  const macs = new Map<number, Uint8Array>()
  function macOf(index: number): Uint8Array | undefined {
    if (!macs.has(index)) for (const l of netlink.links()) if (l.mac) macs.set(l.index, l.mac)
    return macs.get(index)
  }

  /** `sequence` 0: a renewal, which asks for no answer. */
  const request = (name: string, a: ServiceAddress, leaseSeconds: number | undefined, sequence: number) => newAddress({
    sequence, acknowledge: sequence !== 0, index: indexOf(name), address: a.address, prefix: a.prefix, replace: true,
    validLifetimeSeconds: leaseSeconds ?? 'forever',
    // Deprecated from the start: a service address is answered from, never chosen as a source (RFC 6724 §5, rule 3).
    preferredLifetimeSeconds: a.source ? (leaseSeconds ?? 'forever') : 0,
    flags: (familyOf(a.address) === 6 && !a.duplicateDetection ? AddressFlag.noDuplicateDetection : 0)
      // No route by default over IPv6: with a lifetime, it would put an expiry on the on-link route of the host's own address.
      // None on a macvlan either: answers leave through the interface below it.
      | (a.prefixRoute && !macvlans.has(name) ? 0 : AddressFlag.noPrefixRoute),
    scope: SCOPE[a.scope],
    ...(a.label === undefined ? {} : { label: a.label }),
  })
  /** Renewals are the same bytes again and again. */
  const renewals = new WeakMap<ServiceAddress, { readonly index: number; readonly leaseSeconds: number; readonly bytes: Uint8Array }>()
  let waiting: Uint8Array[] = []

  return {
    hold(name, addresses, leaseSeconds) {
      macvlans.raise(name)
      const refused: string[] = []
      const add = (family: Family) => {
        const some = addresses.filter((a) => familyOf(a.address) === family)
        for (const a of some) {
          let errno = ask((n) => request(name, a, leaseSeconds, n))
          if (errno === kernel.ENODEV && netlink.forgetIndex(name)) errno = ask((n) => request(name, a, leaseSeconds, n)) // made anew since
          if (errno !== 0) refused.push(`${formatPrefixed(a)} on ${name}: errno ${errno}`)
        }
        return some
      }
      const awaited = add(6).filter((a) => !a.duplicateDetection).map((a) => a.address)
      if (refused.length === 0 && awaited.length > 0) awaitRoutes(name, awaited)
      add(4) // these are there at once: the shorter two hosts have them, the better
      return refused
    },
    renew(name, addresses, leaseSeconds) {
      const index = indexOf(name)
      for (const a of addresses) {
        const known = renewals.get(a)
        const bytes = known?.index === index && known.leaseSeconds === leaseSeconds ? known.bytes : request(name, a, leaseSeconds, 0)
        if (known?.bytes !== bytes) renewals.set(a, { index, leaseSeconds, bytes })
        waiting.push(bytes)
      }
      if (waiting.length >= MOST_AT_ONCE) this.flush()
    },
    flush() {
      if (waiting.length === 0) return
      const all = waiting
      waiting = []
      try {
        netlink.tell(all)
      } catch (error) {
        log.warn({ error: String(error) }, 'could not renew service addresses')
      }
    },
    release(name, addresses) {
      const index = indexOf(name)
      if (index === 0) return
      announcer.withdraw(index, addresses.map((a) => a.address))
      for (const a of addresses) ask((n) => deleteAddress({ sequence: n, index, address: a.address, prefix: a.prefix }))
      macvlans.lower(name)
    },
    present(name) {
      const index = indexOf(name)
      return new Set(netlink.addresses().filter((a) => a.index === index).map((a) => a.address))
    },
    announce(name, addresses, { count, perSecond }) {
      const index = indexOf(name)
      const mac = index === 0 ? undefined : macOf(index)
      if (!mac) return
      try {
        announcer.announce({ index, mac }, addresses.map((a) => a.address), count, perSecond)
      } catch (error) {
        macs.delete(index)
        netlink.forgetIndex(name)
        log.warn({ interface: name, error: String(error) }, 'could not announce the service addresses')
      }
    },
    forgetMac: (name) => void macs.delete(indexOf(name)),
    close: () => announcer.close(),
  }
}
