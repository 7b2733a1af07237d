import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openOutbox, type Outbox } from '../../daemon/uplink/outbox.ts'

let directory: string, gaps: number[], box: Outbox
const open = (required: readonly string[], most = 1000) =>
  openOutbox({ file: join(directory, 'outbox.db'), required, most, gap: (n) => gaps.push(n), random: () => 0 })
const receipt = (handler: string, upTo: number, missing: number[] = [], bootId = 'boot-1') =>
  ({ handler, host: 'a', boots: [{ bootId, upTo, missing }], at: '2026-01-02T03:04:05.000Z' })
const sequences = (nowMs: number) => box.due(nowMs, 100).map((p) => p.sequence)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'outbox-'))
  gaps = []
})
afterEach(() => {
  box.close()
  rmSync(directory, { recursive: true })
})

describe('an event stays in the outbox', () => {
  test('until every required handler has confirmed it, in whatever order', () => {
    box = open(['email', 'audit'])
    for (const n of [1, 2, 3]) box.add('boot-1', n, `event ${n}`)
    box.confirm(receipt('email', 3))
    expect(box.size()).toBe(3)
    box.confirm(receipt('audit', 2))
    expect(box.size()).toBe(1)
    expect(sequences(0)).toEqual([3])
    box.confirm(receipt('audit', 3))
    expect(box.size()).toBe(0)
  })

  test('while a receipt names it as missing', () => {
    box = open(['email'])
    for (const n of [1, 2, 3]) box.add('boot-1', n, '')
    box.confirm(receipt('email', 3, [2]))
    expect(sequences(0)).toEqual([2])
  })

  test('though a handler that is not required, or one of another boot, confirms it', () => {
    box = open(['email'])
    box.add('boot-1', 1, '')
    box.confirm(receipt('log', 1))
    box.confirm(receipt('email', 1, [], 'boot-0'))
    expect(box.size()).toBe(1)
  })

  test('over a restart, and is due at once after it', () => {
    box = open(['email'])
    box.add('boot-1', 1, 'the event')
    expect(sequences(5_000)).toEqual([1])
    box.close()
    box = open(['email'])
    expect(box.due(0, 100)).toEqual([expect.objectContaining({ bootId: 'boot-1', sequence: 1, body: 'the event' })])
  })

  test('though the broker acknowledged it, unless no handler is required', () => {
    box = open(['email'])
    box.add('boot-1', 1, '')
    for (const p of box.due(0, 10)) box.acknowledged(p)
    expect(box.size()).toBe(1)
    box.close()
    box = open([])
    for (const p of box.due(0, 10)) box.acknowledged(p)
    expect(box.size()).toBe(0)
  })
})

describe('sending again', () => {
  test('after 1, 2, 4 … seconds, at most a minute; at once when a broker is back', () => {
    box = open(['email'])
    box.add('boot-1', 1, '')
    const tries: number[] = []
    for (let now = 0; now <= 300_000; now += 1000) if (sequences(now).length > 0) tries.push(now / 1000)
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    expect(sequences(300_500)).toEqual([])
    box.retryNow()
    expect(sequences(300_500)).toEqual([1])
  })

  test('the oldest first, and only so many at a time', () => {
    box = open(['email'])
    for (const n of [1, 2, 3, 4, 5]) box.add('boot-1', n, '')
    expect(box.due(0, 3).map((p) => p.sequence)).toEqual([1, 2, 3])
    expect(box.due(0, 3).map((p) => p.sequence)).toEqual([4, 5])
    expect(box.nextDue()).toBe(1000)
  })
})

test('a full outbox drops its oldest tenth, and says how many', () => {
  box = open(['email'], 20)
  for (let n = 1; n <= 21; n++) box.add('boot-1', n, '')
  expect(gaps).toEqual([2])
  expect(box.size()).toBe(19)
  expect(sequences(0)[0]).toBe(3)
})

test('the same event is kept once', () => {
  box = open(['email'])
  box.add('boot-1', 1, 'first')
  box.add('boot-1', 1, 'again')
  expect(box.due(0, 10).map((p) => p.body)).toEqual(['first'])
})
