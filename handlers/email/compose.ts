/** Events of one incident → one mail: what happened, why, who serves now, when; then every event. Pure. */
import { isEvent, TYPE_PREFIX, type Event, type EventOf } from '../../contract/events.ts'
import { REASONS } from '../../contract/reasons.ts'
import { inTime, isLoss, isTakeover } from './rules.ts'

export interface Mail {
  readonly subject: string
  readonly text: string
}

export function compose(events: readonly Event[]): Mail {
  const all = inTime(events)
  const sentences = headlines(all)
  const serving = whoServes(all)
  const text = [
    ...sentences.map((s) => `${s}.`),
    '',
    'Why',
    ...indent(reasons(all)),
    '',
    ...(serving.length > 0 ? ['Who serves now', ...indent(serving), ''] : []),
    'When',
    ...indent([span(all)]),
    '',
    all.length === 1 ? 'The event' : `The ${all.length} events`,
    ...indent(all.map(line)),
    '',
  ].join('\n')
  return { subject: subject(all), text }
}

/** Takeovers first: who serves matters more than who does not. Then losses nobody made good, then what needs attention. */
function headlines(all: readonly Event[]): string[] {
  const { serving, lost } = upshot(all)
  const gone = (ls: readonly StateChange[]) => list([...new Set(ls.map((l) => REASONS[l.data.reason].short))])
  return [
    ...byHost(serving).map(([host, ts]) => `${host} serves ${list(ts.map(withAddresses))} ${phrase(ts, all)}`),
    ...byHost(lost).map(([host, ls]) => `${host} does not serve ${list(ls.map(withAddresses))} any more: ${gone(ls)}`),
    ...new Set(all.flatMap((e) => notice(e) ?? [])),
  ].map(clean)
}

function phrase(taken: readonly StateChange[], all: readonly Event[]): string {
  const losses = answered(taken, all)
  const words = (es: readonly StateChange[]) => list([...new Set(es.map((e) => REASONS[e.data.reason].short))])
  if (losses.length === 0) return `now: ${words(taken)}`
  return `instead of ${list([...new Set(losses.map((l) => l.host))])}: ${words(losses)}`
}

function subject(all: readonly Event[]): string {
  const { serving, lost } = upshot(all)
  const planned = all.every((e) => e.data.planned) ? 'planned: ' : ''
  const cluster = all[0]?.source.split('/').at(-2) ?? ''
  const routers = (es: readonly StateChange[]) => list(es.map((e) => e.data.router))
  const what = [
    ...byHost(serving).map(([host, ts]) => `${host} serves ${routers(ts)} (${codes(ts, all)})`),
    ...byHost(lost).map(([host, ls]) => `${host} lost ${routers(ls)} (${codes(ls, [])})`),
    ...new Set(all.flatMap((e) => brief(e) ?? [])),
  ]
  const text = clean(`[${cluster}] ${planned}${what.join('; ')}`)
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`
}

/** `dns1: check-failed` if somebody's server died, else why the host serves now. */
function codes(changes: readonly StateChange[], all: readonly Event[]): string {
  const losses = answered(changes, all)
  const texts = losses.length > 0 ? losses.map((l) => `${l.host}: ${l.data.reason}`) : changes.map((c) => c.data.reason)
  return list([...new Set(texts)])
}

/** In a few words, for what is no state change. */
function brief(e: Event): string | undefined {
  if (isEvent(e, 'split-brain.suspected')) return `${e.data.router} may have two active hosts`
  if (isEvent(e, 'vrid.collision')) return `somebody else uses the VRID of ${e.data.router}`
  if (isEvent(e, 'outbox.gap')) return `${e.host} lost ${count(e.data.lost, 'event')}`
  if (isEvent(e, 'order.rejected')) return `order for ${e.data.group} rejected`
  if (isEvent(e, 'config.rejected')) return `configuration rejected by ${e.host}`
  return undefined
}

/** The same in a sentence. Hosts that say the same say it once. */
function notice(e: Event): string | undefined {
  if (isEvent(e, 'split-brain.suspected')) {
    const { router, other, ours, theirs } = e.data
    return `${router} may be served by two hosts at once: ${e.host}${ours ? `, ${ours},` : ''} and ${other}${theirs ? `, which ${theirs}` : ''}`
  }
  if (isEvent(e, 'vrid.collision'))
    return `${e.data.other} uses the VRID of ${e.data.router} on the same link and is not of this cluster`
  if (isEvent(e, 'outbox.gap')) return `${e.host} could not keep ${count(e.data.lost, 'event')}: what they said is lost`
  if (isEvent(e, 'order.rejected'))
    return `The new order for ${e.data.group} was rejected (${e.data.fault}): the old one stays in force`
  if (isEvent(e, 'config.rejected'))
    return `${e.host} rejected the cluster file (${count(e.data.problems.length, 'problem')}): the old one stays in force`
  return undefined
}

function reasons(all: readonly Event[]): string[] {
  const why = (e: Event) => `${REASONS[e.data.reason].short} (${e.data.reason})${e.data.detail ? `: ${e.data.detail}` : ''}`
  const router = (e: Event) => ('router' in e.data && e.data.router !== undefined ? [e.data.router] : [])
  return [...Map.groupBy(all, (e) => `${e.host}\n${why(e)}`).values()].flatMap((same) => {
    const first = same[0]
    const routers = [...new Set(same.flatMap(router))]
    return first ? [`${first.host}${routers.length > 0 ? `, ${list(routers)}` : ''}: ${why(first)}`] : []
  })
}

function whoServes(all: readonly Event[]): string[] {
  const { serving, lost } = upshot(all)
  return [
    ...serving.map((t) => `${withAddresses(t)}: ${t.host}, since ${when(t)}`),
    ...lost.map((l) => `${withAddresses(l)}: ${l.data.active ? `the host at ${l.data.active}` : 'nobody has said so yet'}`),
  ]
}

type StateChange = EventOf<'router.state'>
/** Takeovers of one router that are closer than this were decided by priority. */
const TOGETHER_MS = 1000

/** How each router stands after all of it, as far as these events tell: who took it over last, or who lost it to nobody. */
function upshot(all: readonly Event[]): { serving: StateChange[]; lost: StateChange[] } {
  const last = new Map<string, StateChange>()
  for (const e of all) {
    if (!isTakeover(e) && !isLoss(e)) continue
    // A good takeover comes before the loss: then the loss changes nothing any more.
    const before = last.get(e.data.router)
    if (isTakeover(e) && before && isTakeover(before) && outranked(e, before)) continue
    if (e.data.to === 'active' || (before?.host ?? e.host) === e.host) last.set(e.data.router, e)
  }
  const routers = [...last.values()].sort((a, b) => a.data.router.localeCompare(b.data.router))
  return { serving: routers.filter(isTakeover), lost: routers.filter(isLoss) }
}

/** Two hosts stepped in at once: the better one kept the addresses, whoever told it first. */
const outranked = (late: StateChange, early: StateChange): boolean =>
  late.host !== early.host && late.data.priority < early.data.priority && Math.abs(Date.parse(late.time) - Date.parse(early.time)) < TOGETHER_MS

/** The losses by other hosts that these takeovers made good. */
const answered = (taken: readonly StateChange[], all: readonly Event[]): StateChange[] =>
  all.filter(isLoss).filter((l) => taken.some((t) => t.data.router === l.data.router && t.host !== l.host))

const byHost = (events: readonly StateChange[]) => [...Map.groupBy(events, (e) => e.host)]

function span(all: readonly Event[]): string {
  const first = all[0]
  const last = all.at(-1)
  if (!first || !last) return ''
  const took = Date.parse(last.time) - Date.parse(first.time)
  return took === 0 ? when(first) : `${when(first)} to ${when(last)} (${(took / 1000).toFixed(3)} s)`
}

function line(e: Event): string {
  const what = isEvent(e, 'router.state')
    ? `${e.data.router}: ${e.data.from} → ${e.data.to}, ${e.data.reason}, priority ${e.data.priority}, ${e.data.health}`
    : `${e.type.slice(TYPE_PREFIX.length)}, ${e.data.reason}`
  return [when(e), e.host, what, ...(e.data.impact === 'none' ? [] : [e.data.impact]), e.id].join('  ')
}

const when = (e: Event) => new Date(e.time).toISOString().replace('T', ' ').replace('Z', ' UTC')
const withAddresses = (e: StateChange) => `${e.data.router} (${e.data.addresses.join(', ')})`
const list = (texts: readonly string[]) =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
const indent = (lines: readonly string[]) => lines.map((l) => `  ${clean(l)}`)
/** One line, whatever a sender put into it: nothing in an event can start a header or a line of its own. */
const clean = (text: string) => text.replace(/\p{Cc}+/gu, ' ')
