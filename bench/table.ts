/** Rounds → Markdown. */
import type { Case } from './case.ts'
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

type Figure = Exclude<keyof Round, 'double' | 'blurred' | 'seen' | 'at'>
const LABELS: Readonly<Record<Figure, string>> = {
  outage4: 'longest outage IPv4, ms', outage6: 'longest outage IPv6, ms', lost: 'queries lost',
  moved4: 'new host answers IPv4, ms', moved6: 'new host answers IPv6, ms',
  announced4: 'first gratuitous ARP, ms', announced6: 'first unsolicited NA, ms',
  above: 'takeover after the bound of the protocol, ms',
  shared: 'an address on two hosts, ms', sharedAfter: 'of that, after the daemon went on, ms',
  back4: 'IPv4 address back after, ms', back6: 'IPv6 address back after, ms',
  slip: 'lateness of the client, ms',
}
const SPECIAL: readonly Figure[] = ['above', 'shared', 'sharedAfter', 'back4', 'back6']

/** Median and range for each contestant, and how many times smaller the second one's median is. */
export function table({ title, special = [], stays }: Case, results: readonly Results[]): string {
  const [first, second] = results
  const head = ['median (min–max)', ...results.map((r) => r.contestant), ...(second ? ['ratio'] : [])]
  const shown = (Object.keys(LABELS) as Figure[]).filter((key) =>
    SPECIAL.includes(key) ? special.some((s) => s === key) : !stays || !/moved|announced/.test(key))
  const body = shown.map((key) => {
    const medians = results.map((r) => summary(valuesOf(r, (round) => round[key])))
    const share = first && second && key !== 'slip' ? ratio(medians[0]?.median ?? 0, medians[1]?.median ?? 0) : undefined
    return [LABELS[key], ...medians.map(range), ...(second ? [share === undefined ? '' : `${share.toFixed(1)}×`] : [])]
  })
  const count = (label: string, of: (r: Results) => number) =>
    [label, ...results.map((r) => String(of(r))), ...(second ? [''] : [])]
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...body,
    count('rounds', (r) => r.rounds.length),
    count('an address on two hosts in the end', (r) => r.rounds.filter((round) => round.double).length),
    count('did not settle, before or after', (r) => r.failed), count('repeated, client late', (r) => r.repeated)]
  return `### ${title}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

/** What there is of it; JSON has null for what is not finite. */
export const valuesOf = (r: Results, of: (round: Round) => number | null | undefined): number[] =>
  r.rounds.map(of).filter((value) => Number.isFinite(value)) as number[]

/** `median (min–max)` */
export const range = (s: ReturnType<typeof summary>): string =>
  s.n === 0 ? '–' : `${show(s.median)} (${show(s.min)}–${show(s.max)})`

const show = (value: number) =>
  (Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1)).replace('-', '−')
