/**
 * The priority order of a group: which host should serve first. Three spellings, one meaning:
 * one host a line (`#` before a host takes it out of service; a comma serves as well), a JSON array, or the full object.
 */
import { z } from 'zod'
import { clip, inWords } from './phrases.ts'
import { err, ok, type Result } from './result.ts'

export const OrderEntry = z.strictObject({
  host: z.string().min(1).max(63).describe('Short host name.'),
  inService: z.boolean().default(true).describe('false: serves only when nobody else does.'),
})
export const OrderDocument = z.strictObject({
  revision: z.int().min(0).optional().describe('Grows with every change. An order with an older revision than the one in force is rejected.'),
  hosts: z.array(OrderEntry).min(1).max(64).describe('First = preferred.'),
  by: z.string().max(200).optional().describe('Who ordered it.'),
  reason: z.string().max(500).optional().describe('Why.'),
  at: z.iso.datetime({ offset: true }).optional().describe('When, RFC 3339.'),
})
export type Order = z.output<typeof OrderDocument>

export type OrderFault =
  | 'not-an-order' | 'unknown-host' | 'host-twice' | 'nobody-in-service' | 'older-revision' | 'revision-reused'
export interface OrderRefusal { readonly fault: OrderFault; readonly message: string }

/** Reads any of the three spellings. `members` are the hosts of the group; a member left out is out of service, last. */
export function parseOrder(payload: string, members: readonly string[]): Result<Order, OrderRefusal> {
  if (payload.length > LARGEST) return refuse('not-an-order', `has ${payload.length} characters: an order has at most ${LARGEST}`)
  const read = spelling(payload.replace(/^\uFEFF/, '').trim())
  if (!read.ok) return read
  const named = read.value.hosts.map((h) => h.host)
  const unknown = named.filter((h) => !members.includes(h))
  if (unknown.length > 0) return refuse('unknown-host', `${clip(unknown.join(', '), 200)} not in this group: its hosts are ${members.join(', ')}`)
  const twice = named.filter((h, i) => named.indexOf(h) < i)
  if (twice.length > 0) return refuse('host-twice', `${clip([...new Set(twice)].join(', '), 200)} named twice`)
  if (!read.value.hosts.some((h) => h.inService)) return refuse('nobody-in-service', 'this order would leave nobody in service')
  const absent = members.filter((m) => !named.includes(m)).map((host) => ({ host, inService: false }))
  return ok({ ...read.value, hosts: [...read.value.hosts, ...absent] })
}

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

function spelling(payload: string): Result<Order, OrderRefusal> {
  if (payload.startsWith('[') || payload.startsWith('{')) return fromJson(payload)
  const hosts = payload.split(/[\r\n,]+/).map((line) => line.trim()).filter((line) => line !== '' && line !== '#')
    .map((line) => ({ host: line.replace(/^#\s*/, ''), inService: !line.startsWith('#') }))
  const odd = hosts.find((h) => !/^[A-Za-z0-9_-]{1,63}$/.test(h.host))
  if (odd) return refuse('not-an-order', `"${clip(odd.host, 80)}" is no short host name: want one host a line, a JSON array, or {"hosts": […]}`)
  if (hosts.length === 0) return refuse('not-an-order', 'names no host: an empty order changes nothing')
  return ok({ hosts })
}

function fromJson(payload: string): Result<Order, OrderRefusal> {
  let json: unknown
  try {
    json = JSON.parse(payload)
  } catch (e) {
    return refuse('not-an-order', `looks like JSON but is not: ${clip(e instanceof Error ? e.message : String(e), 200)}`)
  }
  const document = Array.isArray(json) ? { hosts: json } : json
  const list = (document as { hosts?: unknown } | null)?.hosts
  const entries = Array.isArray(list)
    ? list.map((h: unknown) => (typeof h === 'string' ? { host: h.replace(/^#\s*/, ''), inService: !h.startsWith('#') } : h)) : list
  const parsed = OrderDocument.safeParse({ ...(document as object), hosts: entries }, { error: inWords })
  if (parsed.success) return ok(parsed.data)
  return refuse('not-an-order', clip(parsed.error.issues.map((i) => `${z.core.toDotPath(i.path) || 'order'}: ${i.message}`).join('; '), 500))
}

/** More than the largest full object needs; a payload beyond it is not read at all. */
const LARGEST = 1 << 16

const refuse = (fault: OrderFault, message: string) => err<OrderRefusal>({ fault, message })
