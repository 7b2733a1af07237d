/** Events as daemons of the cluster `cam` send them. Literals but for what a test says. */
import { TYPE_PREFIX, type Event, type EventData, type EventType } from '../../contract/events.ts'

export interface Where {
  readonly host?: string
  readonly sequence?: number
  readonly boot?: string /** Seconds after 03:04:05 on 2 January 2026, UTC. */
  readonly at?: number
}

export const START = Date.parse('2026-01-02T03:04:05.000Z')

export function sample<T extends EventType>(
  type: T,
  data: EventData<T>,
  { host = 'dns1', sequence = 1, boot = 'b1', at = 0 }: Where = {},
): Event {
  return {
    specversion: '1.0',
    id: `${host}/${boot}/${sequence}`,
    source: `/understudy/cam/${host}`,
    type: `${TYPE_PREFIX}${type}`,
    time: new Date(START + at * 1000).toISOString(),
    datacontenttype: 'application/json',
    host,
    bootid: boot,
    sequence,
    data,
  } as Event
}

const ADDRESSES: Record<string, string[]> = {
  testdns0: ['192.0.2.53', '2001:db8::53'],
  testdns1: ['192.0.2.54', '2001:db8::54'],
}

/** `from>to reason`, e.g. `backup>active active-failing`. */
export function change(
  words: string,
  where: Where & { readonly router?: string; readonly data?: Partial<EventData<'router.state'>> } = {},
): Event {
  const [, from, to, reason] = /^(\w+)>(\w+) ([\w-]+)$/.exec(words) ?? []
  const router = where.router ?? 'testdns0'
  return sample(
    'router.state',
    {
      router,
      group: 'dns',
      from,
      to,
      reason,
      planned: false,
      impact: 'none',
      priority: 250,
      health: 'healthy',
      addresses: ADDRESSES[router] ?? [],
      ...where.data,
    } as EventData<'router.state'>,
    where,
  )
}

/** `check.changed`: of no interest to the mailer. */
export const checkFailed = (where: Where = {}) =>
  sample(
    'check.changed',
    { check: 'named', health: 'failed', previous: 'healthy', reason: 'check-failed', planned: false, impact: 'none' },
    where,
  )
