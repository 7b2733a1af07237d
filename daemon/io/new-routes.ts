/**
 * A worker of the kernel makes the route by which a host receives for a new IPv6 address. It is an ordinary thread of this
 * very processor: while the election's thread runs on, the address is not there, and must not be announced.
 */
import type { Address } from '../../contract/address.ts'

const LONGEST_WORK_MS = 5, LOOK_AGAIN_MS = 0.05

/**
 * The function returns when the host receives for all of the addresses, or its patience with that interface has come to an
 * end. `now` and `sleep`: milliseconds.
 */
export function createAwaitRoutes(o: {
  readonly isLocal: (address: Address) => boolean; readonly now: () => number; readonly sleep: (ms: number) => void
}): (interfaceName: string, addresses: readonly Address[]) => void {
  /** Who waited in vain waits half as long the next time: in a VRF the routes are in a table of their own, for ever. */
  const patience = new Map<string, number>()
  return (name, addresses) => {
    const most = patience.get(name) ?? LONGEST_WORK_MS
    const until = o.now() + most
    const came = addresses.every((address) => {
      while (!o.isLocal(address)) {
        if (o.now() >= until) return false
        o.sleep(LOOK_AGAIN_MS)
      }
      return true
    })
    patience.set(name, came ? LONGEST_WORK_MS : most / 2)
  }
}
