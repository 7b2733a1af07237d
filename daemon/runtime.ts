/**
 * The loop: an input → `step` → its effects, all of them and in order → the next deadline. It waits for nothing: sockets
 * and netlink answer at once, everything slower is the uplink's.
 */
import { formatAddress, formatPrefixed, type Address, type Family } from '../contract/address.ts'
import { after, since, type Instant, type Ms } from '../contract/time.ts'
import { deadline, step, visible, type Advert, type Effect, type Input } from './core/election.ts'
import type { Member } from './member.ts'
import { advertisements } from './outgoing.ts'
import { meaningOf } from './report.ts'
import type { AddressTable, Clock, Log, Receive } from './ports.ts'
import { decode, sameDatagram, type Datagram, type Rejected } from './wire/advertisement.ts'
import { mismatch } from './wire/match.ts'
import type { SplitWatch } from './split.ts'
import type { Story } from './story.ts'
import type { Witness } from './witness.ts'

/** A wake-up later than this first listens to what waits in the sockets: the world may have moved on. */
const LATE = 20 as Ms
/**
 * Later than this counts as a stall of a router: it listens before it speaks, and the active host gets its full time to be
 * heard again, whose machine may have paused with ours, as virtual ones do. The shorter the interval, the shorter such a
 * pause.
 */
const stallOf = ({ config: { interval } }: Member): number => (interval < LATE ? interval / 4 : interval)
/** Stalls worth an event. */
const WORTH_TELLING = 250 as Ms
const RENEW_AT_MOST_EVERY = 500 as Ms
/** So long before a wake-up no chore is begun. */
const SOON = 5 as Ms
/**
 * So long a host keeps the addresses that another one has taken over: queries that it got before still wait for its name
 * server. Less than the 10 ms after which the other announces them again. A host that came unasked may have been frozen, and
 * every millisecond with two holders counts.
 */
const PARTING = 8 as Ms, PARTING_UNASKED = 2 as Ms

export interface Runtime {
  readonly members: readonly Member[]
  /** From now on these are the routers. */
  replace(members: readonly Member[]): void
  /** A packet from a socket. */
  readonly receive: Receive
  /** Packets taken so far, so that the clock knows when the sockets are empty. */
  packetsSeen(): number
  input(m: Member, input: Input): void
  /** Puts back what an active router should have and its interface has not; takes away what somebody gave a backup. */
  reconcile(members: readonly Member[]): void
  /** Runs it now, or right after the next wake-up where that is near: no advertisement is late because of a chore. */
  between(chore: () => void): void
  /** These hand over and stop; resolves when the last one has let go. */
  stop(members: readonly Member[]): Promise<void>
}

export function createRuntime(o: {
  readonly members: readonly Member[]; readonly clock: Clock; readonly addresses: AddressTable; readonly story: Story; readonly log: Log
  readonly witness?: Witness | undefined; readonly split?: SplitWatch
  /** None of the addresses that a router claimed could be had; it has left the election. */
  readonly refused?: (m: Member) => void
}): Runtime {
  const { clock, addresses, story, log, witness, split } = o
  let members: readonly Member[] = []
  /** By interface, then by family and VRID. */
  const listeners = new Map<string, Map<number, Member>>()
  /** Of all routers; nearly every wake-up is earlier than that. */
  let leastStall = Infinity
  let packets = 0
  let armedAt: Instant | undefined
  let draining = false
  const chores: (() => void)[] = []
  const stopping = new Map<Member, () => void>()

  function replace(all: readonly Member[]): void {
    members = all
    leastStall = Math.min(...members.map(stallOf))
    listeners.clear()
    for (const m of members) {
      listeners.set(m.interface, (listeners.get(m.interface) ?? new Map<number, Member>()).set(listenerKey(m.family, m.config.vrid), m))
      const inStep = members.some((o) => o !== m && o.params.interval === m.params.interval)
      m.params = { ...m.params, inStep }
    }
  }
  replace(o.members)

  function input(m: Member, what: Input, now = clock.now()): void {
    const before = m.state
    const { state, effects } = step(m.params, before, what, now)
    m.state = state
    // Who did not run for a while may long be a second holder, and nobody waits for its answers any more.
    const handsOver = effects.length > 0 && what.is === 'heard' && !(before.at === 'active' && before.listening) && !behind()
    if (m.partsAt !== undefined && (what.is === 'lost' || what.is === 'shutdown' || m.partsAt <= now)) letGo(m, m.addresses)
    witness?.stepped?.(m, what, effects, now)
    if (split && what.is === 'heard' && before.at === 'active' && state.at === 'active' && what.advert.priority !== 0) split.heardWorse(m, what.from, what.advert.priority, now)
    for (const effect of effects) {
      if (effect.do === 'release' && handsOver) {
        const isAsked = !effects.some((e) => e.do === 'report' && e.why === 'outranked')
        m.partsAt = after(now, isAsked ? PARTING : PARTING_UNASKED)
        continue
      }
      if (perform(m, effect)) continue
      // Without addresses there is nothing to advertise: better that another host serves.
      input(m, { is: 'lost', why: 'interface-down' })
      return o.refused?.(m)
    }
    if (m.bond !== undefined && before.at === 'backup' && state.at === 'active') {
      for (const other of members) if (other.bond === m.bond && other !== m) input(other, { is: 'summoned' })
    }
    m.due = Math.min(deadline(m.state) ?? Infinity, m.partsAt ?? Infinity)
    // An earlier deadline re-arms the timer; a later one need not, the early tick finds nothing due.
    if (m.due < (armedAt ?? Infinity)) arm(m.due as Instant)
    if (state.at === 'initialize' && m.partsAt === undefined) stopping.get(m)?.()
  }

  function arm(at: Instant | undefined): void {
    armedAt = at
    clock.wakeAt(at, woken)
  }

  function woken(): void {
    if (draining) return // its end sets the timer again
    const due = armedAt
    armedAt = undefined
    const late = due === undefined ? 0 : since(due, clock.now())
    if (late < LATE && late <= leastStall) return round()
    for (const m of members) if (late > stallOf(m)) input(m, { is: 'resumed' })
    if (late > WORTH_TELLING) story.stalled(late as Ms)
    draining = true
    clock.afterDrain(() => {
      draining = false
      round()
    })
  }

  function round(): void {
    tick()
    for (const chore of chores.splice(0)) chore()
  }

  /** The packets that wait may say that another host has taken over meanwhile: nothing is put back before they are heard. */
  const behind = (now = clock.now()): boolean => draining || (armedAt !== undefined && since(armedAt, now) >= LATE)

  function tick(): void {
    const now = clock.now()
    armedAt = now // nobody sets the timer before all have had their turn
    for (const m of members) if (m.due <= now) input(m, { is: 'tick' })
    addresses.flush()
    let next = Infinity
    for (const m of members) if (m.due < next) next = m.due
    arm(next === Infinity ? undefined : (next as Instant))
  }

  function receive(interfaceName: string, unicast: number | undefined, d: Datagram): void {
    packets++
    const m = listeners.get(interfaceName)?.get(listenerKey(d.family, d.payload[1] ?? 0))
    if (!m || d.src === m.socket?.source || unicast !== m.config.unicast?.minHopLimit) return
    if (m.peers && !m.peers.has(d.src)) return refuse(m, d, { reject: 'peer', detail: 'not one of the unicast peers' })
    const known = m.good && sameDatagram(m.good.datagram, d) ? m.good : undefined
    const now = clock.now()
    if (!draining && behind(now)) woken() // a socket may come before the late timer: a stall is told before what waited
    witness?.heard?.(m, known?.datagram ?? d, now)
    const advert = known?.advert ?? judged(m, d)
    if (!advert) return
    const { priority } = advert
    // A keepalived that loses one router of a vrrp_sync_group lets go of all and says nothing: each must know whom it replaces.
    const patient = m.bond !== undefined && priority < m.params.priority &&
      members.some((o) => o.bond === m.bond && o !== m && o.state.at === 'backup' && o.state.heard === undefined)
    input(m, patient ? { is: 'heard', from: d.src, advert, patient } : { is: 'heard', from: d.src, advert }, now)
  }

  /** What a good packet says; undefined after telling what is wrong with another. */
  function judged(m: Member, d: Datagram): Advert | undefined {
    const decoded = decode(d, m.config.unicast?.minHopLimit)
    const fault = decoded.ok ? mismatch(decoded.value, m.expected) : decoded.error
    if (fault) refuse(m, d, fault)
    if (fault || !decoded.ok) return undefined
    m.rejects.good(String(d.src))
    const { priority, interval } = decoded.value // not its password, which a record of inputs would keep
    m.good = { datagram: d, advert: { priority, interval } }
    return m.good.advert
  }

  function refuse(m: Member, d: Datagram, fault: Rejected): void {
    m.good = undefined // the next good packet counts as one again
    if (m.rejects.count(fault.reject, String(d.src)) === 1) story.refused(m, formatAddress(d.src), fault)
  }

  /** False when a claim was refused: then the rest must not be done. */
  function perform(m: Member, effect: Effect): boolean {
    switch (effect.do) {
      case 'advertise':
        if (visible(m.state) === 'active' && effect.priority !== 0) renew(m)
        send(m, effect.priority)
        break
      case 'claim':
        if (!hold(m)) return false
        addresses.announce(m.carrier, m.addresses, m.config.announce)
        break
      case 'announce':
        addresses.announce(m.carrier, m.addresses, m.config.announce)
        break
      case 'release':
        letGo(m, m.addresses)
        break
      case 'report': {
        const meaning = meaningOf(effect.why, effect.from)
        m.reason = meaning.reason
        m.active = effect.active
        m.since = clock.wall()
        story.changed(m, effect.from, effect.to, meaning)
      }
    }
    return true
  }

  /** False when none was taken. */
  function hold(m: Member): boolean {
    m.renewedAt = clock.now()
    m.partsAt = undefined
    const refused = addresses.hold(m.carrier, m.addresses, m.config.leaseSeconds)
    if (refused.length > 0) log.error({ router: m.name, refused }, 'the kernel refused service addresses')
    return refused.length < m.addresses.length
  }

  /** A renewal that still waits would bring them back. */
  function letGo(m: Member, which: Member['addresses']): void {
    m.partsAt = undefined
    addresses.flush()
    addresses.release(m.carrier, which)
  }

  /** The addresses carry a lifetime; the loop that speaks for them renews it, so that a dead loop loses them. */
  function renew(m: Member): void {
    if (m.config.leaseSeconds === undefined) return
    const now = clock.now()
    if (since(m.renewedAt, now) < RENEW_AT_MOST_EVERY) return
    m.renewedAt = now
    addresses.renew(m.carrier, m.addresses, m.config.leaseSeconds)
  }

  function send(m: Member, priority: number): void {
    const { socket } = m
    if (!socket) return
    for (const d of advertisements(m, socket, priority)) {
      ;(m.sender ?? socket).send(d.payload, d.dst)
      witness?.sent?.(m, d, clock.now())
    }
  }

  function reconcile(some: readonly Member[]): void {
    if (behind()) return
    const there = new Map([...new Set(some.map((m) => m.carrier))].map((name) => [name, addresses.present(name)]))
    for (const m of some) {
      const present = (a: { readonly address: Address }) => there.get(m.carrier)?.has(a.address) === true
      if (visible(m.state) !== 'active') {
        if (m.partsAt !== undefined) continue
        const extra = m.addresses.filter(present)
        if (extra.length === 0) continue
        letGo(m, extra)
        story.repaired(m, extra.map(formatPrefixed), 'address-extra')
        continue
      }
      // After a stall it listens: another host may serve. With its next advertisement it has them again.
      if (m.state.at === 'active' && m.state.listening) continue
      const missing = m.addresses.filter((a) => !present(a))
      if (missing.length === 0) continue
      hold(m)
      addresses.announce(m.carrier, missing, m.config.announce)
      story.repaired(m, missing.map(formatPrefixed), 'address-missing')
    }
  }

  return {
    get members() {
      return members
    },
    replace,
    receive,
    packetsSeen: () => packets,
    input,
    reconcile,
    between(chore) {
      const near = armedAt !== undefined && since(clock.now(), armedAt) < SOON
      if (draining || near || chores.length > 0) chores.push(chore)
      else chore()
    },
    async stop(some) {
      await Promise.all(some.map((m) => new Promise<void>((resolve) => {
        if (m.state.at === 'initialize') return resolve()
        stopping.set(m, resolve)
        input(m, { is: 'shutdown' })
      })))
      for (const m of some) {
        stopping.delete(m)
        letGo(m, m.addresses)
      }
    },
  }
}

const listenerKey = (family: Family, vrid: number): number => family * 256 + vrid
