/**
 * The VRRP election (RFC 9568 §6.4, RFC 3768 §6.4): one machine per virtual router. Pure: input and time go in, a new
 * state and effects come out. Timers are deadlines inside the state, so an early or a late tick is harmless.
 */
import { compareAddresses, type Address } from '../../contract/address.ts'
import { after, ms, since, type Instant, type Ms } from '../../contract/time.ts'
import { visible, type Active, type Backup, type Effect, type Heard, type Input, type Leaving, type Params, type State, type Step, type Why } from './states.ts'

export * from './states.ts'

/** The priority of a host that stops. Anything a willing host advertises is better. */
export const LEAVING_PRIORITY = 1
/**
 * Timers and wires have a grain. The skews of neighbours in rank may differ by less (3.9 ms at 0.1 s, 0.4 ms at 0.01 s), so
 * rank itself spaces the takeovers: two hosts must not step in together. The first in line waits no longer for it.
 */
const GRAIN = ms(10)
/** Re-announcements after a takeover from a host that still answered: its last replies may have reached a neighbour late. */
const AFTER_OVERLAP = [ms(10), ms(100), ms(1000)]
const MIN_BETWEEN_ANNOUNCEMENTS = ms(200)
/** After a farewell sooner: a rival has just let go, and neighbours may still have learnt from it. */
const MIN_AFTER_FAREWELL = ms(10)

/** Skew_Time: v3 §6.1 scales with the interval of the active host, RFC 3768 §6.1 with one second. */
export const skew = (p: Params, active: Ms): Ms => ms(((256 - p.priority) * (p.version === 2 ? 1000 : active)) / 256)
const turn = (p: Params, active: Ms): Ms => ms(skew(p, active) + Math.max(0, p.rank - 1) * GRAIN)
/** Active_Down_Interval (§6.1): the missed advertisements, plus our turn. */
export const downAfter = (p: Params, active: Ms): Ms => ms(p.missed * active + turn(p, active))
/** How long a stopping host waits for a successor: what a backup without fast preemption needs, and a little. */
export const stopWait = (p: Params): Ms => ms(Math.min(10_000, (p.missed + 1) * p.interval + (p.version === 2 ? 1000 : 0) + 50))

export function step(p: Params, s: State, input: Input, now: Instant): Step {
  if (input.is === 'lost' && s.at !== 'initialize') {
    return move(s, { at: 'initialize' }, input.why, undefined, s.at === 'backup' ? [] : [{ do: 'release' }])
  }
  switch (s.at) {
    case 'initialize': return initialize(p, s, input, now)
    case 'backup': return backup(p, s, input, now)
    case 'active': return active(p, s, input, now)
    case 'leaving': return leaving(p, s, input, now)
  }
}

/** §6.4.1 */
function initialize(p: Params, s: State, input: Input, now: Instant): Step {
  if (input.is !== 'startup') return stay(s)
  if (p.priority === 255) return becomeActive(p, s, 'address-owner', now)
  const listening: Backup = { at: 'backup', activeInterval: p.interval, downAt: after(now, downAfter(p, p.interval)), because: 'nobody-active' }
  return move(s, listening, 'started')
}

/** §6.4.2 */
function backup(p: Params, s: Backup, input: Input, now: Instant): Step {
  switch (input.is) {
    case 'heard': {
      const { advert, from } = input
      // A farewell counts from the host we follow; from anybody else it says nothing about who serves.
      if (advert.priority === 0) {
        const ours = s.heard === undefined || s.heard.from === from
        return ours ? stay({ ...s, downAt: sooner(s.downAt, after(now, turn(p, s.activeInterval))), because: 'active-left' }) : stay(s)
      }
      const heard: Heard = { from, priority: advert.priority, at: now }
      // A worse host beside a better one that we hear is the better one's affair: that one answers it.
      if (wouldReplace(p, advert.priority) && followsBetter(p, s, from, now)) return stay(s)
      if (!wouldReplace(p, advert.priority)) return stay(follow(p, s, heard, advert.interval, now))
      return stay(input.patient === true ? { ...s, heard } : approach(p, { ...s, heard }, now))
    }
    case 'shutdown':
      return move(s, { at: 'initialize' }, 'stopped')
    case 'tick':
      if (now >= s.downAt) return becomeActive(p, s, s.because, now)
      return now >= (s.preemptAt ?? Infinity) ? becomeActive(p, s, reasonToReplace(p, s.heard?.priority ?? 0), now) : stay(s)
    case 'summoned': // the host we follow is worse, or has missed an advertisement here too
      return s.heard && (wouldReplace(p, s.heard.priority) || since(s.heard.at, now) > 1.5 * s.activeInterval) ? becomeActive(p, s, s.because, now) : stay(s)
    case 'retuned':
      return stay(reconsider(p, s, now))
    case 'resumed': // whatever we missed, the active host gets its full time to be heard again
      return stay({ ...s, downAt: after(now, downAfter(p, s.activeInterval)) })
    default:
      return stay(s)
  }
}

/** §6.4.3 */
function active(p: Params, s: Active, input: Input, now: Instant): Step {
  switch (input.is) {
    case 'shutdown': {
      const state: Leaving = { at: 'leaving', advertiseAt: after(now, p.interval), until: after(now, stopWait(p)) }
      return { state, effects: [{ do: 'advertise', priority: LEAVING_PRIORITY }] }
    }
    case 'tick':
      return activeTick(p, s, now)
    case 'retuned':
      return { state: { ...s, advertiseAt: nextAdvert(p, now) }, effects: [advertise(p)] }
    case 'resumed':
      return stay({ ...s, listening: true, advertiseAt: now })
    case 'heard': {
      const { advert, from } = input
      if (advert.priority !== 0 && outranks(advert.priority, from, p)) {
        const heard: Heard = { from, priority: advert.priority, at: now }
        const next = follow(p, { at: 'backup', activeInterval: p.interval, downAt: now, because: 'active-silent' }, heard, advert.interval, now)
        // The farewell tells the winner that there were two of us: its neighbours may have learnt our address for its own.
        return move(s, next, explained(p), from, [{ do: 'release' }, { do: 'advertise', priority: 0 }])
      }
      if (s.listening) return stay(s)
      // Assert ourselves at once, to the sender and to learning bridges; a farewell also restarts the timer (§6.4.3).
      const state = advert.priority === 0 ? { ...s, advertiseAt: nextAdvert(p, now) } : s
      const pause = advert.priority === 0 ? MIN_AFTER_FAREWELL : MIN_BETWEEN_ANNOUNCEMENTS
      if (since(s.announcedAt, now) < pause) { // not now, but soon
        const soon = after(s.announcedAt, pause)
        const announceAt = s.announceAt.includes(soon) ? s.announceAt : [...s.announceAt, soon].sort((a, b) => a - b)
        return { state: { ...state, announceAt }, effects: [advertise(p)] }
      }
      return { state: { ...state, announcedAt: now, announceAt: again(p, now, true) }, effects: [advertise(p), { do: 'announce' }] }
    }
    default:
      return stay(s)
  }
}

function activeTick(p: Params, s: Active, now: Instant): Step {
  const announces = (s.announceAt[0] ?? Infinity) <= now
  const { listening: wasListening, ...rest } = s
  let state: Active = rest
  const effects: Effect[] = []
  if (now >= s.advertiseAt) {
    // After a stall the kernel may have taken the addresses back: claiming them again repairs and announces.
    if (wasListening) effects.push({ do: 'claim' })
    effects.push(advertise(p))
    // Keep the phase, so that lateness does not add up; after a longer pause start anew.
    const next = after(s.advertiseAt, p.interval)
    state = { ...state, advertiseAt: next > now ? next : nextAdvert(p, now) }
  } else if (wasListening) state = s
  if (announces) {
    const left = s.announceAt.filter((t) => t > now)
    const refresh = left.length === 0 && p.announce.refresh > 0 ? [after(now, p.announce.refresh)] : []
    effects.push({ do: 'announce' })
    state = { ...state, announcedAt: now, announceAt: [...left, ...refresh] }
  }
  return { state, effects }
}

function leaving(p: Params, s: Leaving, input: Input, now: Instant): Step {
  const gone: State = { at: 'initialize' }
  const farewell: readonly Effect[] = [{ do: 'advertise', priority: 0 }, { do: 'release' }]
  if (input.is === 'heard') {
    const successor = input.advert.priority > LEAVING_PRIORITY || outranks(input.advert.priority, input.from, { ...p, priority: LEAVING_PRIORITY })
    return successor && input.advert.priority !== 0 ? move(s, gone, 'stopped', input.from, [{ do: 'release' }]) : stay(s)
  }
  if (input.is === 'shutdown') return move(s, gone, 'stopped', undefined, farewell)
  if (input.is !== 'tick') return stay(s)
  if (now >= s.until) return move(s, gone, 'stopped', undefined, farewell)
  if (now < s.advertiseAt) return stay(s)
  return { state: { ...s, advertiseAt: after(now, p.interval) }, effects: [{ do: 'advertise', priority: LEAVING_PRIORITY }] }
}

/** Is the active host somebody other than the sender, better than we are, and heard within the last interval? */
const followsBetter = (p: Params, s: Backup, from: Address, now: Instant): boolean =>
  s.heard !== undefined && s.heard.from !== from && !wouldReplace(p, s.heard.priority) && since(s.heard.at, now) <= 1.5 * s.activeInterval

/** May we take the addresses from a host of that priority? */
function wouldReplace(p: Params, priority: number): boolean {
  return p.preempt === 'off' ? priority < p.bandFloor && priority < p.priority : priority < p.priority
}

/** A backup accepts `heard` as the active host. A new interval counts from its second advertisement on. */
function follow(p: Params, s: Backup, heard: Heard, interval: Ms, now: Instant): Backup {
  const known = interval === s.activeInterval || interval === s.unconfirmedInterval || p.version === 2
  const activeInterval = known && p.version === 3 ? interval : s.activeInterval
  const following: Backup = { at: 'backup', activeInterval, heard, because: 'active-silent', downAt: after(now, downAfter(p, activeInterval)) }
  return known ? following : { ...following, unconfirmedInterval: interval }
}

/** The active host is worse than we are. Serving badly, or without a delay configured, it is replaced at our turn. */
function approach(p: Params, s: Backup, now: Instant): Backup {
  if (p.preempt === 'rfc' && p.preemptDelay === 0) return s // §6.4.2: discard; the timer keeps running
  const { heard } = s
  const servesWell = heard !== undefined && heard.priority >= p.bandFloor
  if (p.preemptDelay === 0 || !servesWell) return stepIn(p, s, now)
  return { ...s, preemptAt: s.preemptAt ?? after(now, p.preemptDelay), downAt: after(heard.at, downAfter(p, s.activeInterval)), because: 'active-silent' }
}

/** Wait only for those who are better still. */
function stepIn(p: Params, s: Backup, now: Instant): Backup {
  const wait = p.foremost ? ms(0) : turn(p, s.activeInterval)
  return { ...s, because: reasonToReplace(p, s.heard?.priority ?? 0), downAt: sooner(s.downAt, after(now, wait)) }
}

function reasonToReplace(p: Params, priority: number): Why {
  if (priority === LEAVING_PRIORITY) return 'active-left'
  if (priority < p.bandFloor) return 'active-failing'
  return p.cause === 'order-changed' || p.cause === 'maintenance' ? p.cause : 'active-worse'
}

/** Our priority changed while we follow somebody, or while we were about to step in. */
function reconsider(p: Params, s: Backup, now: Instant): Backup {
  const { heard } = s
  if (!heard || s.because === 'active-left') return s
  if (wouldReplace(p, heard.priority)) return approach(p, s, now)
  const { preemptAt, ...rest } = s
  return { ...rest, because: 'active-silent', downAt: after(heard.at, downAfter(p, s.activeInterval)) }
}

function becomeActive(p: Params, s: State, why: Why, now: Instant): Step {
  const overlap = why !== 'active-silent' && why !== 'nobody-active'
  const state: Active = { at: 'active', advertiseAt: nextAdvert(p, now), announcedAt: now, announceAt: again(p, now, overlap) }
  // Addresses first: the old active host lets go as soon as it hears us, and by then we must answer.
  return move(s, state, why, undefined, [{ do: 'claim' }, advertise(p)])
}

/** In step, the first one comes sooner than §6.4.2 has it, never later: an advertisement more harms nobody. */
const nextAdvert = (p: Params, now: Instant): Instant =>
  p.inStep ? (((Math.floor(now / p.interval) + 1) * p.interval) as Instant) : after(now, p.interval)

function again(p: Params, now: Instant, overlap: boolean): readonly Instant[] {
  const waits = [...(overlap ? AFTER_OVERLAP : []), ...(p.announce.repeatAfter > 0 ? [p.announce.repeatAfter] : [])]
  const times = [...new Set(waits)].sort((a, b) => a - b).map((w) => after(now, w))
  return times.length > 0 || p.announce.refresh === 0 ? times : [after(now, p.announce.refresh)]
}

/** Why an active host had to give way: what lowered it, or simply a better one. */
const explained = (p: Params): Why => (['check-failed', 'check-degraded', 'interface-down', 'order-changed', 'maintenance'].includes(p.cause) ? p.cause : 'outranked')
const outranks = (priority: number, from: Address, p: Params): boolean =>
  priority > p.priority || (priority === p.priority && compareAddresses(from, p.primary) > 0)
const sooner = (a: Instant, b: Instant): Instant => (a < b ? a : b)
const advertise = (p: Params): Effect => ({ do: 'advertise', priority: p.priority })
const stay = (state: State): Step => ({ state, effects: [] })

function move(from: State, to: State, why: Why, other?: Address, effects: readonly Effect[] = []): Step {
  const report: Effect = { do: 'report', from: visible(from), to: visible(to), why, ...(other === undefined ? {} : { active: other }) }
  return { state: to, effects: [...effects, report] }
}
