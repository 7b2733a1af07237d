/** The mailer with the runner around it; what is sent is a list. */
import { expect, test } from 'vitest'
import type { Event } from '../../contract/events.ts'
import { emailHandler, type Delivery, type Letter, type Refusal } from '../../handlers/email/handler.ts'
import { EmailFile } from '../../contract/config/file.ts'
import { rig, temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

const settings = EmailFile.parse({
  to: ['a@example.org', 'b@example.org'],
  from: 'dns@example.org',
  smtp: { host: '192.0.2.25' },
})
const TOGETHER = { accepted: settings.to, refused: [] }

function pillar(answers: readonly Delivery[] = []) {
  const letters: Letter[] = []
  return {
    letters,
    mailer: {
      send: async (l: Letter) => {
        letters.push(l)
        return answers[letters.length - 1] ?? TOGETHER
      },
    },
  }
}

const started = async (folder: string, answers?: readonly Delivery[]) => {
  const box = pillar(answers)
  return { ...box, r: await rig({ handler: emailHandler(box.mailer), settings, folder }) }
}
const put = (to: string, permanent: boolean): Refusal => ({ to, permanent, why: permanent ? '550 unknown' : '451 later' })

/** named is killed on dns1, which serves both routers: every event that three daemons then send, in any order. */
const failover: readonly Event[] = [
  change('active>backup check-failed', { host: 'dns1', sequence: 1, at: 0, data: { health: 'failed' } }),
  change('active>backup check-failed', {
    host: 'dns1',
    sequence: 2,
    at: 0.001,
    router: 'testdns1',
    data: { health: 'failed' },
  }),
  change('backup>active active-failing', { host: 'dns2', sequence: 1, at: 0.02 }),
  change('backup>active active-failing', { host: 'dns3', sequence: 1, at: 0.021, router: 'testdns1' }),
]

test('named killed, 3 hosts, 2 routers, everything delivered twice and in reverse: one mail', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path)
  await using _ = r
  for (const e of [...failover, ...failover.toReversed()]) await r.broker.deliver(e)
  await r.clock.pass(600_000)
  expect(letters.map((l) => [l.subject, l.to])).toEqual([
    [
      '[cam] dns2 serves testdns0 (dns1: check-failed); dns3 serves testdns1 (dns1: check-failed)',
      ['a@example.org', 'b@example.org'],
    ],
  ])
  expect(letters[0]?.messageId).toMatch(/^<[0-9a-f]{32}@cam\.understudy>$/)
  expect([r.broker.receipt('dns1'), r.broker.receipt('dns2'), r.broker.receipt('dns3')]).toEqual(['b1 2', 'b1 1', 'b1 1'])
})

test('a host whose outbox was offline tells the same incident an hour later: no second mail', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path)
  await using _ = r
  for (const e of failover.slice(2)) await r.broker.deliver(e)
  await r.clock.pass(3_600_000)
  for (const e of failover.slice(0, 2)) await r.broker.deliver(e)
  await r.clock.pass(60_000)
  expect([letters.length, r.broker.receipt('dns1')]).toEqual([1, 'b1 2'])
})

test('who took over is told even if only the loss could be told at first, and then once', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path)
  await using _ = r
  for (const e of failover.slice(0, 2)) await r.broker.deliver(e)
  await r.clock.pass(300_000)
  for (const e of failover.slice(2)) await r.broker.deliver(e)
  await r.clock.pass(300_000)
  await r.broker.deliver(change('backup>active active-failing', { host: 'dns2', sequence: 2, at: 0.02 }))
  await r.clock.pass(300_000)
  expect(letters.map((l) => l.subject)).toEqual([
    '[cam] dns1 lost testdns0 and testdns1 (check-failed)',
    '[cam] dns2 serves testdns0 (active-failing); dns3 serves testdns1 (active-failing)',
  ])
})

test('what came back and failed again is news each time', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path)
  await using _ = r
  await r.broker.deliver(change('backup>active active-silent', { host: 'dns2', at: 0 }))
  await r.clock.pass(5000)
  await r.broker.deliver(change('backup>active check-recovered', { host: 'dns1', at: 5 }))
  await r.clock.pass(3000)
  await r.broker.deliver(change('active>backup check-failed', { host: 'dns1', sequence: 2, at: 8 }))
  await r.clock.pass(3000)
  expect(letters.length).toBe(3)
})

test('the quiet events open no window of their own', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path)
  await using _ = r
  await r.broker.deliver(change('initialize>backup started', { host: 'dns3' }))
  await r.clock.pass(1900)
  for (const e of failover) {
    await r.broker.deliver(e)
    await r.clock.pass(100)
  }
  await r.clock.pass(60_000)
  expect(letters.length).toBe(1)
})

test('one recipient put off, one reached: only the first gets it again, with the same Message-ID', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path, [
    { accepted: ['a@example.org'], refused: [put('b@example.org', false)] },
    { accepted: [], refused: [put('b@example.org', false)] },
  ])
  await using _ = r
  await r.broker.deliver(failover[0] as Event)
  await r.clock.pass(60_000)
  expect(letters.map((l) => l.to)).toEqual([['a@example.org', 'b@example.org'], ['b@example.org'], ['b@example.org']])
  expect(new Set(letters.map((l) => l.messageId)).size).toBe(1)
  expect(r.broker.receipt()).toBe('b1 1')
})

test('one recipient refused for good is a dead letter; the other has the mail', async () => {
  using folder = temporaryFolder()
  const { r, letters } = await started(folder.path, [{ accepted: ['a@example.org'], refused: [put('b@example.org', true)] }])
  await using _ = r
  await r.broker.deliver(failover[0] as Event)
  await r.clock.pass(600_000)
  expect([letters.length, r.broker.letters().map((l) => l.why), r.broker.receipt()]).toEqual([
    1,
    ['b@example.org: 550 unknown'],
    'b1 1',
  ])
})
