/** Asks in turn, for every service address that this host holds, who else answers for it. */
import type { Address } from '../contract/address.ts'
import type { Inventory } from './io/netlink.ts'
import { openArpWatch, type ArpWatch } from './io/arp-watch.ts'
import type { Member } from './member.ts'
import type { Log } from './ports.ts'
import type { SplitWatch } from './split.ts'
import type { Instant } from '../contract/time.ts'

/** Each address is asked for once in so many ticks. */
const TURNS = 10

export interface Rivals {
  /** Once a second: takes the answers, asks for the next tenth of the addresses. */
  tick(members: readonly Member[], now: Instant): void
  forget(interfaceName: string): void
  close(): void
}

export function createRivals(o: { readonly inventory: () => Inventory; readonly split: SplitWatch; readonly log: Log }): Rivals {
  const watches = new Map<string, ArpWatch>()
  let turn = 0
  /** Addresses that somebody else answered for: asked for again at once. */
  let suspected = new Set<Address>()

  function watchOn(interfaceName: string): ArpWatch | undefined {
    const known = watches.get(interfaceName)
    if (known) return known
    const link = o.inventory().links.find((l) => l.name === interfaceName)
    if (!link?.mac) return undefined
    try {
      const watch = openArpWatch({ index: link.index, mac: link.mac })
      watches.set(interfaceName, watch)
      return watch
    } catch (error) {
      o.log.warn({ interface: interfaceName, error: String(error) }, 'cannot ask who else answers for service addresses')
      return undefined
    }
  }

  function forget(name: string): void {
    watches.get(name)?.close()
    watches.delete(name)
  }

  return {
    tick(members, now) {
      turn = (turn + 1) % TURNS
      suspected = new Set()
      const active = members.filter((m) => m.state.at === 'active')
      for (const [name, watch] of watches) {
        for (const { address, mac } of watch.collect()) {
          const m = active.find((x) => x.carrier === name && x.addresses.some((a) => a.address === address))
          if (!m) continue
          o.split.answered(m, mac, now)
          suspected.add(address)
        }
      }
      for (const m of active) {
        const inTurn = m.config.vrid % TURNS === turn
        for (const { address } of m.addresses) {
          if (typeof address === 'number' && (inTurn || suspected.has(address))) watchOn(m.carrier)?.probe(address)
        }
      }
    },
    forget,
    close: () => [...watches.keys()].forEach(forget),
  }
}
