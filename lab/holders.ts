/** Which hosts hold which address, as their kernels tell it, with the times. */
import { monotonic, until, wallMinusMonotonic } from './clock.ts'
import type { Lab } from './net.ts'

export interface Change { readonly at: number; readonly host: string; readonly address: string; readonly held: boolean }

export interface Holders {
  /** In the order it happened. A renewed lifetime is no change. */
  readonly journal: readonly Change[]
  /** Begins a new journal with those who hold an address now. */
  refresh(): void
}

/** `ip monitor` hears of every namespace that has a number in its own: one of them, on `ops`, hears all hosts. */
export async function watchHolders(lab: Lab): Promise<Holders> {
  const journal: Change[] = []
  const held = new Map<string, Set<string>>()
  const note = (host: string, address: string, holds: boolean, at = monotonic() as number) => {
    const holding = held.get(address) ?? new Set<string>()
    held.set(address, holding)
    if (holding.has(host) === holds) return
    if (holds) holding.add(host)
    else holding.delete(host)
    journal.push({ at, host, address, held: holds })
  }
  let listens = false
  lab.hosts.forEach((host, i) => { lab.output(lab.ops, ['ip', 'netns', 'set', host.namespace, String(i + 1)]) })
  lab.start(lab.ops, ['ip', '-o', '-ts', 'monitor', 'all-nsid', 'address'], { onLine(line) {
    listens = true
    const [, stamp = '', n, deleted, address] = LINE.exec(line) ?? []
    const host = lab.hosts[Number(n) - 1]
    if (host && address !== undefined) note(host.name, address, deleted === undefined, instantOf(stamp))
  } })
  // It is listening when it tells what just happened.
  await until(() => {
    lab.output(lab.ops, ['ip', 'address', 'replace', '127.0.0.2/8', 'dev', 'lo'])
    return listens
  }, 5000)
  if (!listens) throw new Error('"ip monitor all-nsid address" tells nothing')
  const refresh = () => {
    journal.length = 0
    held.clear()
    for (const host of lab.hosts) for (const address of lab.addresses(host)) note(host.name, address, true)
  }
  refresh()
  return { journal, refresh }
}

/** `[2026-11-22T15:40:01.123456] [nsid 1]Deleted 2: eth0    inet 10.53.0.210/24 …` */
const LINE = /^\[([\dT:.-]+)\] ?\[nsid (\d+)\](Deleted )?\d+: \S+ +inet6? ([^/ ]+)/
/** Of local time with microseconds, which `Date` would cut off. */
const instantOf = (stamp: string) =>
  Date.parse(stamp.slice(0, -3)) + Number(stamp.slice(-3)) / 1000 - wallMinusMonotonic

/** Milliseconds between two instants in which more than one host held the address. `journal` may begin before `from`. */
export function shared(journal: readonly Change[], address: string, from: number, to: number): number {
  const held = new Set<string>()
  let sum = 0, last = from
  const pass = (at: number) => {
    const now = Math.min(Math.max(at, from), to)
    if (held.size > 1) sum += now - last
    last = now
  }
  for (const change of journal.filter((c) => c.address === address)) {
    pass(change.at)
    if (change.held) held.add(change.host)
    else held.delete(change.host)
  }
  pass(to)
  return sum
}
