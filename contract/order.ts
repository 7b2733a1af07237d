/**
 * The priority order of a group: which host should serve first, and what follows from it. How it is written is
 * `order-document.ts`, apart from here, so that the election's thread need not load a schema library.
 */
import type { z } from 'zod'
import type { OrderDocument } from './order-document.ts'
import { err, ok, type Result } from './result.ts'

export type Order = z.output<typeof OrderDocument>

export type OrderFault =
  | 'not-an-order' | 'unknown-host' | 'host-twice' | 'nobody-in-service' | 'older-revision' | 'revision-reused'
export interface OrderRefusal { readonly fault: OrderFault; readonly message: string }

/** May `next` replace the order in force? Without a revision the newest word counts, and keeps the revision reached. */
export function succeed(inForce: Order | undefined, next: Order): Result<Order, OrderRefusal> {
  const reached = inForce?.revision
  if (next.revision === undefined) return ok(reached === undefined ? next : { ...next, revision: reached })
  if (reached !== undefined && next.revision < reached) {
    return refuse('older-revision', `revision ${next.revision} is older than ${reached}, which is in force`)
  }
  if (inForce && next.revision === reached && !sameHosts(inForce, next)) {
    return refuse('revision-reused', `revision ${next.revision} is in force with other hosts: use ${next.revision + 1}`)
  }
  return ok(next)
}

export const sameHosts = (a: Order, b: Order): boolean => spell(a) === spell(b)
/** The one-line spelling, e.g. `dns1, dns2, #dns3`. */
export const spell = (o: Order): string => o.hosts.map((h) => `${h.inService ? '' : '#'}${h.host}`).join(', ')
/** The order before any was published: the cluster file's list, everybody in service. */
export const firstOrder = (members: readonly string[]): Order => ({ hosts: members.map((host) => ({ host, inService: true })) })

/** Where a host stands in the order of one router. */
export interface Place {
  /** 0 = first. Hosts out of service keep their place, so that taking one out changes nobody else's priority. */
  readonly rank: number
  readonly inService: boolean
  /** Nobody who is in service stands before this host. */
  readonly foremost: boolean
}

export function placeOf(host: string, order: Order, direction: 'forward' | 'reverse'): Place | undefined {
  const hosts = direction === 'forward' ? order.hosts : order.hosts.toReversed()
  const rank = hosts.findIndex((h) => h.host === host)
  const own = hosts[rank]
  return own && { rank, inService: own.inService, foremost: own.inService && !hosts.slice(0, rank).some((h) => h.inService) }
}

export const refuse = (fault: OrderFault, message: string) => err<OrderRefusal>({ fault, message })
