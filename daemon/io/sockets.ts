/** Opens the VRRP socket of an interface and family as soon as the interface has an address to send from. */
import { isLinkLocal, type Address, type Family } from '../../contract/address.ts'
import type { AdvertSocket, Log, Receive } from '../ports.ts'
import { AddressFlag } from '../wire/netlink.ts'
import { openAdvertSocket } from './advert-socket.ts'
import type { Inventory } from './addresses.ts'

export interface Sockets {
  /** The socket, opened anew when the interface was made anew; the reason in words while there is none. */
  open(interfaceName: string, family: Family): AdvertSocket | string
  /** The interface has gone: its sockets lead nowhere. */
  forget(interfaceName: string): void
  close(): void
}

export function createSockets(o: {
  readonly inventory: () => Inventory; readonly serviceAddresses: ReadonlySet<Address>; readonly receive: Receive; readonly log: Log
}): Sockets {
  const open = new Map<string, AdvertSocket>()
  const key = (name: string, family: Family) => `${name}/${family}`

  function sourceOn(index: number, family: Family): Address | undefined {
    const usable = o.inventory().addresses.filter((a) =>
      a.index === index && a.family === family && (a.flags & AddressFlag.tentative) === 0 && !o.serviceAddresses.has(a.address))
    return (family === 4 ? usable[0] : usable.find((a) => isLinkLocal(a.address)))?.address
  }

  return {
    open(name, family) {
      const known = open.get(key(name, family))
      if (known) return known
      const link = o.inventory().links.find((l) => l.name === name)
      if (!link) return `there is no interface ${name}`
      const source = sourceOn(link.index, family)
      if (source === undefined) return family === 4 ? `${name} has no IPv4 address of its own to send from` : `${name} has no link-local IPv6 address yet`
      const socket = openAdvertSocket({ interface: name, index: link.index, family, source, receive: o.receive, log: o.log })
      open.set(key(name, family), socket)
      return socket
    },
    forget(name) {
      for (const family of [4, 6] as const) {
        open.get(key(name, family))?.close()
        open.delete(key(name, family))
      }
    },
    close() {
      for (const socket of open.values()) socket.close()
      open.clear()
    },
  }
}
