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
import type { Outcome } from '../test/interop/cases.ts'
import { meet } from '../test/interop/encounter.ts'
import { describeSetting, OURS, THEIRS, type Setting } from '../test/interop/setting.ts'
import { storyOf } from '../test/interop/stories.ts'

const HELP = `Usage: node bench/interop.ts [OPTIONS]

Plays an Understudy and a keepalived in one virtual router, on two hosts in network namespaces of this machine.

  --write      write docs/reference/interoperability.md instead of printing
  --rounds N   rounds of each row; the table has the medians (default 3)
  --only TEXT  rows whose name contains this, e.g. "VRRPv3, IPv6"
  --help
`
type Configuration = Omit<Setting, 'higher'>
interface Table {
  /** Headings by the names of the cases. */
  readonly columns: Readonly<Record<string, string>>
  readonly configurations: readonly Configuration[]
  /** What stands above it. */
  readonly about: string
}

const elections = { elect: 'election', crash: 'host dies', return: 'it returns' }
const orders = { order: 'ordered away', orderBack: 'ordered back' }
const slow = { version: 2, family: 4, interval: 1 } as const, secret = { pass: 'secret12' } as const
const fast = ([4, 6] as const).map((family) => ({ version: 3 as const, family, interval: 0.1 }))

const tables: readonly Table[] = [
  {
    columns: { ...elections, ...orders, cut: 'cable cut', plug: 'cable plugged', stop: 'stopped' },
    configurations: [
      { ...slow, ...secret },
      slow,
      { ...slow, ...secret, unicast: true },
      ...fast.map((c) => ({ ...c, unicast: true as const })),
      { version: 3, family: 4, interval: 0.1, preempt: 'rfc' },
      ...[1, 0.1, 0.01].flatMap((interval) => fast.map((c) => ({ ...c, interval }))),
    ],
    about: `A cell reads *ms until the right host alone held the addresses / ms in which no host within reach held them*
(medians). An election, which begins with nobody, has only the first number. Every case is about the better one: its host
dies and returns, its cable is cut and plugged, it is stopped. Orders are for Understudy alone: keepalived takes none.`,
  },
  {
    columns: {
      ...elections, ...orders, cutFirst: 'first link down', plugFirst: 'up again', cutSecond: 'second link down',
      plugSecond: 'up again', stop: 'stopped',
    },
    configurations: [{ ...slow, ...secret, together: true }, ...fast.map((c) => ({ ...c, together: true as const }))],
    about: `## Two routers that move together

\`together: true\` in Understudy, a \`vrrp_sync_group\` in keepalived: two routers, each on a link of its own. A cell is
about both: *ms until the right host alone held the addresses of both / ms in which no host within reach held those of one
of them*. A link that goes down is down for the better host, which sees it and gives up both routers, also the one on the
link that is whole.`,
  },
  {
    columns: {
      elect: 'election', order: 'ordered away and back', crash: 'host dies', return: 'it returns',
      crashOther: 'other host dies', returnOther: 'other returns', cut: 'link down', plug: 'up again',
      stopOther: 'other stopped',
    },
    configurations: [{ ...slow, ...secret, preempt: 'off' }, ...fast.map((c) => ({ ...c, preempt: 'off' as const }))],
    about: `## Nobody preempts

\`preempt: off\` in Understudy, \`nopreempt\` in keepalived: whoever serves goes on until it fails, also when a better one
comes back. The better one begins, and takes over again when the other one fails. *Stays* means that no address changed
hands, for longer than whoever wanted them would have waited.`,
  },
]
const bothWays = (c: Configuration): Setting[] => [{ ...c, higher: OURS }, { ...c, higher: THEIRS }]
const nameOf = (s: Setting) => `${describeSetting(s)} | ${s.higher === OURS ? 'Understudy' : 'keepalived'}`
/** Rows with long intervals mostly wait, so they are played side by side; short intervals get the machine to themselves. */
const waits = (s: Setting) => s.interval >= 1

type Row = Map<string, (Outcome | Error)[]>
type Rows = readonly (readonly [Setting, Row])[]

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

  const pages = tables.map((t): [Table, Rows] => [t, t.configurations.flatMap(bothWays)
    .filter((s) => nameOf(s).includes(o.only)).map((s) => [s, new Map()])])
  const played = pages.flatMap(([, rows]) => rows)
  for (let round = 1; round <= Number(o.rounds); round++) {
    await Promise.all(played.filter(([s]) => waits(s)).map(([s, row]) => play(s, row)))
    for (const [s, row] of played) if (!waits(s)) await play(s, row)
    process.stderr.write(`round ${round} of ${o.rounds} is done\n`)
  }
  const text = page(pages.filter(([, rows]) => rows.length > 0), Number(o.rounds))
  if (o.write) writeFileSync(path.join(root, 'docs/reference/interoperability.md'), text)
  else process.stdout.write(text)
  const results = played.flatMap(([, row]) => [...row.values()].flat())
  if (results.some((result) => result instanceof Error)) process.exitCode = 1
}

/** One round of a row. After a failure nothing is as the next case expects it. */
async function play(setting: Setting, row: Row): Promise<void> {
  const e = await meet(setting)
  try {
    for (const [name, happen] of storyOf(setting)) {
      const result = await happen(e, setting).catch((fault: Error) => fault)
      row.set(name, [...row.get(name) ?? [], result])
      if (result instanceof Error) {
        process.stderr.write(`${nameOf(setting)}, ${name}: ${result.message}\n`)
        break
      }
    }
  } finally {
    e.close()
  }
}

const page = (pages: readonly (readonly [Table, Rows])[], rounds: number) => `# Interoperability

Understudy and ${keepalivedVersion()} in one virtual router, each once the better one: real programs on two hosts
in network namespaces (Linux ${os.release()}, Node ${process.version}, ${os.cpus().length} processors).
Rounds of every case: ${rounds}.

Written by \`node bench/interop.ts --write\`.

${pages.map(([t, rows]) => `${t.about}\n\n${table(t, rows)}`).join('\n\n')}

What to know when both run side by side:

- keepalived does not hurry. It waits three intervals and its skew before it takes over from a living but worse host.
  So *it returns* takes longer where keepalived is the better one, and *ordered away* and *stopped* take longer where
  Understudy is; meanwhile the worse host goes on answering.
- keepalived advertises before it adds the addresses, and Understudy releases them as soon as it hears that. Where
  Understudy is stopped or ordered away, nobody may hold them for a few milliseconds.
- An instance of keepalived speaks for one family. List the addresses of the other one under
  \`virtual_ipaddress_excluded\` there, and simply under \`addresses\` here.
- With \`nopreempt\`, keepalived takes over from nobody who advertises, however low: an order moves nothing away from an
  active Understudy. Stopping it does; it answers until keepalived has had its time, and says farewell then.
- With \`preempt: off\`, Understudy leaves a worse host alone whose priority is within its band of healthy hosts, and
  replaces one below it as failing. Give keepalived a priority in that band: 240 to 250 for two hosts, where \`bands\` says
  nothing else.
- By unicast over IPv6, keepalived sends with hop limit 64 unless \`unicast_ttl 255\` is set there, as it was here. Understudy
  takes nothing below 255, or below \`minHopLimit\` in its \`unicast\` block.
- Without \`vrrp_strict\`. With version 3 over IPv4, leave \`checksum\` at \`rfc5798\`: keepalived refuses the other one.
`

function table({ columns }: Table, rows: Rows): string {
  const names = Object.keys(columns)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['Configuration', 'Better one', ...Object.values(columns)]),
    line(['---', '---', ...names.map(() => '---')]),
    ...rows.map(([setting, row]) => line([nameOf(setting), ...names.map((n) => cell(n, row.get(n) ?? []))])),
  ].join('\n')
}

function cell(name: string, results: readonly (Outcome | Error)[]): string {
  const failed = results.filter((r) => r instanceof Error), fine = results.flatMap((r) => (r instanceof Error ? [] : r))
  if (failed.length > 0) return `**failed ${failed.length} of ${results.length}**: ${failed[0]?.message.split(';')[0]}`
  if (fine.length === 0) return '–'
  const times = fine.flatMap((r) => r.moved ?? [])
  if (times.length === 0) return 'ok, stays'
  const moved = median(times), outage = median(fine.map((r) => r.outage))
  return name === 'elect' ? `ok, ${moved}` : `ok, ${moved} / ${outage}`
}

const median = (numbers: readonly number[]) =>
  Math.round(numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN)

function keepalivedVersion(): string {
  const said = execFileSync('sh', ['-c', '"$0" --version 2>&1', program('keepalived') ?? 'keepalived'], { encoding: 'utf8' })
  return `keepalived ${/Keepalived v(\S+)/.exec(said)?.[1] ?? 'of an unknown version'}`
}

await main()
