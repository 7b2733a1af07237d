import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LogFile } from '../../contract/config/file.ts'
import type { Event } from '../../contract/events.ts'
import { logHandler } from '../../handlers/log/handler.ts'
import { memoryLog, temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

function logger(file?: string) {
  const printed: string[] = []
  const handler = logHandler(async (line) => {
      printed.push(line)
    })
  const context = {
    settings: LogFile.parse({ ...(file && { file }) }),
    cluster: 'cam',
    attemptOf: 'x',
    log: memoryLog(),
    signal: new AbortController().signal,
    memory: { get: () => undefined, set: () => {} },
  }
  return { printed, run: (event: Event) => handler.run([event], context) }
}

test('one line of JSON an event on standard output', async () => {
  const { printed, run } = logger()
  expect(await run(change('backup>active active-silent', { data: { detail: 'two\nlines' } }))).toEqual({ is: 'done' })
  expect(printed).toEqual([
    '{"time":"2026-01-02T03:04:05.000Z","host":"dns1","type":"router.state","router":"testdns0","group":"dns",' +
      '"from":"backup","to":"active","reason":"active-silent","planned":false,"impact":"none","priority":250,' +
      '"health":"healthy","addresses":["192.0.2.53","2001:db8::53"],"detail":"two\\nlines","id":"dns1/b1/1"}\n',
  ])
})

test('a file is appended to, and opened anew after a rotation', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'events.jsonl')
  const { run } = logger(file)
  for (const sequence of [1, 2]) await run(change('backup>active active-silent', { sequence }))
  renameSync(file, `${file}.1`)
  await run(change('backup>active active-silent', { sequence: 3 }))
  const ids = (path: string) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l).id)
  expect([ids(`${file}.1`), ids(file)]).toEqual([['dns1/b1/1', 'dns1/b1/2'], ['dns1/b1/3']])
})

test('a folder that is not there is an error, to be tried again', async () => {
  using folder = temporaryFolder()
  await expect(
    logger(join(folder.path, 'missing', 'events.jsonl')).run(change('backup>active active-silent')),
  ).rejects.toThrow(/ENOENT/)
})
