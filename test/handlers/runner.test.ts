import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ms } from '../../contract/time.ts'
import { defineHandler, done, giveUp, retry, skip, type Outcome } from '../../handlers/handler.ts'
import { Inbox } from '../../handlers/inbox.ts'
import { FakeBroker, recorder, rig, settled, temporaryFolder } from './rig.ts'
import { change, checkFailed } from './samples.ts'

test('subscribes to the events of all hosts with a kept session of its own', async () => {
  using folder = temporaryFolder()
  await using r = await rig({ ...recorder(), settings: {}, folder: folder.path })
  expect(r.broker.options).toMatchObject({
    clientId: 'handler-recorder-cam',
    session: 'kept',
    subscriptions: ['understudy/cam/host/+/event'],
  })
})

test('an event is run once, however often it is delivered, and each late copy is answered with a receipt', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder()
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  const event = change('backup>active active-silent')
  await r.broker.deliver(event)
  await r.broker.deliver(event)
  await r.clock.pass(50)
  await r.broker.deliver(event)
  await r.clock.pass(50)
  expect(runs).toEqual([['dns1/b1/1']])
  expect(r.broker.receipts().map((x) => x.boots)).toEqual([
    [{ bootId: 'b1', upTo: 1, missing: [] }],
    [{ bootId: 'b1', upTo: 1, missing: [] }],
  ])
})

test('the acknowledgement does not wait for the work', async () => {
  using folder = temporaryFolder()
  const gate = Promise.withResolvers<Outcome>()
  const { handler, runs } = recorder(() => gate.promise)
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent', { sequence: 1 }))
  await r.broker.deliver(change('active>backup outranked', { sequence: 2 }))
  await settled()
  expect([runs.length, r.broker.receipts()]).toEqual([1, []])
  gate.resolve(done())
  await r.clock.pass(50)
  expect([runs.length, r.broker.receipt()]).toEqual([2, 'b1 2'])
})

test('a receipt names the gaps, and only what is finished', async () => {
  using folder = temporaryFolder()
  const { handler } = recorder((events) => (events[0]?.sequence === 4 ? retry('later') : done()))
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  for (const sequence of [1, 3, 4, 6]) await r.broker.deliver(change('backup>active active-silent', { sequence }))
  await r.broker.deliver(change('backup>active active-silent', { sequence: 1, boot: 'b2' }))
  await r.clock.pass(100)
  expect(r.broker.receipt()).toBe('b1 6 -2 -4 -5, b2 1')
  for (const sequence of [2, 5]) await r.broker.deliver(change('backup>active active-silent', { sequence }))
  await r.clock.pass(100)
  expect(r.broker.receipt()).toBe('b1 6 -4, b2 1')
})

test('receipts are repeated for every host when a broker connects', async () => {
  using folder = temporaryFolder()
  const broker = new FakeBroker()
  await using r = await rig({ ...recorder(), settings: {}, folder: folder.path, broker })
  broker.up = false
  await broker.deliver(change('backup>active active-silent', { host: 'dns1' }))
  await broker.deliver(change('backup>active active-silent', { host: 'dns2' }))
  await r.clock.pass(100)
  expect(broker.published).toEqual([])
  broker.connect()
  await r.clock.pass(100)
  expect([broker.receipt('dns1'), broker.receipt('dns2')]).toEqual(['b1 1', 'b1 1'])
})

test('what the handler does not take is finished at once, with a receipt', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder()
  const choosy = { ...handler, types: ['router.state'] as const, wants: () => false }
  await using r = await rig({ handler: choosy, settings: {}, folder: folder.path })
  await r.broker.deliver(checkFailed({ sequence: 1 }))
  await r.broker.deliver(change('initialize>backup started', { sequence: 2 }))
  await r.clock.pass(50)
  expect([runs, r.broker.receipt()]).toEqual([[], 'b1 2'])
})

test('retries after 1, 2, 4 … 256 seconds, then every 5 minutes, always with the same id', async () => {
  using folder = temporaryFolder()
  const at: number[] = []
  const { handler, ids } = recorder(() => retry('relay is down'))
  const timed = {
    ...handler,
    run: (...args: Parameters<typeof handler.run>) => {
      at.push(r.clock.now())
      return handler.run(...args)
    },
  }
  await using r = await rig({ handler: timed, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await r.clock.pass(1_200_000)
  expect(at.map((t) => (t - (at[0] ?? 0)) / 1000)).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111])
  expect(new Set(ids).size).toBe(1)
  expect(r.broker.receipts()).toEqual([])
})

test('one event that must wait does not hold up the next', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder((events) => (events[0]?.sequence === 1 ? retry('later') : done()))
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  for (const sequence of [1, 2, 3]) await r.broker.deliver(change('backup>active active-silent', { sequence }))
  await r.clock.pass(60)
  expect([runs.flat(), r.broker.receipt()]).toEqual([['dns1/b1/1', 'dns1/b1/2', 'dns1/b1/3'], 'b1 3 -1'])
})

test('two days of retries end in a dead letter, which counts as finished', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder(() => retry('relay is down'))
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  const event = change('backup>active active-silent')
  await r.broker.deliver(event)
  await r.clock.pass(47 * 3_600_000)
  expect([r.broker.letters(), runs.length < 585]).toEqual([[], true])
  await r.clock.pass(2 * 3_600_000)
  expect(r.broker.letters()).toMatchObject([
    { handler: 'recorder', why: 'after 585 attempts: relay is down', attempts: 585, event: { id: 'dns1/b1/1' } },
  ])
  expect([runs.length, r.broker.receipt()]).toEqual([585, 'b1 1'])
})

test('a dead letter waits until a broker takes it, and is told once', async () => {
  using folder = temporaryFolder()
  await using r = await rig({ ...recorder(() => giveUp('550 no such user')), settings: {}, folder: folder.path })
  r.broker.up = false
  await r.broker.deliver(change('backup>active active-silent'))
  await r.clock.pass(1000)
  expect(r.broker.letters()).toEqual([])
  for (let i = 0; i < 2; i++) {
    r.broker.connect()
    await r.clock.pass(1000)
  }
  expect(r.broker.letters()).toMatchObject([{ why: '550 no such user', attempts: 1, event: { id: 'dns1/b1/1' } }])
})

test('a run past its deadline is aborted and tried again', async () => {
  using folder = temporaryFolder()
  const aborted: unknown[] = []
  const hanging = defineHandler({
    name: 'hanging',
    settings: z.strictObject({}),
    run: (_, { signal }) =>
      new Promise<Outcome>(() => signal.addEventListener('abort', () => aborted.push((signal.reason as Error).message))),
  })
  await using r = await rig({ handler: hanging, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await r.clock.pass(29_999)
  expect(aborted).toEqual([])
  await r.clock.pass(2)
  expect(aborted).toEqual(['took longer than 30 s'])
  await r.clock.pass(31_000)
  expect(aborted.length).toBe(2)
})

test('an exception is a retry, and no outcome is given up', async () => {
  using folder = temporaryFolder()
  const outcomes = [
    () => {
      throw new Error('a bug')
    },
    () => undefined as unknown as Outcome,
  ]
  const { handler, runs } = recorder((_, n) => (outcomes[n - 1] ?? done)())
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await r.clock.pass(2000)
  expect(runs.length).toBe(2)
  expect(r.broker.letters()).toMatchObject([{ why: 'the handler returned undefined, which is no outcome' }])
})

test('a skip is finished', async () => {
  using folder = temporaryFolder()
  await using r = await rig({ ...recorder(() => skip('not today')), settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await r.clock.pass(50)
  expect(r.broker.receipt()).toBe('b1 1')
})

test('a batch takes what comes within the window after its first event, by key', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder()
  const batching = { ...handler, batch: { window: () => ms(2000), key: (e: { host: string }) => e.host } }
  await using r = await rig({ handler: batching, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent', { sequence: 1 }))
  await r.clock.pass(1000)
  await r.broker.deliver(change('backup>active active-silent', { host: 'dns2' }))
  await r.broker.deliver(change('backup>active active-silent', { sequence: 2, router: 'testdns1' }))
  await r.clock.pass(1100)
  await r.broker.deliver(change('active>backup outranked', { sequence: 3 }))
  await r.clock.pass(5000)
  expect(runs).toEqual([['dns1/b1/1', 'dns1/b1/2'], ['dns2/b1/1'], ['dns1/b1/3']])
})

test('a failed batch is repeated with the same members, whatever has come since', async () => {
  using folder = temporaryFolder()
  const { handler, runs, ids } = recorder((_, n) => (n === 1 ? retry('later') : done()))
  const batching = { ...handler, batch: { window: () => ms(2000), key: () => 'all' } }
  await using r = await rig({ handler: batching, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent', { sequence: 1 }))
  await r.clock.pass(2100)
  await r.broker.deliver(change('active>backup outranked', { sequence: 2 }))
  await r.clock.pass(10_000)
  expect(runs).toEqual([['dns1/b1/1'], ['dns1/b1/1'], ['dns1/b1/2']])
  expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false])
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/)
})

test('an inbox belongs to one process', async () => {
  using folder = temporaryFolder()
  await using _ = await rig({ ...recorder(), settings: {}, folder: folder.path })
  expect(() => new Inbox(join(folder.path, 'inbox.db'))).toThrow(/locked/)
})

test('finished events are forgotten after 30 days, but not that they were finished', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder()
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  const event = change('backup>active active-silent')
  await r.broker.deliver(event)
  await r.clock.pass(31 * 86_400_000)
  await r.broker.deliver(event)
  await r.clock.pass(100)
  expect([runs.length, r.broker.receipts().length, r.broker.receipt()]).toEqual([1, 2, 'b1 1'])
})

test('keys of a later release reach the handler', async () => {
  using folder = temporaryFolder()
  const got: unknown[] = []
  const { handler } = recorder(([event]) => {
    got.push(event)
    return done()
  })
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  const event = change('backup>active active-silent')
  const later = { ...event, trace: 'x', data: { ...event.data, moon: 'full' } }
  await r.broker.deliverText('dns1', JSON.stringify(later))
  await r.clock.pass(50)
  expect(got).toEqual([later])
})

test('a clock set back by an hour delays nothing by an hour', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder((_, n) => (n === 1 ? retry('later') : done()))
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await settled()
  r.clock.setBack(3_600_000)
  await r.clock.pass(1100)
  expect(runs.length).toBe(2)
})

test('a stop waits for the run in progress, then ends it', async () => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder(() => new Promise<Outcome>(() => {}))
  const r = await rig({ handler, settings: {}, folder: folder.path })
  await r.broker.deliver(change('backup>active active-silent'))
  await settled()
  await r[Symbol.asyncDispose]()
  expect(runs.length).toBe(1)
  const again = recorder()
  await using next = await rig({ ...again, settings: {}, folder: folder.path, clock: r.clock })
  await next.clock.pass(100)
  expect(again.runs).toEqual([['dns1/b1/1']])
})
