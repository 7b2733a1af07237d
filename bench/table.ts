/** Rounds → Markdown. */
import { ratio, summary } from './statistics.ts'
import type { Round } from './round.ts'

export interface Results {
  readonly contestant: string
  readonly rounds: readonly Round[]
  /** Rounds in which the client was too late to measure, and which were played again. */
  readonly repeated: number
  /** Rounds in which nobody took over in time, or the cluster had not become quiet before. */
  readonly failed: number
}

const rows = [
  ['longest outage IPv4, ms', 'outage4'], ['longest outage IPv6, ms', 'outage6'], ['queries lost', 'lost'],
  ['new host answers IPv4, ms', 'moved4'], ['new host answers IPv6, ms', 'moved6'], ['first gratuitous ARP, ms', 'announced4'], ['first unsolicited NA, ms', 'announced6'],
  ['lateness of the client, ms', 'slip'],
] as const satisfies readonly (readonly [string, Exclude<keyof Round, 'double' | 'blurred' | 'seen'>])[]

/** Median and range for each contestant, and how many times smaller the second one's median is. */
export function table(title: string, results: readonly Results[]): string {
  const [first, second] = results
  const head = ['median (min–max)', ...results.map((r) => r.contestant), ...(second ? ['ratio'] : [])]
  const body = rows.map(([label, key]) => {
    const medians = results.map((r) => summary(r.rounds.map((round) => round[key] ?? Number.NaN).filter(Number.isFinite)))
    const share = first && second && key !== 'slip' ? ratio(medians[0]?.median ?? 0, medians[1]?.median ?? 0) : undefined
    return [label, ...medians.map((s) => (s.n === 0 ? '–' : `${show(s.median)} (${show(s.min)}–${show(s.max)})`)),
      ...(second ? [share === undefined ? '' : `${share.toFixed(1)}×`] : [])]
  })
  const count = (label: string, of: (r: Results) => number) =>
    [label, ...results.map((r) => String(of(r))), ...(second ? [''] : [])]
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...body,
    count('rounds', (r) => r.rounds.length),
    count('an address on two hosts in the end', (r) => r.rounds.filter((round) => round.double).length),
    count('no takeover, or no quiet before it', (r) => r.failed), count('repeated, client late', (r) => r.repeated)]
  return `### ${title}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

const show = (value: number) => (Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1))
