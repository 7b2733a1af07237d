/**
 * Power is cut before or after every single write. Whatever moment it is, the next process finishes every event, and work
 * that had been done is repeated at most by the one run whose record was cut off: with the same id.
 */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ms } from '../../contract/time.ts'
import { giveUp, retry, done } from '../../handlers/handler.ts'
import { Inbox } from '../../handlers/inbox.ts'
import { FakeBroker, JumpingClock, recorder, rig, temporaryFolder } from './rig.ts'
import { change, checkFailed } from './samples.ts'

const WRITES = ['accept', 'refuse', 'claim', 'postpone', 'finish', 'giveUp', 'told'] as const

/** Throws at write number `at`, before or after it is done, and at every one from then on. */
function failing(inbox: Inbox, at: number, when: 'before' | 'after', cut: () => void): Inbox {
  let writes = 0
  return new Proxy(inbox, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (!WRITES.some((w) => w === property)) return value.bind(target)
      return (...args: unknown[]) => {
        writes += 1
        const result: unknown = writes < at || (writes === at && when === 'after') ? value.apply(target, args) : undefined
        if (writes < at) return result
        cut()
        throw new Error('no power')
      }
    },
  })
}

/** Three events in one batch that needs a second attempt, one that is given up, one that is not wanted, one unreadable. */
const events = [
  ...[1, 2, 3].map((sequence) => change('backup>active active-silent', { sequence })),
  change('active>backup check-failed', { sequence: 4, router: 'testdns1' }),
  checkFailed({ sequence: 5 }),
]

const cuts = [...Array(13).keys()].flatMap((n) => (['before', 'after'] as const).map((when) => ({ at: n + 1, when })))
test.each(cuts)('power is cut $when write $at', async ({ at, when }) => {
  using folder = temporaryFolder()
  const clock = new JumpingClock()
  const broker = new FakeBroker()
  const { handler, runs, ids } = recorder(([first], n) =>
    first?.sequence === 4 ? giveUp('no') : n === 1 ? retry('later') : done(),
  )
  const acknowledged: string[] = []
  let isCut = false
  const batching = {
    ...handler,
    types: ['router.state'] as const,
    batch: { window: () => ms(2000), key: (e: { sequence: number }) => (e.sequence < 4 ? 'first' : 'second') },
  }
  const options = { handler: batching, settings: {}, folder: folder.path, clock, broker }

  const inbox = failing(new Inbox(join(folder.path, 'inbox.db')), at, when, () => {
    isCut = true
    broker.up = false
  })
  const r = await rig({ ...options, inbox })
  for (const e of events)
    await broker.deliver(e).then(
      () => acknowledged.push(e.id),
      () => {},
    )
  await broker.deliverText('dns1', 'rubbish').then(
    () => acknowledged.push('rubbish'),
    () => {},
  )
  for (let i = 0; i < 100 && !isCut; i++) await clock.pass(100)
  expect(isCut).toBe(true)
  await r[Symbol.asyncDispose]()
  const before = runs.length

  broker.up = true
  await using _ = await rig(options)
  for (const e of events) if (!acknowledged.includes(e.id)) await broker.deliver(e)
  if (!acknowledged.includes('rubbish')) await broker.deliverText('dns1', 'rubbish')
  await clock.pass(120_000)

  expect(broker.receipt()).toBe('b1 5')
  const finishing = runs.filter((run) => run.includes('dns1/b1/1'))
  expect(new Set(finishing.map((run) => run.join())).size, 'one batch, the same at every attempt').toBe(1)
  expect(new Set(ids).size).toBe(2)
  expect(runs.length - before, 'runs repeated').toBeLessThanOrEqual(3)
  const letters = broker.letters().map((l) => l.why)
  expect(new Set(letters)).toEqual(new Set(['no', 'not JSON']))
  expect(letters.length, 'a dead letter may be told twice, not more').toBeLessThanOrEqual(3)
})
