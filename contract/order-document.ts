/**
 * How a priority order is written. Three spellings, one meaning: one host a line (`#` before a host takes it out of service;
 * a comma serves as well), a JSON array, or the full object.
 */
import { z } from 'zod'
import { refuse, type Order, type OrderRefusal } from './order.ts'
import { clip, inWords } from './phrases.ts'
import { ok, type Result } from './result.ts'

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
