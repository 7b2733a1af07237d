/** What can happen to an Understudy and a keepalived that share their routers, and how its outcome is measured. */
import type { Instant } from '../../contract/time.ts'
import { monotonic, until } from '../../lab/clock.ts'
import type { Encounter } from './encounter.ts'
import { calm, other, OURS, patience, THEIRS, type Setting, type Side } from './setting.ts'

/** In milliseconds from the deed. */
export interface Outcome {
  /** Until one host alone held the addresses, the one that should. Absent where nothing had to move, and nothing did. */
  readonly moved?: number
  /** Longest time in which nobody within reach held the address. */
  readonly outage: number
}
/** Per second of the interval: three intervals, the largest skew, and as much again as a busy machine may be late. */
const LONGER = 6000

export type Case = (e: Encounter, s: Setting) => Promise<Outcome>

/** In an order in which it can be played. After each, one host holds the addresses. */
export const cases = {
  async elect(e, s) {
    await e.start(OURS)
    await e.start(THEIRS)
    const at = monotonic()
    const settled = await e.holds(s.higher, { within: patience(s), calm: Math.max(calm(s), 4000 * s.interval) })
    return { moved: Math.max(0, settled - at), outage: 0 } // nobody has missed it yet
  },
  async crash(e, s) {
    return lose(e, s, e.crash(s.higher), s.higher)
  },
  async return(e, s) {
    await e.start(s.higher)
    return measure(e, s, monotonic(), s.higher)
  },
  /** Only Understudy takes orders: out of service, its priority is below that of any keepalived. */
  async order(e, s) {
    await e.connected()
    const at = monotonic()
    e.broker.order(`#${OURS}\n${THEIRS}`)
    return measure(e, s, at, THEIRS)
  },
  async orderBack(e, s) {
    const at = monotonic()
    e.broker.order(`${OURS}\n${THEIRS}`)
    return measure(e, s, at, OURS)
  },
  /** A host behind a cut cable keeps the addresses, and nobody is told that the cable is cut. */
  async cut(e, s) {
    return lose(e, s, e.lab.cut(e.host[s.higher]), s.higher)
  },
  async plug(e, s) {
    return measure(e, s, e.lab.plug(e.host[s.higher]), s.higher)
  },
  async stop(e, s) {
    return stop(e, s, s.higher)
  },
} as const satisfies Record<string, Case>

/** The side loses its host, or its cable without knowing it: its addresses count no more. */
export async function lose(e: Encounter, s: Setting, at: Instant, side: Side): Promise<Outcome> {
  const host = other(side)
  const taken = await Promise.all(e.addresses.map((address) =>
    e.holders.change({ host, address, held: true }, at, patience(s))))
  return { moved: Math.max(...taken) - at, outage: Math.max(...e.elected.map((a) => e.holders.gap(a, at, side))) }
}

/** The link of one router goes down at both ends, and the side lets go of all. */
export async function unplug(e: Encounter, s: Setting, side: Side, link: number): Promise<Outcome> {
  const at = e.link(link).cut(e.host[side], 'carrier')
  const outcome = await measure(e, s, at, other(side))
  return { ...outcome, outage: Math.max(...e.elected.map((a, n) => e.holders.gap(a, at, n === link ? side : undefined))) }
}

export async function stop(e: Encounter, s: Setting, side: Side): Promise<Outcome> {
  const at = monotonic()
  e.daemon(side).signal('SIGTERM')
  const outcome = await measure(e, s, at, other(side))
  await e.daemon(side).ended
  return outcome
}

/** The side comes to hold everything, alone. */
export async function measure(e: Encounter, s: Setting, at: Instant, side: Side): Promise<Outcome> {
  const settled = await e.holds(side, { within: patience(s), calm: calm(s) })
  return { moved: Math.max(0, settled - at), outage: Math.max(...e.elected.map((a) => e.holders.gap(a, at))) }
}

/** The side holds everything and goes on so after the deed, for longer than whoever wants to replace it would wait. */
export async function stays(e: Encounter, s: Setting, side: Side, deed: () => Promise<void> | void): Promise<Outcome> {
  const from = e.holders.journal.length
  await deed()
  const change = () => e.holders.journal.slice(from).find((c) => e.addresses.includes(c.address))
  const moved = await until(() => change() !== undefined, LONGER * s.interval)
  if (moved) throw new Error(`${change()?.address} did not stay with ${side}`)
  return { outage: 0 }
}
