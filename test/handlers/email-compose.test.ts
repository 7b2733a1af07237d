import { expect, test } from 'vitest'
import type { Event } from '../../contract/events.ts'
import { compose } from '../../handlers/email/compose.ts'
import { change, sample } from './samples.ts'

const quiet = { planned: false, impact: 'none' } as const
const show = (events: readonly Event[]) => {
  const { subject, text } = compose(events)
  return `Subject: ${subject}\n\n${text}`
}

test('named was killed on the host that served both routers', () => {
  const lost = {
    health: 'failed',
    priority: 50,
    impact: 'outage',
    detail: 'no answer in 1000 ms',
  } as const
  const won = { priority: 240, impact: 'outage', active: '192.0.2.1' } as const
  expect(
    show([
      change('backup>active active-failing', { host: 'dns2', sequence: 7, at: 0.152, data: won }),
      change('active>backup check-failed', { host: 'dns1', sequence: 4, at: 0.123, data: lost }),
      change('backup>active active-failing', { host: 'dns2', sequence: 8, at: 0.154, router: 'testdns1', data: won }),
      change('active>backup check-failed', { host: 'dns1', sequence: 5, at: 0.125, router: 'testdns1', data: lost }),
    ]),
  ).toMatchInlineSnapshot(`
    "Subject: [cam] dns2 serves testdns0 and testdns1 (dns1: check-failed)

    dns2 serves testdns0 (192.0.2.53, 2001:db8::53) and testdns1 (192.0.2.54, 2001:db8::54) instead of dns1: its check failed.

    Why
      dns1, testdns0 and testdns1: its check failed (check-failed): no answer in 1000 ms
      dns2, testdns0 and testdns1: the active host is failing (active-failing)

    Who serves now
      testdns0 (192.0.2.53, 2001:db8::53): dns2, since 2026-01-02 03:04:05.152 UTC
      testdns1 (192.0.2.54, 2001:db8::54): dns2, since 2026-01-02 03:04:05.154 UTC

    When
      2026-01-02 03:04:05.123 UTC to 2026-01-02 03:04:05.154 UTC (0.031 s)

    The 4 events
      2026-01-02 03:04:05.123 UTC  dns1  testdns0: active → backup, check-failed, priority 50, failed  outage  dns1/b1/4
      2026-01-02 03:04:05.125 UTC  dns1  testdns1: active → backup, check-failed, priority 50, failed  outage  dns1/b1/5
      2026-01-02 03:04:05.152 UTC  dns2  testdns0: backup → active, active-failing, priority 240, healthy  outage  dns2/b1/7
      2026-01-02 03:04:05.154 UTC  dns2  testdns1: backup → active, active-failing, priority 240, healthy  outage  dns2/b1/8
    "
  `)
})

test('the host that served fell silent', () => {
  expect(
    show([change('backup>active active-silent', { host: 'dns2', at: 3.6, data: { impact: 'outage' } })]),
  ).toMatchInlineSnapshot(`
    "Subject: [cam] dns2 serves testdns0 (active-silent)

    dns2 serves testdns0 (192.0.2.53, 2001:db8::53) now: the active host fell silent.

    Why
      dns2, testdns0: the active host fell silent (active-silent)

    Who serves now
      testdns0 (192.0.2.53, 2001:db8::53): dns2, since 2026-01-02 03:04:08.600 UTC

    When
      2026-01-02 03:04:08.600 UTC

    The event
      2026-01-02 03:04:08.600 UTC  dns2  testdns0: backup → active, active-silent, priority 250, healthy  outage  dns2/b1/1
    "
  `)
})

test('a planned change of the order', () => {
  expect(
    show([
      change('backup>active order-changed', {
        host: 'dns3',
        data: { planned: true, detail: 'fanf: moving testdns0 away from rnb' },
      }),
    ]),
  ).toMatchInlineSnapshot(`
    "Subject: [cam] planned: dns3 serves testdns0 (order-changed)

    dns3 serves testdns0 (192.0.2.53, 2001:db8::53) now: the order was changed.

    Why
      dns3, testdns0: the order was changed (order-changed): fanf: moving testdns0 away from rnb

    Who serves now
      testdns0 (192.0.2.53, 2001:db8::53): dns3, since 2026-01-02 03:04:05.000 UTC

    When
      2026-01-02 03:04:05.000 UTC

    The event
      2026-01-02 03:04:05.000 UTC  dns3  testdns0: backup → active, order-changed, priority 250, healthy  dns3/b1/1
    "
  `)
})

test('the server died and nobody took over', () => {
  expect(
    show([change('active>backup check-failed', { data: { health: 'failed', impact: 'outage' } })]),
  ).toMatchInlineSnapshot(`
    "Subject: [cam] dns1 lost testdns0 (check-failed)

    dns1 does not serve testdns0 (192.0.2.53, 2001:db8::53) any more: its check failed.

    Why
      dns1, testdns0: its check failed (check-failed)

    Who serves now
      testdns0 (192.0.2.53, 2001:db8::53): nobody has said so yet

    When
      2026-01-02 03:04:05.000 UTC

    The event
      2026-01-02 03:04:05.000 UTC  dns1  testdns0: active → backup, check-failed, priority 250, failed  outage  dns1/b1/1
    "
  `)
})

test('what needs attention, seen by two hosts, and one host that lost events', () => {
  const both = (host: string, other: string) =>
    sample('split-brain.suspected', {
      router: 'testdns0', group: 'dns', ...quiet, reason: 'two-active', other, ours: 'active at priority 250 since 2026-01-02T03:04:00.000Z', theirs: 'advertises priority 240',
    }, { host })
  expect(
    show([
      both('dns1', '192.0.2.2'),
      both('dns2', '192.0.2.1'),
      sample(
        'order.rejected',
        { ...quiet, reason: 'order-refused', group: 'dns', fault: 'unknown-host', detail: 'dns9 not in this group' },
        { host: 'dns1', sequence: 2 },
      ),
      sample(
        'order.rejected',
        { ...quiet, reason: 'order-refused', group: 'dns', fault: 'unknown-host', detail: 'dns9 not in this group' },
        { host: 'dns2', sequence: 2 },
      ),
      sample('outbox.gap', { ...quiet, reason: 'outbox-full', lost: 12 }, { host: 'dns3', at: 1 }),
      sample(
        'vrid.collision',
        { router: 'testdns1', group: 'dns', ...quiet, reason: 'foreign-vrid', other: '192.0.2.99' },
        { host: 'dns3', sequence: 2, at: 1 },
      ),
    ]),
  ).toMatchInlineSnapshot(`
    "Subject: [cam] testdns0 may have two active hosts; order for dns rejected; dns3 lost 12 events; somebody else uses the VRID of testdns1

    testdns0 may be served by two hosts at once: dns1, active at priority 250 since 2026-01-02T03:04:00.000Z, and 192.0.2.2, which advertises priority 240.
    The new order for dns was rejected (unknown-host): the old one stays in force.
    testdns0 may be served by two hosts at once: dns2, active at priority 250 since 2026-01-02T03:04:00.000Z, and 192.0.2.1, which advertises priority 240.
    dns3 could not keep 12 events: what they said is lost.
    192.0.2.99 uses the VRID of testdns1 on the same link and is not of this cluster.

    Why
      dns1, testdns0: two hosts are active (two-active)
      dns1: the order was refused (order-refused): dns9 not in this group
      dns2, testdns0: two hosts are active (two-active)
      dns2: the order was refused (order-refused): dns9 not in this group
      dns3: the outbox is full (outbox-full)
      dns3, testdns1: somebody else uses the same VRID (foreign-vrid)

    When
      2026-01-02 03:04:05.000 UTC to 2026-01-02 03:04:06.000 UTC (1.000 s)

    The 6 events
      2026-01-02 03:04:05.000 UTC  dns1  split-brain.suspected, two-active  dns1/b1/1
      2026-01-02 03:04:05.000 UTC  dns1  order.rejected, order-refused  dns1/b1/2
      2026-01-02 03:04:05.000 UTC  dns2  split-brain.suspected, two-active  dns2/b1/1
      2026-01-02 03:04:05.000 UTC  dns2  order.rejected, order-refused  dns2/b1/2
      2026-01-02 03:04:06.000 UTC  dns3  outbox.gap, outbox-full  dns3/b1/1
      2026-01-02 03:04:06.000 UTC  dns3  vrid.collision, foreign-vrid  dns3/b1/2
    "
  `)
})

test('the host that took over failed at once, and nobody came: nobody is said to serve', () => {
  const { subject, text } = compose([
    change('backup>active active-silent', { host: 'dns2', sequence: 1, at: 0 }),
    change('active>backup check-failed', { host: 'dns2', sequence: 2, at: 1 }),
  ])
  expect(subject).toBe('[cam] dns2 lost testdns0 (check-failed)')
  expect(text).toContain('testdns0 (192.0.2.53, 2001:db8::53): nobody has said so yet')
})

test('a takeover before the loss it answers, as fast ones are', () => {
  const { subject } = compose([
    change('backup>active active-failing', { host: 'dns2', at: 0 }),
    change('active>backup check-failed', { host: 'dns1', at: 0.002 }),
  ])
  expect(subject).toBe('[cam] dns2 serves testdns0 (dns1: check-failed)')
})

test('two hosts that stepped in at once: the better one kept the addresses, whichever was heard last', () => {
  const better = change('backup>active active-silent', { host: 'dns2', at: 1, data: { priority: 240 } })
  const worse = change('backup>active active-silent', { host: 'dns3', at: 1.004, data: { priority: 230 } })
  for (const events of [[better, worse], [worse, better]]) {
    const { text } = compose(events)
    expect(text).toContain('192.0.2.53, 2001:db8::53): dns2, since')
    expect(text).not.toContain('): dns3, since')
  }
})

test('nothing in an event can start a header or a line', () => {
  const { subject, text } = compose([
    change('backup>active active-silent', { router: 'x\r\nBcc: all@example.org', data: { detail: 'a\nb\u0000c\u0085d' } }),
  ])
  expect(subject).toBe('[cam] dns1 serves x Bcc: all@example.org (active-silent)')
  expect(text.split(/\r?\n/).filter((l) => l.startsWith('Bcc') || l.trim() === 'b c d')).toEqual([])
})

test('a subject has at most 200 characters', () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    change('backup>active active-silent', { router: `a-long-name-of-a-router-${i}`, sequence: i + 1 }),
  )
  expect(compose(many).subject.length).toBe(200)
})
