/** Lets each router take part as soon as its interface can carry it, and takes it out when the interface goes. */
import type { Address } from '../contract/address.ts'
import { after, seconds, type Instant } from '../contract/time.ts'
import type { Macvlans } from './io/macvlan.ts'
import type { Sockets } from './io/sockets.ts'
import type { Member } from './member.ts'
import type { LinkMonitor, Log } from './ports.ts'
import type { Runtime } from './runtime.ts'

/** A router whose addresses the kernel refused stays out so long: another host serves, and nothing flaps. */
const AFTER_REFUSAL = seconds(30)

export interface Participation {
  /** Starts the router, or remembers that it waits and says why once. */
  start(m: Member): void
  /** Looks again at the routers that wait. */
  retry(): void
  /** An interface became usable, or unusable. */
  changed(interfaceName: string, usable: boolean): void
  /** An address has gone. If we sent from it, its routers leave until there is another. */
  renumbered(interfaceName: string, address: Address): void
  /** The kernel does not take the router's addresses: it had better be served elsewhere for a while. */
  refused(m: Member): void
  /** Its configuration is gone; it waits no more. */
  forget(m: Member): void
}

export function createParticipation(o: {
  readonly host: string; readonly macvlans: Macvlans; readonly runtime: Runtime; readonly links: LinkMonitor; readonly sockets: Sockets; readonly log: Log
  /** No router takes part before then. */
  readonly from: Instant; readonly now: () => Instant
  /** What a router needs is not there; or is again. */
  readonly takesPart: (m: Member, does: boolean) => void
}): Participation {
  const { runtime, links, macvlans, sockets, log } = o
  const waiting = new Map<Member, string>(), hindered = new Set<Member>()
  const notBefore = new Map<Member, Instant>()

  function start(m: Member): void {
    if (m.state.at !== 'initialize') return
    const early = o.now() < o.from, why = early ? 'startDelay is not over' : obstacle(m)
    if (why === undefined) {
      waiting.delete(m)
      runtime.input(m, { is: 'startup' })
      return free(m)
    }
    if (!early && !hindered.has(m)) {
      hindered.add(m)
      o.takesPart(m, false)
    }
    if (waiting.get(m) !== why) log.warn({ router: m.name }, `${m.name} does not take part yet: ${why}`)
    waiting.set(m, why)
  }

  function free(m: Member): void {
    if (hindered.delete(m)) o.takesPart(m, true)
  }

  /** Opens the socket; says why not. */
  function obstacle(m: Member): string | undefined {
    if (o.now() < (notBefore.get(m) ?? 0)) return 'the kernel refused its addresses'
    if (!links.state(m.interface).usable) return `interface ${m.interface} is down or absent`
    try {
      const own = m.config.unicast?.peers[o.host]
      const socket = sockets.open(m.interface, m.family, m.config.unicast && own !== undefined ? { ...m.config.unicast, own } : undefined)
      if (typeof socket === 'string') return socket
      m.socket = socket
      if (m.config.mac === 'virtual') {
        const index = macvlans.make({ parent: m.interface, family: m.family, vrid: m.config.vrid })
        if (typeof index === 'string') return index
        // Over IPv6 the source is link-local and belongs to the interface below; only IPv4 is sent from the macvlan.
        if (m.family === 4) m.sender = sockets.sender(socket, m.carrier, index)
      }
      m.params = { ...m.params, primary: socket.source }
      return undefined
    } catch (error) {
      return `no VRRP socket on ${m.interface}: ${String(error)}`
    }
  }

  function leave(m: Member): void {
    runtime.input(m, { is: 'lost', why: 'interface-down' })
    m.socket = undefined
    m.sender = undefined
  }

  return {
    start,
    retry: () => [...waiting.keys()].forEach(start),
    changed(name, usable) {
      const there = runtime.members.filter((m) => m.interface === name)
      if (there.length === 0) return
      log.warn({ interface: name }, `interface ${name} is ${usable ? 'usable again' : 'down'}`)
      if (usable) return there.forEach(start)
      there.forEach(leave)
      sockets.forget(name)
    },
    renumbered(name, address) {
      const senders = runtime.members.filter((m) => m.interface === name && m.socket?.source === address)
      if (senders.length === 0) return
      for (const m of senders) leave(m)
      sockets.forget(name)
      senders.forEach(start)
    },
    refused(m) {
      notBefore.set(m, after(o.now(), AFTER_REFUSAL))
      start(m)
    },
    forget(m) {
      waiting.delete(m)
      free(m)
      notBefore.delete(m)
    },
  }
}
