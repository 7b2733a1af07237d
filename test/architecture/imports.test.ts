import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { forbiddenImports, importsOf, isTooLong, isVagueName, machinePlaces } from './rules.ts'

const root = new URL('../../', import.meta.url).pathname
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split('\n')
  .filter((f) => f !== '' && exists(f))
const sources = files.filter((f) => /\.(ts|mts|js|mjs|cjs)$/.test(f))
const text = (file: string) => readFileSync(root + file, 'utf8')

function exists(file: string): boolean {
  try {
    return statSync(root + file).isFile() && statSync(root + file).size < 2_000_000
  } catch {
    return false
  }
}

describe('the source tree', () => {
  test('nobody imports what is not theirs', () => expect(sources.flatMap((f) => forbiddenImports(f, text(f)))).toEqual([]))
  test('no file grows beyond 500 lines', () => expect(sources.filter((f) => isTooLong(text(f)))).toEqual([]))
  test('every file says by its name what it holds', () => expect(files.filter(isVagueName)).toEqual([]))
  test('no place of one machine is named', () => {
    expect(files.filter((f) => f !== 'test/architecture/rules.ts' && f !== 'test/architecture/imports.test.ts')
      .flatMap((f) => machinePlaces(text(f)).map((place) => `${f}: ${place}`))).toEqual([])
  })
  test('there is something to look at', () => expect(sources.length).toBeGreaterThan(60))
})

describe('imports are seen', () => {
  test.each([
    ["import { a } from 'x'", 'x', false, false],
    ["import a, { b } from \"x\"", 'x', false, false],
    ["import * as a from 'x'", 'x', false, false],
    ["import type { A } from 'x'", 'x', true, false],
    ["import {\n  a,\n  type B,\n} from 'x'", 'x', false, false],
    ["export { a } from 'x'", 'x', false, false],
    ["export * from 'x'", 'x', false, false],
    ["export type { A } from 'x'", 'x', true, false],
    ["import 'x'", 'x', false, false],
    ["const a = await import('x')", 'x', false, true],
    ["const a = createRequire(import.meta.url)('x')", 'x', false, true],
  ])('%s', (line, specifier, typeOnly, dynamic) => expect(importsOf(`/** before */\n${line}\nconst z = 1\n`)).toEqual([{ specifier, typeOnly, dynamic }]))
  test('and nothing else', () => expect(importsOf("/** import x from 'y' */\nconst from = 'import'\nexport const a = 'b'\nexport interface C { d: 'e' }\n")).toEqual([]))
})

describe('the rules can fail', () => {
  test.each([
    ['contract/order.ts', "import { readFileSync } from 'node:fs'", 'contract/order.ts: node:fs: nothing of node here'],
    ['contract/order.ts', "import x from '../link/link.ts'", 'contract/order.ts: ../link/link.ts: not from here'],
    ['contract/order.ts', "import x from 'lodash'", 'contract/order.ts: lodash: no such package here'],
    ['daemon/wire/vrrp3.ts', "import { z } from 'zod'", 'daemon/wire/vrrp3.ts: zod: no such package here'],
    ['daemon/wire/vrrp3.ts', "import { Config } from '../../contract/config.ts'", 'daemon/wire/vrrp3.ts: ../../contract/config.ts: not from here'],
    ['daemon/core/election.ts', "import { decode } from '../wire/vrrp3.ts'", 'daemon/core/election.ts: ../wire/vrrp3.ts: only its types'],
    ['daemon/core/election.ts', "import type { Clock } from '../ports.ts'", 'daemon/core/election.ts: ../ports.ts: not from here'],
    ['daemon/runtime.ts', "import { x } from './io/clock.ts'", 'daemon/runtime.ts: ./io/clock.ts: not from here'],
    ['daemon/steering.ts', "import { start } from './participation.ts'", 'daemon/steering.ts: ./participation.ts: not from here'],
    ['daemon/io/clock.ts', "import { step } from '../core/election.ts'", 'daemon/io/clock.ts: ../core/election.ts: not from here'],
    ['daemon/uplink/worker.ts', "import mqtt from 'mqtt'", 'daemon/uplink/worker.ts: mqtt: another part owns this package'],
    ['broker/main.ts', "import { x } from '../daemon/main.ts'", 'broker/main.ts: ../daemon/main.ts: not from here'],
    ['handlers/email/rules.ts', "import type { Log } from '../../broker/notices.ts'", 'handlers/email/rules.ts: ../../broker/notices.ts: not from here'],
    ['handlers/runner.ts', "import { createTransport } from 'nodemailer'", 'handlers/runner.ts: nodemailer: another part owns this package'],
    ['cli/rooms.ts', "import { runBroker } from '../broker/main.ts'", 'cli/rooms.ts: ../broker/main.ts: only by import()'],
    ['cli/status.ts', "const x = import('../broker/main.ts')", 'cli/status.ts: ../broker/main.ts: not from here'],
    ['cli/rooms.ts', "const x = import('../broker/access.ts')", 'cli/rooms.ts: ../broker/access.ts: not from here'],
    ['cellar/x.ts', "import x from '../contract/order.ts'", 'cellar/x.ts: belongs to no room: give it a rule'],
  ])('%s: %s', (file, line, expected) => expect(forbiddenImports(file, line)).toEqual([expected]))

  test.each([
    ['contract/order.ts', "import { z } from 'zod'"],
    ['daemon/core/election.ts', "import type { Advertisement } from '../wire/advertisement.ts'"],
    ['daemon/main.ts', "import { openClock } from './io/clock.ts'"],
    ['daemon/io/sockets.ts', "import raw from 'raw-socket'"],
    ['cli/rooms.ts', "const x = import('../daemon/main.ts')"],
    ['test/x.test.ts', "import mqtt from 'mqtt'"],
  ])('%s may: %s', (file, line) => expect(forbiddenImports(file, line)).toEqual([]))

  test('names, lengths, places', () => {
    expect(['daemon/utils.ts', 'link/common/x.ts', 'cli/helper.ts', 'broker/session-manager.ts', 'a/manager.ts'].map(isVagueName)).toEqual([true, true, true, false, true])
    expect([isTooLong('x\n'.repeat(500)), isTooLong('x\n'.repeat(501))]).toEqual([false, true])
    expect(machinePlaces('see ../shared/notes and /work/main/x')).toEqual(['/work/main', '../shared/'])
    expect(machinePlaces('/etc/understudy/cluster.yaml')).toEqual([])
  })
})
