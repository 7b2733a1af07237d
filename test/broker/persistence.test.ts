import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { SqlitePersistence, type Packet } from '../../broker/persistence.ts'
import { temporaryDirectory } from './run.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => { for (const cleanup of cleanups.splice(0).toReversed()) await cleanup() })

function directory(): string {
  const d = temporaryDirectory()
  cleanups.push(d.remove)
  return d.path
}

async function open(file: string, brokerId: string, queuedMessages = 1000): Promise<SqlitePersistence & { full: string[] }> {
  const full: string[] = []
  const p = new SqlitePersistence(file, { queuedMessages, queueFull: (client) => { full.push(client) } })
  await p.setup({ id: brokerId })
  cleanups.push(() => p.destroy().catch(() => {}))
  return Object.assign(p, { full })
}

const message = (broker: string, n: number, more: Partial<Packet> = {}): Packet => ({
  cmd: 'publish', topic: 'e', payload: Buffer.from(String(n)), qos: 1, retain: false,
  brokerId: broker, brokerCounter: n, ...more,
})

async function queued(p: SqlitePersistence, id: string): Promise<string[]> {
  const found: string[] = []
  for await (const packet of p.outgoingStream({ id })) found.push(String((packet as Packet).payload))
  return found
}

test('passes all 50 cases of the suite that aedes-persistence has for every persistence', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', join(import.meta.dirname, 'abstract-suite.cjs')], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
  })
  cleanups.push(() => child.kill('SIGKILL'))
  let report = ''
  child.stdout.on('data', (chunk) => { report += String(chunk) })
  await new Promise((resolve) => { child.once('close', resolve) })
  expect(report.split('\n').filter((line) => /^\s*not ok/.test(line))).toEqual([])
  expect(report).toMatch(/^# tests 50$/m)
  expect(report).toMatch(/^# pass 50$/m)
})

test('a queue stays in order over restarts, though every run of a broker counts from one again', async () => {
  const file = join(directory(), 'b.db')
  for (const run of ['a', 'b', 'c']) {
    const p = await open(file, run)
    if (run === 'a') await p.addSubscriptions({ id: 'away' }, [{ topic: 'e', qos: 1 }])
    for (const n of [1, 2, 3]) await p.keep(message(run, n, { payload: Buffer.from(`${run}${n}`) }))
    await p.destroy()
  }
  const p = await open(file, 'd')
  expect(await queued(p, 'away')).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3'])
})

test('a message for many is stored once, and gone when the last has taken it', async () => {
  const p = await open(join(directory(), 'b.db'), 'a')
  for (const id of ['x', 'y']) await p.addSubscriptions({ id }, [{ topic: 'e', qos: 1 }, { topic: '#', qos: 1 }])
  await p.keep(message('a', 1))
  for (const id of ['x', 'y']) {
    expect(await queued(p, id)).toEqual(['1'])
    await p.outgoingUpdate({ id }, { ...message('a', 1), messageId: 9 })
    expect(String((await p.outgoingClearMessageId({ id }, { messageId: 9 }))?.payload)).toBe('1')
    expect(await queued(p, id)).toEqual([])
  }
})

test('a full queue keeps the oldest and says whose it is', async () => {
  const p = await open(join(directory(), 'b.db'), 'a', 3)
  await p.addSubscriptions({ id: 'away' }, [{ topic: 'e', qos: 1 }])
  for (const n of [1, 2, 3, 4, 5]) await p.keep(message('a', n))
  expect(await queued(p, 'away')).toEqual(['1', '2', '3'])
  expect(p.full).toEqual(['away', 'away'])
})

test('sessions nobody has seen for long are forgotten with their queues; the others stay', async () => {
  const p = await open(join(directory(), 'b.db'), 'a')
  for (const id of ['gone', 'here']) await p.addSubscriptions({ id }, [{ topic: 'e', qos: 1 }])
  await p.keep(message('a', 1))
  const now = Date.now()
  while (Date.now() === now) await new Promise((resolve) => { setImmediate(resolve) })
  await p.seen(['here'])
  expect(await p.expire(now + 1)).toEqual(['gone'])
  expect(await queued(p, 'gone')).toEqual([])
  expect(await queued(p, 'here')).toEqual(['1'])
  expect(await p.subscriptionsByClient({ id: 'gone' })).toEqual([])
})

test('many writes at once are stored in the order of the calls', async () => {
  const p = await open(join(directory(), 'b.db'), 'a')
  await p.addSubscriptions({ id: 'away' }, [{ topic: '#', qos: 1 }])
  const done: number[] = []
  await Promise.all(Array.from({ length: 100 }, async (_, n) => {
    await p.keep(message('a', n + 1, { retain: n % 3 === 0, topic: `e/${n}` }))
    done.push(n)
  }))
  expect(done).toEqual(Array.from({ length: 100 }, (_, n) => n))
  expect(await queued(p, 'away')).toEqual(Array.from({ length: 100 }, (_, n) => String(n + 1)))
})

test('a write that fails is refused, with all of its turn, and the next turn works', async () => {
  const p = await open(join(directory(), 'b.db'), 'a')
  await p.addSubscriptions({ id: 'away' }, [{ topic: 'e', qos: 1 }])
  const outcomes = await Promise.allSettled([
    p.keep(message('a', 1)),
    p.keep(message('a', 2), () => { throw new Error('disk full') }),
    p.addSubscriptions({ id: 'other' }, [{ topic: 'e', qos: 1 }]),
  ])
  expect(outcomes.map((o) => o.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await p.subscriptionsByClient({ id: 'other' })).toEqual([])
  await p.keep(message('a', 3))
  expect(await queued(p, 'away')).toEqual(['3'])
})

test('says what to do when the store is no database, or in use', async () => {
  const d = directory()
  writeFileSync(join(d, 'broken.db'), 'no database '.repeat(100))
  await expect(open(join(d, 'broken.db'), 'a')).rejects.toThrow(/broken\.db cannot be read.*Move it away/)
  await open(join(d, 'b.db'), 'a')
  await expect(open(join(d, 'b.db'), 'b')).rejects.toThrow(/in use by another broker/)
  await expect(open(join(d, 'no', 'such', 'b.db'), 'b')).rejects.toThrow(/cannot be opened.*directory must exist/)
})
