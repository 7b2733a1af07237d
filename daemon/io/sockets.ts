/** Opens the VRRP socket of an interface and family as soon as the interface has an address to send from. */
import { formatAddress, isLinkLocal, type Address, type Family } from '../../contract/address.ts'
import type { Unicast } from '../../contract/config.ts'
import type { AdvertSocket, Log, Receive } from '../ports.ts'
import { AddressFlag } from '../wire/netlink.ts'
import { openAdvertSocket } from './advert-socket.ts'
import type { Inventory } from './netlink.ts'

export interface Sockets {
  /** The socket, opened anew when the interface was made anew; the reason in words while there is none. */
  open(interfaceName: string, family: Family, unicast?: Unicast & { readonly own: Address }): AdvertSocket | string
  /** Sends from another interface, a macvlan, with the source address of `socket`. */
  sender(socket: AdvertSocket, interfaceName: string, index: number): AdvertSocket
  /** After a stall: takes what waits in all of them, a turn's worth each. */
  drain(): void
  /** The interface has gone: its sockets lead nowhere. */
  forget(interfaceName: string): void
  close(): void
}

export function createSockets(o: {
  readonly inventory: () => Inventory; readonly serviceAddresses: ReadonlySet<Address>; readonly receive: Receive; readonly log: Log
}): Sockets {
  const open = new Map<string, ReturnType<typeof openAdvertSocket>>()
  const key = (name: string, family: Family, hopLimit: number | undefined) => `${name}/${family}/${hopLimit ?? ''}`

  function sourceOn(index: number, family: Family): Address | undefined {
    const usable = o.inventory().addresses.filter((a) =>
      a.index === index && a.family === family && (a.flags & AddressFlag.tentative) === 0 && !o.serviceAddresses.has(a.address))
    return (family === 4 ? usable[0] : usable.find((a) => isLinkLocal(a.address)))?.address
  }

  return {
    open(name, family, unicast) {
      const known = open.get(key(name, family, unicast?.minHopLimit))
      if (known) return known
      const link = o.inventory().links.find((l) => l.name === name)
      if (!link) return `there is no interface ${name}`
      const own = unicast?.own
      const source = own === undefined ? sourceOn(link.index, family) : o.inventory().addresses.find((a) => a.index === link.index && a.address === own)?.address
      if (own !== undefined && source === undefined) return `${name} has not the address ${formatAddress(own)} that unicast.peers gives this host`
      if (source === undefined) return family === 4 ? `${name} has no IPv4 address of its own to send from` : `${name} has no link-local IPv6 address yet`
      const socket = openAdvertSocket({ interface: name, index: link.index, family, source, unicast, receive: o.receive, log: o.log })
      open.set(key(name, family, unicast?.minHopLimit), socket)
      return socket
    },
    sender(socket, name, index) {
      open.get(`${name}/`)?.close()
      const sender = openAdvertSocket({ interface: name, index, family: socket.family, source: socket.source, unicast: undefined, receive: undefined, log: o.log })
      open.set(`${name}/`, sender)
      return sender
    },
    drain() {
      for (const socket of open.values()) socket.drain()
    },
    forget(name) {
      for (const [key, socket] of open) {
        if (!key.startsWith(`${name}/`)) continue
        socket.close()
        open.delete(key)
      }
    },
    close() {
      for (const socket of open.values()) socket.close()
      open.clear()
    },
  }
}
