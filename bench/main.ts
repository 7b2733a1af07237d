/**
 * `npm run bench`: keepalived and Understudy side by side, in one run: the same four hosts, timers, name servers and
 * client, round by round in turn. Prints a Markdown table for each case and writes all rounds to .runtime/bench/.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sleep } from '../lab/clock.ts'
import { watchHolders } from '../lab/holders.ts'
import { bestNameServer } from '../lab/name-server.ts'
import { createLab } from '../lab/net.ts'
import { haveNetworkRights } from '../lab/privilege.ts'
import { startProbe } from '../lab/probe.ts'
import { program } from '../lab/program.ts'
import { startSniffer } from '../lab/sniffer.ts'
import { HOSTS, SERVICE, type Case, type Contestant } from './case.ts'
import { cases } from './cases/index.ts'
import { chosen, note } from './choice.ts'
import { keepalived } from './keepalived.ts'
import { writeReadme } from './readme.ts'
import { folder, load, save } from './results.ts'
import { playRound, type Bench, type Round } from './round.ts'
import { chance } from './statistics.ts'
import { table, type Results } from './table.ts'
import { understudy } from './understudy.ts'

const contestants: readonly Contestant[] = [keepalived, understudy]
const HELP = `Usage: npm run bench [-- OPTIONS]
       npm run bench -- --readme [FILE...]

Compares ${contestants.map((c) => c.name).join(' and ')} on four hosts in network namespaces of this machine.

  --only NAME[,NAME]   cases to play (default: all):
                       ${cases.map((c) => c.name).join(', ')}
  --with NAME[,NAME]   contestants (default: both)
  --rounds N           rounds of each case and contestant (default 10)
  --seed N             for the moments at which things happen (default 1)
  --dns KIND           named or built-in (default built-in: it listens before the address comes)
  --keep               leave configurations and logs in .runtime/bench/
  --readme             play nothing: put a summary of these files (default: the newest) into README.md
  --help
`
/** A contestant that fails so often in a row is not asked again in this case. */
const ENOUGH = 3

const { values: options, positionals: files } = parseArgs({ allowPositionals: true, options: {
  only: { type: 'string' }, with: { type: 'string' },
  rounds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' },
  dns: { type: 'string', default: 'built-in' }, readme: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
} })

async function main(): Promise<void> {
  const played = chosen(cases, options.only)
  const rivals = chosen(contestants, options.with)
  if (options.dns === 'named' && bestNameServer() !== 'named') return refuse('named is not installed')
  if (rivals.includes(keepalived) && !program('keepalived')) {
    return refuse('keepalived is not installed; "--with understudy" plays without it')
  }
  await haveNetworkRights()

  const all: Record<string, readonly Results[]> = {}
  // Whatever ends this process, what was measured is kept.
  process.once('exit', () => {
    const some = Object.values(all).flat().some((r) => r.rounds.length + r.failed > 0)
    if (some) process.stdout.write(`All rounds: ${save('', { options, cases: all })}\n`)
  })
  const directory = path.join(folder, `run-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  const lab = createLab(HOSTS, { directory, keepFiles: options.keep })
  try {
    const probe = startProbe(lab, lab.client, [SERVICE.ipv4, SERVICE.ipv6])
    await sleep(500)
    const bench: Bench = {
      lab, probe, sniffer: startSniffer(lab, lab.ops), holders: await watchHolders(lab), servers: new Map(),
      nameServer: options.dns === 'named' ? 'named' : 'built-in',
    }
    const random = chance(Number(options.seed))
    for (const what of played) {
      const own = rivals.map((rival): Own => ({ contestant: rival.name, rounds: [], repeated: 0, failed: 0 }))
      all[what.name] = own
      await playCase(bench, what, new Map(rivals.map((rival, i) => [rival, own[i] as Own])), random)
      process.stdout.write(`\n${table(what, own)}\n`)
    }
  } finally {
    lab.close()
  }
}

/** Results that grow. */
type Own = { -readonly [K in keyof Results]: Results[K] } & { rounds: Round[] }

/** Contestants take turns, and each meets the same moments within the interval. */
async function playCase(
  bench: Bench, what: Case, rivals: ReadonlyMap<Contestant, Own>, random: () => number,
): Promise<void> {
  const rounds = Number(options.rounds), inARow = new Map<Contestant, number>()
  for (let round = 1; round <= rounds; round++) {
    const phase = random()
    for (const [rival, own] of rivals) {
      const before = inARow.get(rival) ?? 0
      if (before >= ENOUGH) continue
      const good = await playTurn(bench, what, rival, own, phase, `${what.name} ${round}/${rounds} ${rival.name}`)
      inARow.set(rival, good ? 0 : before + 1)
      if (inARow.get(rival) === ENOUGH) note(`${rival.name} failed ${ENOUGH} rounds in a row: no more of ${what.name}`)
    }
  }
}

/**
 * A round, again and again while the client is too late. But a machine that is never quiet must not keep us for ever:
 * half as many repetitions as rounds, then a blurred one counts. False when it failed.
 */
async function playTurn(
  bench: Bench, what: Case, rival: Contestant, own: Own, phase: number, label: string,
): Promise<boolean> {
  for (;;) {
    const result = await playRound(bench, rival, what, phase).catch((fault: Error) => fault.message)
    note(`${label}: ${typeof result === 'string' ? result : line(result)}`)
    if (typeof result === 'string') {
      own.failed++
      return false
    }
    if (!result.blurred || own.repeated >= Number(options.rounds) / 2) {
      own.rounds.push(result)
      return true
    }
    own.repeated++
  }
}

const line = (r: Round) => `outage ${r.outage4.toFixed(0)} / ${r.outage6.toFixed(0)} ms, lost ${r.lost}, ` +
  `new host after ${r.moved4.toFixed(0)} / ${r.moved6.toFixed(0)} ms, ` +
  ['above', 'shared', 'sharedAfter', 'back4', 'back6'].flatMap((key) => {
    const value = r[key as keyof Round]
    return typeof value === 'number' ? [`${key} ${value.toFixed(1)} ms, `] : []
  }).join('') +
  `client late by ${r.slip.toFixed(1)} ms${r.blurred ? ' (blurred)' : ''}`

function refuse(text: string): void {
  note(text)
  process.exitCode = 2
}

if (options.help) process.stdout.write(HELP)
else if (options.readme) writeReadme(load(files))
else await main()
