/** Which hosts hold which address, as their kernels tell it, with the times. */
import { setTimeout as pause } from 'node:timers/promises'
import { monotonic, until, wallMinusMonotonic } from './clock.ts'
import type { Lab } from './net.ts'
import { punctually } from './privilege.ts'

export interface Change { readonly at: number; readonly host: string; readonly address: string; readonly held: boolean }

export interface Holders {
  /** In the order it happened. A renewed lifetime is no change. */
  readonly journal: readonly Change[]
  /** Begins a new journal with those who hold an address now. */
  refresh(): void
  /** Who holds it now. */
  of(address: string): string[]
  /** When these hosts, and nobody else, came to hold the address, and did so for `calm` ms. Throws after `within` ms. */
  settled(address: string, hosts: readonly string[], o?: { within?: number; calm?: number }): Promise<number>
  /** When it first happened after `since`. Throws after `within` ms. */
  change(what: Omit<Change, 'at'>, since: number, within?: number): Promise<number>
  /** Longest time after `since` in which nobody held the address; `lost`, whose cable is cut, counts as nobody. */
  gap(address: string, since: number, lost?: string): number
}

/**
 * `ip monitor` hears of every namespace that has a number in its own: one of them, on `ops`, hears all hosts. It notes the
 * time when it runs, so it must not wait for those it watches.
 */
export async function watchHolders(lab: Lab): Promise<Holders> {
  const journal: Change[] = []
  const held = new Map<string, Set<string>>()
  let woken = Promise.withResolvers<void>()
  const note = (host: string, address: string, holds: boolean, at = monotonic() as number) => {
    const holding = held.get(address) ?? new Set<string>()
    held.set(address, holding)
    if (holding.has(host) === holds) return
    if (holds) holding.add(host)
    else holding.delete(host)
    journal.push({ at, host, address, held: holds })
    woken.resolve()
    woken = Promise.withResolvers()
  }
  let listens = false
  lab.hosts.forEach((host, i) => { lab.output(lab.ops, ['ip', 'netns', 'set', host.namespace, String(i + 1)]) })
  lab.start(lab.ops, [...punctually(), 'ip', '-o', '-ts', 'monitor', 'all-nsid', 'address'], { onLine(line) {
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
  const of = (address: string) => [...(held.get(address) ?? [])].sort()

  /** Looks after each change; `pending` is what to say when the time is over. */
  async function eventually<T>(look: () => T | undefined, within: number, pending: () => string): Promise<T> {
    for (const end = monotonic() + within; ;) {
      const found = look()
      if (found !== undefined) return found
      const left = end - monotonic()
      if (left <= 0) throw new Error(`${pending()} after ${within} ms; ${history(journal)}`)
      await Promise.race([woken.promise, pause(left, undefined, { ref: false })])
    }
  }

  return {
    journal, refresh, of,
    async settled(address, hosts, { within = 10_000, calm = 0 } = {}) {
      const wanted = [...hosts].sort().join()
      const since = () => journal.findLast((c) => c.address === address)?.at ?? 0
      for (const end = monotonic() + within; ;) {
        const at = await eventually(() => (of(address).join() === wanted ? since() : undefined), end - monotonic(),
          () => `${address} is held by ${of(address).join(' and ') || 'nobody'}, not by ${wanted || 'nobody'}`)
        const left = at + calm - monotonic()
        if (left <= 0) return at
        await Promise.race([woken.promise, pause(left)])
      }
    },
    change: ({ host, address, held: holds }, since, within = 10_000) => eventually(
      () => journal.find((c) => c.host === host && c.address === address && c.held === holds && c.at >= since)?.at, within,
      () => `${host} has not ${holds ? 'taken' : 'released'} ${address}`),
    gap(address, since, lost) {
      const holding = new Set<string>()
      let longest = 0, nobody: number | undefined
      for (const c of journal.filter((j) => j.address === address && j.host !== lost)) {
        if (c.at >= since && nobody !== undefined && c.held) longest = Math.max(longest, c.at - Math.max(nobody, since))
        if (c.held) holding.add(c.host)
        else holding.delete(c.host)
        nobody = holding.size === 0 ? c.at : undefined
      }
      const first = journal.find((j) => j.address === address && j.host !== lost && j.held)
      if (!first || nobody !== undefined) return monotonic() - Math.max(nobody ?? since, since)
      // Until the first one came, the lost host held it alone.
      return Math.max(longest, lost === undefined ? 0 : first.at - since)
    },
  }
}

function history(journal: readonly Change[]): string {
  const changes = journal.slice(-8).map((c) => `${Math.round(c.at)} ${c.host} ${c.held ? '+' : '-'}${c.address}`)
  return `lately: ${changes.join(', ') || 'nothing'}`
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
