/**
 * `node bench/interop.ts [--write]`: an Understudy and a real keepalived in one virtual router, through everything that can
 * happen to them. Prints a Markdown page; `--write` makes it docs/reference/interoperability.md.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { haveNetworkRights } from '../lab/privilege.ts'
import { program, root } from '../lab/program.ts'
import {
  cases, casesFor, describeSetting, meet, OURS, THEIRS, type CaseName, type Outcome, type Setting,
} from '../test/interop/encounter.ts'

const HELP = `Usage: node bench/interop.ts [OPTIONS]

Plays an Understudy and a keepalived in one virtual router, on two hosts in network namespaces of this machine.

  --write      write docs/reference/interoperability.md instead of printing
  --rounds N   rounds of each row; the table has the medians (default 3)
  --only TEXT  rows whose name contains this, e.g. "VRRPv3, IPv6"
  --help
`
const columns: Readonly<Record<CaseName, string>> = {
  elect: 'election', crash: 'host dies', return: 'it returns', order: 'ordered away', orderBack: 'ordered back',
  cut: 'cable cut', plug: 'cable plugged', stop: 'stopped',
}
const configurations: readonly Omit<Setting, 'higher'>[] = [
  { version: 2, family: 4, interval: 1, pass: 'secret12' },
  { version: 2, family: 4, interval: 1 },
  { version: 2, family: 4, interval: 1, pass: 'secret12', unicast: true },
  ...([4, 6] as const).map((family) => ({ version: 3 as const, family, interval: 0.1, unicast: true as const })),
  { version: 3, family: 4, interval: 0.1, preempt: 'rfc' },
  ...[1, 0.1, 0.01].flatMap((interval) => ([4, 6] as const).map((family) => ({ version: 3 as const, family, interval }))),
]
const settings = configurations.flatMap((c): Setting[] => [{ ...c, higher: OURS }, { ...c, higher: THEIRS }])
const nameOf = (s: Setting) => `${describeSetting(s)} | ${s.higher === OURS ? 'Understudy' : 'keepalived'}`
/** Rows with long intervals mostly wait, so they are played side by side; short intervals get the machine to themselves. */
const waits = (s: Setting) => s.interval >= 1

type Row = Map<CaseName, (Outcome | Error)[]>

async function main(): Promise<void> {
  const { values: o } = parseArgs({ options: {
    write: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' }, only: { type: 'string', default: '' },
  } })
  if (o.help) return void process.stdout.write(HELP)
  for (const name of ['keepalived', 'mosquitto', 'mosquitto_pub']) {
    if (!program(name)) throw new Error(`${name} is not installed: "npm test" fetches it`)
  }
  await haveNetworkRights()

  const played = new Map<Setting, Row>(settings.filter((s) => nameOf(s).includes(o.only)).map((s) => [s, new Map()]))
  for (let round = 1; round <= Number(o.rounds); round++) {
    await Promise.all([...played].filter(([s]) => waits(s)).map(([s, row]) => play(s, row)))
    for (const [s, row] of played) if (!waits(s)) await play(s, row)
    process.stderr.write(`round ${round} of ${o.rounds} is done\n`)
  }
  const text = page(played, Number(o.rounds))
  if (o.write) writeFileSync(path.join(root, 'docs/reference/interoperability.md'), text)
  else process.stdout.write(text)
  const results = [...played.values()].flatMap((row) => [...row.values()].flat())
  if (results.some((result) => result instanceof Error)) process.exitCode = 1
}

/** One round of a row. After a failure nothing is as the next case expects it. */
async function play(setting: Setting, row: Row): Promise<void> {
  const e = await meet(setting)
  try {
    for (const name of casesFor(setting)) {
      const result = await cases[name](e, setting).catch((fault: Error) => fault)
      row.set(name, [...row.get(name) ?? [], result])
      if (result instanceof Error) {
        process.stderr.write(`${nameOf(setting)}, ${columns[name]}: ${result.message}\n`)
        break
      }
    }
  } finally {
    e.close()
  }
}

const page = (played: ReadonlyMap<Setting, Row>, rounds: number) => `# Interoperability

Understudy and ${keepalivedVersion()} in one virtual router, each once the better one: real programs on two hosts
in network namespaces (Linux ${os.release()}, Node ${process.version}, ${os.cpus().length} processors).
Every case was played ${rounds} times.

A cell reads *ms until the right host alone held the addresses / ms in which no host within reach held them* (medians).
An election, which begins with nobody, has only the first number. Every case is about the better one: its host dies and
returns, its cable is cut and plugged, it is stopped. Orders are for Understudy alone: keepalived takes none.

Written by \`node bench/interop.ts --write\`.

${table([...played])}

What to know when both run side by side:

- keepalived does not hurry. It waits three intervals and its skew before it takes over from a living but worse host.
  So *it returns* takes longer where keepalived is the better one, and *ordered away* and *stopped* take longer where
  Understudy is; meanwhile the worse host goes on answering.
- keepalived advertises before it adds the addresses, and Understudy releases them as soon as it hears that. Where
  Understudy is stopped or ordered away, nobody may hold them for a few milliseconds.
- An instance of keepalived speaks for one family. List the addresses of the other one under
  \`virtual_ipaddress_excluded\` there, and simply under \`addresses\` here.
- Without \`vrrp_strict\`. With version 3 over IPv4, leave \`checksum\` at \`rfc5798\`: keepalived refuses the other one.
`

function table(rows: readonly (readonly [Setting, Row])[]): string {
  const names = Object.keys(columns) as CaseName[]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['Configuration', 'Better one', ...names.map((n) => columns[n])]),
    line(['---', '---', ...names.map(() => '---')]),
    ...rows.map(([setting, row]) => line([nameOf(setting), ...names.map((n) => cell(n, row.get(n) ?? []))])),
  ].join('\n')
}

function cell(name: CaseName, results: readonly (Outcome | Error)[]): string {
  const failed = results.filter((r) => r instanceof Error), fine = results.flatMap((r) => (r instanceof Error ? [] : r))
  if (failed.length > 0) return `**failed ${failed.length} of ${results.length}**: ${failed[0]?.message.split(';')[0]}`
  if (fine.length === 0) return '–'
  const moved = median(fine.map((r) => r.moved)), outage = median(fine.map((r) => r.outage))
  return name === 'elect' ? `ok, ${moved}` : `ok, ${moved} / ${outage}`
}

const median = (numbers: readonly number[]) =>
  Math.round(numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN)

function keepalivedVersion(): string {
  const said = execFileSync('sh', ['-c', '"$0" --version 2>&1', program('keepalived') ?? 'keepalived'], { encoding: 'utf8' })
  return `keepalived ${/Keepalived v(\S+)/.exec(said)?.[1] ?? 'of an unknown version'}`
}

await main()
