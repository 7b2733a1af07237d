/** Does a sound advertisement fit our own configuration? (RFC 9568 §7.1 and RFC 3768 §7.1, the checks that need it.) */
import type { Address } from '../../contract/address.ts'
import type { Ms } from '../../contract/time.ts'
import type { Advertisement, Authentication, Rejected } from './advertisement.ts'

export interface Expected {
  readonly version: 2 | 3
  readonly addresses: readonly Address[]
  readonly interval: Ms
  readonly authentication: Authentication
  /** How often each address is listed; filled in by `prepareExpected`, counted anew for each packet without it. */
  readonly members?: ReadonlyMap<Address, number>
}

/** Does once what a packet in another order would need every time. */
export const prepareExpected = (e: Expected): Expected => ({ ...e, members: countMembers(e.addresses) })

/**
 * What of a sound advertisement does not fit our router; undefined when all fits. The order of the lists does not matter,
 * count and members do. v2: the interval must equal ours (RFC 3768 §7.1) and so must the authentication, in full.
 * v3: the interval is learned from the active router, so not compared here, and there is no authentication.
 */
export function mismatch(a: Advertisement, e: Expected): Rejected | undefined {
  if (a.version !== e.version) return { reject: 'version', detail: `version ${a.version}, ours is ${e.version}` }
  if (a.version === 2) {
    const fault = authenticationFault(a.authentication, e.authentication)
    if (fault !== undefined) return fault
    if (a.interval !== e.interval) {
      return { reject: 'interval', detail: `interval ${a.interval} ms, ours is ${e.interval} ms` }
    }
  }
  if (a.addresses.length !== e.addresses.length) {
    return { reject: 'address-list', detail: `${a.addresses.length} addresses, ours are ${e.addresses.length}` }
  }
  if (sameOrder(a.addresses, e.addresses) || sameMembers(a.addresses, e)) return undefined
  return { reject: 'address-list', detail: 'as many addresses as ours, but not the same' }
}

function authenticationFault(theirs: Authentication, ours: Authentication): Rejected | undefined {
  if (theirs.type !== ours.type) {
    return { reject: 'authentication-type', detail: `authentication ${theirs.type}, ours is ${ours.type}` }
  }
  if (theirs.type === 'none' || ours.type === 'none') return undefined
  for (let i = 0; i < 8; i++) {
    if (theirs.password[i] !== ours.password[i]) return { reject: 'authentication', detail: 'the password is not ours' }
  }
  return undefined
}

/** The usual case, and the cheap one: every host lists the addresses of one cluster file. */
function sameOrder(a: readonly Address[], b: readonly Address[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function sameMembers(theirs: readonly Address[], e: Expected): boolean {
  const left = new Map(e.members ?? countMembers(e.addresses))
  for (const address of theirs) {
    const n = left.get(address) ?? 0
    if (n === 0) return false
    left.set(address, n - 1)
  }
  return true
}

function countMembers(addresses: readonly Address[]): Map<Address, number> {
  const members = new Map<Address, number>()
  for (const address of addresses) members.set(address, (members.get(address) ?? 0) + 1)
  return members
}
