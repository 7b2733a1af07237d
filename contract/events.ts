/**
 * What daemons tell: events (CloudEvents 1.0, structured JSON, unretained) and retained documents.
 * Readers tolerate keys they do not know, so that hosts of different releases can live together.
 */
import { z } from 'zod'
import { OrderEntry } from './order-document.ts'

const State = z.enum(['initialize', 'backup', 'active'])
export type RouterState = z.output<typeof State>
export const Health = z.enum(['unknown', 'healthy', 'degraded', 'failed'])
export type Health = z.output<typeof Health>

/** Why something happened: a code with a page in the documentation. */
export const Reason = z.enum([
  'started', 'stopped', 'reloaded',
  'nobody-active', 'active-silent', 'active-left', 'active-worse', 'active-failing', 'address-owner',
  'outranked', 'check-failed', 'check-degraded', 'check-recovered', 'order-changed', 'maintenance', 'interface-down',
  'order-accepted', 'order-refused', 'unclean-exit', 'two-active', 'one-active',
  'foreign-vrid', 'foreign-advertisement', 'address-missing', 'address-extra', 'event-loop-late', 'notifications-lost', 'outbox-full', 'time-over', 'config-refused',
])
export type Reason = z.output<typeof Reason>
export const Impact = z.enum(['none', 'degraded', 'outage'])
export type Impact = z.output<typeof Impact>

const common = {
  reason: Reason.describe('Why, as a code.'),
  planned: z.boolean().describe('Somebody wanted it: an order, maintenance, a start or a stop.'),
  impact: Impact.describe('What clients may have noticed.'),
  detail: z.string().optional().describe('The same in words.'),
}
const data = <S extends z.core.$ZodShape>(shape: S) => z.object({ ...common, ...shape })
const router = { router: z.string(), group: z.string() }

/** The body of each event type, by the type's last part. */
export const eventData = {
  'daemon.started': data({ version: z.string(), routers: z.array(z.string()) }),
  'daemon.stopping': data({}),
  'daemon.recovered': data({ previousBootId: z.string().optional() }),
  'router.state': data({
    ...router,
    from: State, to: State,
    priority: z.int().describe('Our priority at that moment.'),
    health: Health,
    active: z.string().optional().describe('Address of the host that is active now, if it is another one.'),
    addresses: z.array(z.string()).describe('The service addresses.'),
  }),
  'check.changed': data({ check: z.string(), health: Health, previous: Health }),
  'order.applied': data({ group: z.string(), revision: z.int().optional(), hosts: z.array(OrderEntry), by: z.string().optional() }),
  'order.rejected': data({ group: z.string(), revision: z.int().optional(), fault: z.string() }),
  'maintenance.began': data({ until: z.string().optional(), by: z.string().optional() }),
  'maintenance.ended': data({}),
  'maintenance.expiring': data({ until: z.string() }),
  'split-brain.suspected': data({
    ...router,
    other: z.string(),
    ours: z.string().optional().describe('What this host does, in words.'),
    theirs: z.string().optional().describe('What the other one does, as far as this host knows.'),
  }),
  'split-brain.cleared': data(router),
  'vrid.collision': data({ ...router, other: z.string() }),
  'advertisement.rejected': data({ router: z.string().optional(), sender: z.string(), reject: z.string(), count: z.int().describe('Of this cause, from anybody, since the start.') }),
  'addresses.repaired': data({ ...router, addresses: z.array(z.string()) }),
  stall: data({ lateMs: z.number() }),
  'notifications.lost': data({}),
  'outbox.gap': data({ lost: z.int() }),
  'config.reloaded': data({ kept: z.array(z.string()), restarted: z.array(z.string()), ended: z.array(z.string()) }),
  'config.rejected': data({ problems: z.array(z.string()) }),
} as const
export type EventType = keyof typeof eventData
export type EventData<T extends EventType> = z.output<(typeof eventData)[T]>

export const TYPE_PREFIX = 'org.understudy.'

const envelope = <T extends EventType>(type: T) => z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(200).describe('`<host>/<bootid>/<sequence>`; with `source` it is unique, so a repetition is recognised by it.'),
  source: z.string().describe('`/understudy/<cluster>/<host>`'),
  type: z.literal(`${TYPE_PREFIX}${type}` as const),
  time: z.iso.datetime({ offset: true }).describe('When it happened, by the clock of the host.'),
  subject: z.string().optional().describe('Router, check or group.'),
  datacontenttype: z.literal('application/json'),
  host: z.string(),
  bootid: z.string().describe('One run of the daemon.'),
  sequence: z.int().min(1).describe('Counts the events of one boot id from 1 without gaps.'),
  data: eventData[type],
})

type Envelope<T extends EventType> = z.output<ReturnType<typeof envelope<T>>>
export type Event = { [T in EventType]: Omit<Envelope<T>, 'data' | 'type'> & { type: `${typeof TYPE_PREFIX}${T}`; data: EventData<T> } }[EventType]
export type EventOf<T extends EventType> = Extract<Event, { type: `${typeof TYPE_PREFIX}${T}` }>

const types = Object.keys(eventData) as EventType[]
export const Event = z.discriminatedUnion('type', types.map((t) => envelope(t)) as unknown as [ReturnType<typeof envelope<'stall'>>]) as unknown as z.ZodType<Event>

/** Narrows an event by the last part of its type. */
export const isEvent = <T extends EventType>(e: Event, type: T): e is EventOf<T> => e.type === `${TYPE_PREFIX}${type}`

const WallTime = z.iso.datetime({ offset: true })

export const Availability = z.object({ status: z.enum(['online', 'offline']), bootId: z.string(), at: WallTime })
export type Availability = z.output<typeof Availability>

export const RouterSnapshot = z.object({
  host: z.string(), router: z.string(), group: z.string(),
  state: State,
  since: WallTime,
  reason: Reason.describe('Why it entered this state.'),
  priority: z.int(),
  because: z.string().describe('How the priority came about, in words.'),
  rank: z.int().describe('0 = first in the order of this router.'),
  inService: z.boolean(),
  health: Health,
  active: z.string().optional().describe('Address of the active host, if it is another one and known.'),
  addresses: z.array(z.string()),
  refused: z.record(z.string(), z.int()).optional().describe('Advertisements refused since the start, by cause, if there were any.'),
  bootId: z.string(),
  sequence: z.int().describe('Last event of this boot that the snapshot includes.'),
  at: WallTime,
})
export type RouterSnapshot = z.output<typeof RouterSnapshot>

export const CheckSnapshot = z.object({
  host: z.string(), check: z.string(), health: Health,
  last: z.object({ ok: z.boolean(), tookMs: z.number(), detail: z.string() }),
  since: WallTime, bootId: z.string(), at: WallTime,
})
export type CheckSnapshot = z.output<typeof CheckSnapshot>

export const OrderResult = z.object({
  host: z.string(), group: z.string(),
  result: z.enum(['applied', 'rejected']),
  reason: z.string().describe('For a rejected order: what is wrong with it.'),
  revision: z.int().optional(),
  hosts: z.array(OrderEntry).describe('The order in force.'),
  routers: z.record(z.string(), z.object({ rank: z.int(), priority: z.int() })),
  bootId: z.string(), at: WallTime,
})
export type OrderResult = z.output<typeof OrderResult>

export const Maintenance = z.object({
  until: WallTime.optional().describe('When it is over by itself.'),
  reason: z.string().max(500),
  by: z.string().max(200),
})
export type Maintenance = z.output<typeof Maintenance>

/** What a handler has durably finished of one host's events, per boot id: all up to `upTo` but `missing`. */
export const Receipt = z.object({
  handler: z.string(), host: z.string(),
  boots: z.array(z.object({ bootId: z.string(), upTo: z.int().min(0), missing: z.array(z.int()).max(1000) })).max(20),
  at: WallTime,
})
export type Receipt = z.output<typeof Receipt>

export const DeadLetter = z.object({ handler: z.string(), why: z.string(), attempts: z.int(), event: z.unknown(), at: WallTime })
export type DeadLetter = z.output<typeof DeadLetter>
