/**
 * Interfaces with the virtual router MAC address (RFC 9568 §7.3), one for each router with `mac: virtual`. Such an
 * interface is up on the active host only, so that nobody else answers from that address.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Family } from '../../contract/address.ts'
import { macvlanName, type Log } from '../ports.ts'
import { virtualMac } from '../wire/mac.ts'
import { createMacvlan, deleteLink, setLinkDown, setLinkUp } from '../wire/netlink.ts'
import type { Netlink } from './netlink.ts'

export interface Macvlans {
  /** Makes the interface, down, and returns its index; what the kernel refused otherwise. */
  make(o: { readonly parent: string; readonly family: Family; readonly vrid: number }): number | string
  has(name: string): boolean
  raise(name: string): void
  lower(name: string): void
  /** Removes all that were made, and puts back the settings of the interfaces below. */
  close(): void
}

export function createMacvlans(netlink: Netlink, log: Log): Macvlans {
  const up = new Map<string, boolean>()
  /** Settings as they were, to be put back. */
  const before = new Map<string, string>()
  const { ask, indexOf } = netlink

  function remove(name: string): void {
    const index = indexOf(name)
    if (index !== 0) ask((sequence) => deleteLink({ sequence, index }))
    netlink.forgetIndex(name)
  }
  /** How the kernel chooses who answers ARP: only the interface that has the address. */
  function set(name: string, setting: string, value: number): void {
    const file = `/proc/sys/net/ipv4/conf/${name}/${setting}`
    try {
      if (!before.has(file)) before.set(file, readFileSync(file, 'utf8'))
      writeFileSync(file, `${value}\n`)
    } catch (error) {
      log.warn({ interface: name, error: String(error) }, `cannot set ${setting}=${value}: neighbours may learn the wrong MAC address`)
    }
  }

  return {
    make({ parent, family, vrid }) {
      const name = macvlanName(parent, family, vrid)
      remove(name) // of a predecessor that was killed
      const parentIndex = indexOf(parent)
      // Bridge mode: in private mode the kernel keeps a rival's advertisement, which comes from the same MAC address, to the macvlan.
      const errno = ask((sequence) => createMacvlan({ sequence, parentIndex, name, mac: virtualMac(family, vrid), mode: 'bridge' }))
      if (errno !== 0) {
        netlink.forgetIndex(parent)
        return `no macvlan on ${parent}: errno ${errno}`
      }
      up.set(name, false)
      set(parent, 'arp_ignore', 1)
      set(parent, 'arp_filter', 1)
      set(parent, 'arp_announce', 2) // or a question of ours, sent from a service address, teaches the wrong MAC address
      set(name, 'arp_ignore', 1)
      set(name, 'rp_filter', 0)
      set(name, 'accept_local', 1)
      return indexOf(name)
    },
    has: (name) => up.has(name),
    raise(name) {
      if (up.get(name) !== false) return
      ask((sequence) => setLinkUp({ sequence, index: indexOf(name) }))
      up.set(name, true)
    },
    lower(name) {
      if (!up.get(name)) return
      ask((sequence) => setLinkDown({ sequence, index: indexOf(name) }))
      up.set(name, false)
    },
    close() {
      for (const name of up.keys()) remove(name)
      up.clear()
      for (const [file, value] of before) if (existsSync(file)) writeFileSync(file, value)
    },
  }
}
