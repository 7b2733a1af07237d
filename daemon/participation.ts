/** Lets each router take part as soon as its interface can carry it, and takes it out when the interface goes. */
import type { Instant } from '../contract/time.ts'
import type { Macvlans } from './io/macvlan.ts'
import type { Sockets } from './io/sockets.ts'
import type { Member } from './member.ts'
import type { LinkMonitor, Log } from './ports.ts'
import type { Runtime } from './runtime.ts'

export interface Participation {
  /** Starts the router, or remembers that it waits and says why once. */
  start(m: Member): void
  /** Looks again at the routers that wait. */
  retry(): void
  /** An interface became usable, or unusable. */
  changed(interfaceName: string, usable: boolean): void
  /** Its configuration is gone; it waits no more. */
  forget(m: Member): void
}

export function createParticipation(o: {
  readonly host: string; readonly macvlans: Macvlans; readonly runtime: Runtime; readonly links: LinkMonitor; readonly sockets: Sockets; readonly log: Log
  /** No router takes part before then. */
  readonly from: Instant; readonly now: () => Instant
}): Participation {
  const { runtime, links, macvlans, sockets, log } = o
  const waiting = new Map<Member, string>()

  function start(m: Member): void {
    if (m.state.at !== 'initialize') return
    const why = o.now() < o.from ? 'startDelay is not over' : obstacle(m)
    if (why === undefined) {
      waiting.delete(m)
      return runtime.input(m, { is: 'startup' })
    }
    if (waiting.get(m) !== why) log.warn({ router: m.name }, `${m.name} does not take part yet: ${why}`)
    waiting.set(m, why)
  }

  /** Opens the socket; says why not. */
  function obstacle(m: Member): string | undefined {
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

  return {
    start,
    retry: () => [...waiting.keys()].forEach(start),
    changed(name, usable) {
      const there = runtime.members.filter((m) => m.interface === name)
      if (there.length === 0) return
      log.warn({ interface: name }, `interface ${name} is ${usable ? 'usable again' : 'down'}`)
      if (usable) return there.forEach(start)
      for (const m of there) {
        runtime.input(m, { is: 'lost', why: 'interface-down' })
        m.socket = undefined
        m.sender = undefined
      }
      sockets.forget(name)
    },
    forget: (m) => void waiting.delete(m),
  }
}
