import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonical, recordAfter, START, verifyAudit } from '../../handlers/audit/chain.ts'
import { verifyAuditFile } from '../../handlers/audit/file.ts'
import { auditHandler } from '../../handlers/audit/handler.ts'
import type { Event } from '../../contract/events.ts'
import { memoryLog, temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

const event = (sequence: number) => change('backup>active active-silent', { sequence })
const linesIn = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)

/** An audit handler with its file and its memory, which outlive any run. */
function auditor(folder: string) {
  const file = join(folder, 'audit.jsonl')
  const memory = new Map<string, string>()
  const handler = auditHandler()
  const run = (...events: Event[]) =>
    handler.run(events, {
      settings: { file, required: true },
      cluster: 'cam',
      attemptOf: 'x',
      log: memoryLog(),
      signal: new AbortController().signal,
      memory: {
        get: (k) => memory.get(k),
        set: (k, v) => {
          memory.set(k, v)
        },
      },
    })
  return {
    file,
    memory,
    run,
    notes: async () => {
      const verdict = await verifyAuditFile(file)
      return verdict.ok ? verdict.notes.map((n) => `${n.seq} ${n.note.is}`) : verdict
    },
  }
}

test('one value has one spelling', () => {
  expect(canonical({ b: [1, 'é\n', null, { z: true, a: 0.5 }], a: undefined, '': {} })).toBe(
    '{"":{},"b":[1,"é\\n",null,{"a":0.5,"z":true}]}',
  )
})

test('the format, as a literal: sha256 over the hash before, a line feed, and the canonical record', () => {
  // printf '%064d\n{"event":{"a":1},"seq":1}' 0 | sha256sum
  expect(recordAfter(START, { event: { a: 1 } })).toEqual({
    seq: 1,
    prev: '0'.repeat(64),
    hash: 'fd6428e62a7182565f2d59a0816b7edbaace071b6572e58a203034cb5ca02f1c',
    event: { a: 1 },
  })
})

test('events follow each other, each once', async () => {
  using folder = temporaryFolder()
  const { file, run } = auditor(folder.path)
  for (const n of [1, 2, 2, 3, 1]) expect(await run(event(n))).toEqual({ is: 'done' })
  expect(
    linesIn(file)
      .map((l) => JSON.parse(l))
      .map((r) => [r.seq, r.event.id]),
  ).toEqual([
    [1, 'dns1/b1/1'],
    [2, 'dns1/b1/2'],
    [3, 'dns1/b1/3'],
  ])
  expect(await verifyAuditFile(file)).toMatchObject({ ok: true, head: { seq: 3 }, notes: [] })
})

const edit = (n: number, change: (line: string) => string) => (lines: string[]) =>
  lines.map((l, i) => (i === n - 1 ? change(l) : l))
const forged = (line: string) => {
  const { seq, prev, event: e } = JSON.parse(line)
  return JSON.stringify(recordAfter({ seq: seq - 1, hash: prev }, { event: { ...e, host: 'dns9' } }))
}
test.each<[string, (lines: string[]) => string[], number, string]>([
  [
    'a changed word',
    edit(2, (l) => l.replace('active-silent', 'order-changed')),
    2,
    'record 2 is not what was written: its hash does not fit',
  ],
  [
    'an added key',
    edit(2, (l) => l.replace('"host":', '"by":"x","host":')),
    2,
    'record 2 is not what was written: its hash does not fit',
  ],
  ['a changed word with a new hash', edit(2, forged), 3, 'record 3 does not follow the one before it'],
  ['a removed line', (l) => l.toSpliced(2, 1), 3, 'record 4 stands where 3 is expected'],
  ['a removed first line', (l) => l.slice(1), 1, 'record 2 stands where 1 is expected'],
  ['two lines in the other order', ([a, b, c, d]) => [a, c, b, d] as string[], 2, 'record 3 stands where 2 is expected'],
  ['a repeated line', ([a, ...rest]) => [a, a, ...rest] as string[], 2, 'record 1 stands where 2 is expected'],
  ['half a line', edit(4, (l) => l.slice(0, 40)), 4, 'is not JSON'],
  ['an empty line', (l) => l.toSpliced(1, 0, ''), 2, 'is not JSON'],
  ['something else', edit(1, () => '{}'), 1, 'is no audit record'],
])('%s is found', async (_, tamper, line, why) => {
  using folder = temporaryFolder()
  const { file, run } = auditor(folder.path)
  await run(event(1), event(2), event(3), event(4))
  expect(verifyAudit(tamper(linesIn(file)))).toEqual({ ok: false, line, why })
})

test('a torn last line is cut off with a note, and its event written again', async () => {
  using folder = temporaryFolder()
  const { file, run, notes } = auditor(folder.path)
  await run(event(1))
  appendFileSync(file, '{"seq":2,"prev":"ab')
  await run(event(2))
  expect(
    linesIn(file)
      .map((l) => JSON.parse(l))
      .map((r) => [r.seq, r.note?.text ?? r.event.id]),
  ).toEqual([
    [1, 'dns1/b1/1'],
    [2, '{"seq":2,"prev":"ab'],
    [3, 'dns1/b1/2'],
  ])
  expect(await notes()).toEqual(['2 torn-line'])
})

test('killed after the write and before its record: the event is not written again', async () => {
  using folder = temporaryFolder()
  const { file, memory, run } = auditor(folder.path)
  await run(event(1))
  const before = memory.get('head') ?? ''
  await run(event(2))
  memory.set('head', before)
  truncateSync(file, readFileSync(file).length - 1) // the end of the line had not made it to the disk
  await run(event(2))
  await run(event(3))
  expect(linesIn(file).map((l) => JSON.parse(l).event.id)).toEqual(['dns1/b1/1', 'dns1/b1/2', 'dns1/b1/3'])
  expect(await verifyAuditFile(file)).toMatchObject({ ok: true, head: { seq: 3 } })
})

test('what was cut from the end between two runs is noted', async () => {
  using folder = temporaryFolder()
  const { file, run, notes } = auditor(folder.path)
  await run(event(1), event(2), event(3))
  writeFileSync(file, `${linesIn(file)[0]}\n`)
  await run(event(4))
  expect(await notes()).toEqual(['2 cut-short'])
  expect(JSON.parse(linesIn(file)[1] ?? '').note).toEqual({ is: 'cut-short', written: 3, found: 1 })
})

test('a file moved away is continued by the next', async () => {
  using folder = temporaryFolder()
  const { file, run, notes } = auditor(folder.path)
  await run(event(1), event(2))
  const last = JSON.parse(linesIn(file)[1] ?? '').hash
  renameSync(file, `${file}.1`)
  await run(event(3))
  expect(await notes()).toEqual(['3 continued'])
  expect(JSON.parse(linesIn(file)[0] ?? '')).toMatchObject({ seq: 3, prev: last })
})

test('nothing is appended to a file whose end has been edited', async () => {
  using folder = temporaryFolder()
  const { file, run } = auditor(folder.path)
  await run(event(1), event(2))
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('active-silent', 'order-changed'))
  await expect(run(event(3))).rejects.toThrow(/has been changed: a line near its end record 1 is not what was written/)
})

test('a file much longer than what is read of it', async () => {
  using folder = temporaryFolder()
  const { file, run } = auditor(folder.path)
  const big = (n: number) => ({ ...event(n), data: { ...event(n).data, detail: 'x'.repeat(60_000) } }) as Event
  for (let n = 1; n <= 8; n++) await run(big(n))
  await run(big(8))
  expect(linesIn(file).length).toBe(8)
  expect(await verifyAuditFile(file)).toMatchObject({ ok: true, head: { seq: 8 } })
})
