/**
 * `npm run bench`: keepalived and Understudy side by side, in one run: the same four hosts, timers, name servers and
 * client, round by round in turn. Prints a Markdown table for each case and writes all rounds to .runtime/bench/.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sleep } from '../lab/clock.ts'
import { bestNameServer } from '../lab/name-server.ts'
import { createLab } from '../lab/net.ts'
import { haveNetworkRights } from '../lab/privilege.ts'
import { startProbe } from '../lab/probe.ts'
import { program, root } from '../lab/program.ts'
import { startSniffer } from '../lab/sniffer.ts'
import { HOSTS, SERVICE, type Case, type Contestant } from './case.ts'
import { cases } from './cases/index.ts'
import { keepalived } from './keepalived.ts'
import { playRound, type Bench, type Round } from './round.ts'
import { chance } from './statistics.ts'
import { table, type Results } from './table.ts'
import { understudy } from './understudy.ts'

const contestants: readonly Contestant[] = [keepalived, understudy]
const HELP = `Usage: npm run bench [-- OPTIONS]

Compares ${contestants.map((c) => c.name).join(' and ')} on four hosts in network namespaces of this machine.

  --only NAME[,NAME]   cases to play (default: all but those in brackets):
                       ${cases.map((c) => (c.onRequest ? `(${c.name})` : c.name)).join(', ')}
  --with NAME[,NAME]   contestants (default: both)
  --rounds N           rounds of each case and contestant (default 10)
  --seed N             for the moments at which things happen (default 1)
  --dns KIND           named or built-in (default built-in: it listens before the address comes)
  --keep               leave configurations and logs in .runtime/bench/
  --help
`

const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, with: { type: 'string' },
  rounds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' },
  dns: { type: 'string', default: 'built-in' },
  keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
} })
async function main(): Promise<void> {
  const played = options.only === undefined ? cases.filter((c) => !c.onRequest) : chosen(cases, options.only)
  const rivals = chosen(contestants, options.with)
  if (options.dns === 'named' && bestNameServer() !== 'named') return refuse('named is not installed')
  if (rivals.includes(keepalived) && !program('keepalived')) {
    return refuse('keepalived is not installed; "--with understudy" plays without it')
  }
  await haveNetworkRights()

  const folder = path.join(root, '.runtime/bench')
  const directory = path.join(folder, `run-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  const lab = createLab(HOSTS, { directory, keepFiles: options.keep })
  const probe = startProbe(lab, lab.client, [SERVICE.ipv4, SERVICE.ipv6])
  await sleep(500)
  const bench: Bench = { lab, probe, sniffer: startSniffer(lab, lab.ops), servers: new Map(), nameServer: options.dns === 'named' ? 'named' : 'built-in' }
  const random = chance(Number(options.seed))
  const all: Record<string, readonly Results[]> = {}
  try {
    for (const what of played) {
      all[what.name] = await playCase(bench, what, rivals, Number(options.rounds), random)
      process.stdout.write(`\n${table(what.title, all[what.name] ?? [])}\n`)
    }
  } finally {
    lab.close()
    save(folder, all)
  }
}

function save(folder: string, all: Readonly<Record<string, readonly Results[]>>): void {
  if (Object.keys(all).length === 0) return
  const file = path.join(folder, `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`)
  const machine = { cpu: os.cpus()[0]?.model, cpus: os.cpus().length, kernel: os.release(), node: process.version }
  writeFileSync(file, `${JSON.stringify({ options, machine, cases: all }, undefined, 1)}\n`)
  process.stdout.write(`All rounds: ${path.relative(process.cwd(), file)}\n`)
}

/** Contestants take turns, and each meets the same moments within the interval. */
async function playCase(
  bench: Bench, what: Case, rivals: readonly Contestant[], rounds: number, random: () => number,
): Promise<Results[]> {
  const kept = rivals.map((contestant) => ({ contestant, rounds: [] as Round[], repeated: 0, failed: 0 }))
  for (let round = 1; round <= rounds; round++) {
    const phase = random()
    for (const own of kept) {
      for (;;) {
        const result = await playRound(bench, own.contestant, what, phase)
        note(`${what.name} ${round}/${rounds} ${own.contestant.name}: ${typeof result === 'string' ? result : line(result)}`)
        if (typeof result === 'string') own.failed++
        // A machine that is never quiet must not keep us for ever: half as many repetitions as rounds, then a blurred one
        // counts.
        else if (result.blurred && own.repeated < rounds / 2) {
          own.repeated++
          continue
        } else own.rounds.push(result)
        break
      }
    }
  }
  return kept.map((own) => ({ ...own, contestant: own.contestant.name }))
}

const line = (r: Round) => `outage ${r.outage4.toFixed(0)} / ${r.outage6.toFixed(0)} ms, lost ${r.lost}, ` +
  `new host after ${r.moved4.toFixed(0)} / ${r.moved6.toFixed(0)} ms, ` +
  `client late by ${r.slip.toFixed(1)} ms${r.blurred ? ' (blurred)' : ''}`

function chosen<T extends { readonly name: string }>(all: readonly T[], names: string | undefined): readonly T[] {
  const wanted = names?.split(',') ?? all.map((a) => a.name)
  const unknown = wanted.filter((name) => !all.some((a) => a.name === name))
  if (unknown.length > 0) {
    refuse(`no such thing as ${unknown.join(', ')}: known are ${all.map((a) => a.name).join(', ')}`)
    process.exit()
  }
  return all.filter((a) => wanted.includes(a.name))
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

function refuse(text: string): void {
  note(text)
  process.exitCode = 2
}

if (options.help) process.stdout.write(HELP)
else await main()
