import { expect, test } from 'vitest'
import type { Event } from '../../contract/events.ts'
import { isTold, kindOf, tells } from '../../handlers/email/rules.ts'
import { change, checkFailed, sample } from './samples.ts'

const quiet = { planned: false, impact: 'none' } as const
const failed = { health: 'failed' } as const
const router = { router: 'testdns0', group: 'dns' }

const cases: readonly [string, Event, string | undefined][] = [
  ['takes over from a silent host', change('backup>active active-silent'), 'took-over'],
  ['takes over from a failing host', change('backup>active active-failing'), 'took-over'],
  ['first start of a cluster', change('backup>active nobody-active', { data: { planned: true } }), 'took-over'],
  ['owns the address', change('initialize>active address-owner'), 'took-over'],
  ['planned change of the order', change('backup>active order-changed', { data: { planned: true } }), 'took-over'],
  ['its server died', change('active>backup check-failed', { data: failed }), 'lost'],
  ['its server is degraded', change('active>backup check-degraded'), 'lost'],
  ['outranked because its server died', change('active>backup outranked', { data: failed }), 'lost'],
  ['its interface went down', change('active>initialize interface-down'), 'lost'],
  ['a healthy backup starts', change('initialize>backup started', { data: { planned: true } }), undefined],
  ['a backup starts with a dead server', change('initialize>backup started', { data: failed }), undefined],
  ['steps aside for a better host', change('active>backup outranked'), undefined],
  ['steps aside by order', change('active>backup order-changed', { data: { planned: true } }), undefined],
  ['is stopped', change('active>initialize stopped', { data: { planned: true } }), undefined],
  ['a backup is stopped', change('backup>initialize stopped', { data: { planned: true } }), undefined],
  ['a backup loses its interface', change('backup>initialize interface-down'), undefined],
  ['a check fails', checkFailed(), undefined],
  [
    'two hosts active',
    sample('split-brain.suspected', { ...router, ...quiet, reason: 'two-active', other: '192.0.2.2' }),
    'attention',
  ],
  ['one host active again', sample('split-brain.cleared', { ...router, ...quiet, reason: 'one-active' }), undefined],
  [
    'VRID of somebody else',
    sample('vrid.collision', { ...router, ...quiet, reason: 'foreign-vrid', other: '192.0.2.99' }),
    'attention',
  ],
  ['outbox overflowed', sample('outbox.gap', { ...quiet, reason: 'outbox-full', lost: 3 }), 'attention'],
  [
    'order rejected',
    sample('order.rejected', { ...quiet, reason: 'order-refused', group: 'dns', fault: 'unknown-host' }),
    'attention',
  ],
  ['cluster file rejected', sample('config.rejected', { ...quiet, reason: 'config-refused', problems: ['x'] }), 'attention'],
  ['order applied', sample('order.applied', { ...quiet, reason: 'order-accepted', group: 'dns', hosts: [] }), undefined],
  ['stalled', sample('stall', { ...quiet, reason: 'event-loop-late', lateMs: 900 }), undefined],
  ['daemon started', sample('daemon.started', { ...quiet, reason: 'started', version: '1', routers: [] }), undefined],
]
test.each(cases)('%s', (_, event, kind) => {
  expect(kindOf(event)).toBe(kind)
})

// Told: dns1's server died at 0 s, and dns2 took testdns0 over at 0.5 s.
const told = tells([
  change('active>backup check-failed', { host: 'dns1', at: 0 }),
  change('backup>active active-failing', { host: 'dns2', at: 0.5 }),
])
const onlyLoss = tells([change('active>backup check-failed', { host: 'dns1', at: 0 })])
const split = (host: string, at: number) =>
  sample('split-brain.suspected', { ...router, ...quiet, reason: 'two-active', other: '192.0.2.2' }, { host, at })

const late: readonly [string, Event, ReturnType<typeof tells>, boolean][] = [
  [
    'the same loss, from the host whose outbox was offline',
    change('active>backup check-failed', { host: 'dns1', at: 0.1 }),
    told,
    true,
  ],
  ['the same takeover', change('backup>active active-failing', { host: 'dns2', at: 0.5 }), told, true],
  [
    'a takeover that was over when the mail was written',
    change('backup>active active-silent', { host: 'dns3', at: 0.2 }),
    told,
    true,
  ],
  ['a later takeover is news', change('backup>active active-silent', { host: 'dns3', at: 3 }), told, false],
  [
    'the loss of the host that was told to serve is news',
    change('active>backup check-failed', { host: 'dns2', at: 8 }),
    told,
    false,
  ],
  [
    'a loss long after the takeover told is news',
    change('active>backup check-failed', { host: 'dns1', at: 8 }),
    told,
    false,
  ],
  [
    'another router is news',
    change('backup>active active-failing', { host: 'dns2', router: 'testdns1', at: 0.5 }),
    told,
    false,
  ],
  [
    'another group is news',
    change('active>backup check-failed', { host: 'dns1', at: 0.1, data: { group: 'recdns' } }),
    told,
    false,
  ],
  ['out of reach: 10.6 s after the last', change('backup>active active-failing', { host: 'dns2', at: 11.1 }), told, false],
  [
    'who took over, when only the loss was told',
    change('backup>active active-failing', { host: 'dns2', at: 0.5 }),
    onlyLoss,
    false,
  ],
  ['the loss again', change('active>backup check-failed', { host: 'dns1', at: 0.1 }), onlyLoss, true],
  ['the loss on another host', change('active>backup check-failed', { host: 'dns3', at: 0.1 }), onlyLoss, false],
  ['a split brain seen from the other side', split('dns2', 1), tells([split('dns1', 0)]), true],
  ['a split brain after a takeover', split('dns2', 1), told, false],
]
test.each(late)('late: %s', (_, event, before, expected) => {
  expect(isTold(event, before)).toBe(expected)
})
