/** The summary of a run in README.md, between two markers. Pure but for `writeReadme`. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../lab/program.ts'
import { cases } from './cases/index.ts'
import type { Saved } from './results.ts'
import type { Round } from './round.ts'
import { ratio, summary } from './statistics.ts'
import { range, valuesOf } from './table.ts'

const BEGIN = '<!-- bench:begin -->', END = '<!-- bench:end -->'

/** Each figure is the worse one of the two families. */
const FIGURES: readonly { readonly label: string; of(round: Round): number | undefined }[] = [
  { label: 'longest outage, ms', of: (r) => Math.max(r.outage4, r.outage6) },
  { label: 'queries lost', of: (r) => r.lost },
  { label: 'new host answers after, ms', of: (r) => Math.max(r.moved4, r.moved6) || undefined }, // null in JSON: nobody new
  { label: 'addresses back after, ms', of: (r) => r.back4 && r.back6 && Math.max(r.back4, r.back6) },
  { label: 'an address on two hosts, ms', of: (r) => r.shared },
  { label: 'of that, after it went on, ms', of: (r) => r.sharedAfter },
]

/** Medians with ranges of every case in the file, in the order of the cases. */
export function summaryTable({ machine, rivals = {}, cases: played }: Saved): string {
  const unknown = Object.keys(played).filter((name) => !caseOf(name))
  const names = [...cases.map((c) => c.name).filter((name) => played[name]), ...unknown]
  const contestants = [...new Set(names.flatMap((name) => played[name]?.map((r) => r.contestant) ?? []))]
  const products = contestants.map((c) => `${display(c)} ${rivals[c] ?? ''}`.trim())
  const head = ['What happens', 'median (min–max)', ...products, 'ratio', 'rounds']
  const rows = names.flatMap((name) => rowsOf(name, contestants.map((c) => played[name]?.find((r) => r.contestant === c))))
  const everything = names.flatMap((name) => played[name] ?? [])
  const slip = summary(everything.flatMap((r) => valuesOf(r, (round) => round.slip)))
  return [
    ...[head, head.map((_, i) => (i < 2 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `Measured by \`npm run bench\` on one machine: ${machine.cpu}, ${machine.cpus} processors, Linux ${machine.kernel},`,
    `Node ${machine.node.replace('v', '')}. A client asks each address 1,000 questions a second. It was late itself by`,
    `${slip.median.toFixed(1)} ms in the median round and by ${slip.max.toFixed(1)} ms in the worst: differences below that`,
    'mean nothing. A ratio says how many times smaller the last median is.',
  ].join('\n')
}

function rowsOf(name: string, results: readonly (Saved['cases'][string][number] | undefined)[]): string[][] {
  const rows = FIGURES.flatMap(({ label, of }) => {
    const sums = results.map((r) => summary(r ? valuesOf(r, of) : []))
    if (sums.every((s) => s.n === 0)) return []
    const share = sums.length === 2 ? ratio(sums[0]?.median ?? 0, sums[1]?.median ?? 0) : undefined
    return [[label, ...sums.map(range), share === undefined ? '–' : `${share.toFixed(1)}×`]]
  })
  const count = (r: (typeof results)[number]) =>
    r ? `${r.rounds.length}${r.failed > 0 ? ` (${r.failed} failed)` : ''}` : '–'
  const counts = [...new Set(results.map(count))].join(' / ')
  const all = rows.length > 0 ? rows : [['–', ...results.map(() => 'did not settle'), '–']]
  return all.map((row, i) => (i === 0 ? [caseOf(name)?.title ?? name, ...row, counts] : ['', ...row, '']))
}

/** `readme` with `text` between the markers; everything else stays. */
export function withSummary(readme: string, text: string): string {
  const from = readme.indexOf(BEGIN), to = readme.indexOf(END)
  if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${BEGIN} and ${END}`)
  return `${readme.slice(0, from + BEGIN.length)}\n${text}\n${readme.slice(to)}`
}

export function writeReadme(saved: Saved): void {
  const file = path.join(root, 'README.md')
  writeFileSync(file, withSummary(readFileSync(file, 'utf8'), summaryTable(saved)))
}

const caseOf = (name: string) => cases.find((c) => c.name === name)
const display = (contestant: string) => (contestant === 'understudy' ? 'Understudy' : contestant)
