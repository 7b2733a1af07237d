/** The handler that the how-to shows: the very file, as a process of its own, from a folder without any package. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../link/until.ts'
import { temporaryFolder } from './rig.ts'
import { change } from './samples.ts'
import { daemon, stage } from './stage.ts'

const docs = join(import.meta.dirname, '../../docs')
const example = join(docs, 'examples/handlers/webhook.ts')

test('the how-to shows the example as it is, in at most 20 lines', () => {
  const code = readFileSync(example, 'utf8')
  expect(readFileSync(join(docs, 'how-to/write-a-handler.md'), 'utf8')).toContain(`\`\`\`ts\n${code}\`\`\``)
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
})

test('the example posts events, tries again, gives up, and is confirmed', { timeout: 20_000 }, async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'handlers'))
  copyFileSync(example, join(folder.path, 'handlers/webhook.ts'))
  const answers = [200, 503, 200, 404]
  const posted: [string | undefined, string][] = []
  await using hook = await server(async (request) => {
    const { id } = JSON.parse(await text(request)) as { id: string }
    posted.push([request.headers['content-type'], id])
    return answers[posted.length - 1] ?? 500
  })
  await using handlers = await stage(folder.path, {
    custom: { webhook: { module: 'handlers/webhook.ts', settings: { url: hook.url } } },
  })
  await using dns1 = daemon(handlers.url, 'webhook')
  for (const sequence of [1, 2, 3]) {
    await until(`event ${sequence} confirmed`, () => dns1.pending.size === 0)
    await dns1.tell(change('backup>active active-silent', { sequence }))
  }
  await until('all events confirmed', () => dns1.pending.size === 0)
  const cloud = 'application/cloudevents+json'
  expect(posted).toEqual([
    [cloud, 'dns1/b1/1'],
    [cloud, 'dns1/b1/2'],
    [cloud, 'dns1/b1/2'],
    [cloud, 'dns1/b1/3'],
  ])
  expect(handlers.said()).toContain('HTTP 404')
  expect(await handlers.end('SIGTERM')).toBe(0)
})

const modules: Record<string, string> = {
  broken: 'export default {{',
  empty: 'export const x = 1',
  odd: 'export default {name: "x", types: ["moon.full"]}',
  fine:
    'import { defineHandler, done, z } from "understudy/handler"\n' +
    'const settings = z.strictObject({url: z.url(), n: z.int()})\n' +
    'export default defineHandler({name: "x", settings, run: async () => done()})',
}
const faults: readonly RegExp[] = [
  /^handlers\.custom\.absent\.module: \/.*\/absent\.ts cannot be loaded: Cannot find module/m,
  /^handlers\.custom\.broken\.module: \/.*\/broken\.ts cannot be loaded: /m,
  /^handlers\.custom\.empty\.module: \/.*\/empty\.ts has no default export: want export default defineHandler/m,
  /^handlers\.custom\.odd\.module: \/.*\/odd\.ts: default\.settings: want a zod schema$/m,
  /^handlers\.custom\.odd\.module: \/.*\/odd\.ts: default\.types\.0: want types of events: daemon\.started, /m,
  /^handlers\.custom\.odd\.module: \/.*\/odd\.ts: default\.run: want a function$/m,
  /^handlers\.custom\.fine\.settings\.url: Invalid URL$/m,
  /^handlers\.custom\.fine\.settings\.n: Invalid input: expected number, received undefined$/m,
  /^handlers\.custom\.fine\.settings: Unrecognized key: "m"$/m,
  /^handlers\.custom\.log: this name is taken by a built-in handler: choose another$/m,
]

test('handlers that cannot start: every problem of each, with its place in the cluster file', {
  timeout: 20_000,
}, async () => {
  using folder = temporaryFolder()
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(folder.path, `${name}.ts`), code)
  const custom = Object.fromEntries(
    ['absent', ...Object.keys(modules), 'log'].map((name) => [
      name,
      {
        module: `${name === 'log' ? 'fine' : name}.ts`,
        settings: name === 'log' ? { url: 'https://x.example', n: 1 } : { url: 'x', m: 1 },
      },
    ]),
  )
  await using handlers = await stage(folder.path, { custom })
  expect(await handlers.end()).toBe(3)
  for (const fault of faults) expect(handlers.said()).toMatch(fault)
})

async function server(respond: (request: IncomingMessage) => Promise<number>) {
  const http = createServer((request, response) => {
    void respond(request).then((code) => response.writeHead(code).end())
  })
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        http.closeAllConnections()
        http.close(() => resolve())
      }),
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
