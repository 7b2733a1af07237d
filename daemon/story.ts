/** Tells what happens: numbers the events, keeps the snapshots, writes the log. Nothing here decides or waits. */
import { formatAddress, formatPrefixed } from '../contract/address.ts'
import type { EventData, OrderResult, Reason } from '../contract/events.ts'
import type { Order } from '../contract/order.ts'
import type { Ms, WallTime } from '../contract/time.ts'
import type { Visible } from './core/election.ts'
import { visible } from './core/election.ts'
import type { CheckState } from './core/health.ts'
import type { Health } from './core/priority.ts'
import type { Member } from './member.ts'
import type { Log, ProbeResult, Told, Uplink } from './ports.ts'
import type { Meaning } from './report.ts'
import type { Rejected } from './wire/advertisement.ts'

export interface Story {
  tell(told: Told): void
  changed(m: Member, from: Visible, to: Visible, meaning: Meaning): void
  refused(m: Member, sender: string, fault: Rejected): void
  stalled(late: Ms): void
  notificationsLost(): void
  /** `two`: who else is active, as far as known, and what this host and that one do; undefined: it is over. */
  split(m: Member, two: { readonly other: string; readonly ours: string; readonly theirs: string } | undefined, detail: string): void
  repaired(m: Member, which: readonly string[], reason: 'address-missing' | 'address-extra'): void
  check(name: string, s: CheckState, before: Health, last: ProbeResult, changed: boolean): void
  order(group: string, order: Order, members: readonly Member[], refusal?: string): void
  /** The snapshot of a router, as it is now. */
  show(m: Member): void
}

/** Faults that mean: somebody else uses our VRID. */
const COLLISION = new Set(['address-list', 'version', 'authentication', 'authentication-type'])

export function createStory(o: {
  readonly host: string; readonly bootId: string; readonly uplink: Uplink; readonly log: Log; readonly wall: () => WallTime
  readonly healthOf: (m: Member) => Health
}): Story {
  const { host, bootId, uplink, log, wall } = o
  let sequence = 0
  const checkSince = new Map<string, WallTime>()

  function tell(told: Told): void {
    uplink.tell({ told, sequence: ++sequence, at: wall() })
  }

  function show(m: Member): void {
    uplink.show({
      is: 'router',
      document: {
        host, router: m.name, group: m.group.name, state: visible(m.state), since: m.since, reason: m.reason,
        priority: m.params.priority, because: m.standing.because, rank: m.standing.rank, inService: m.standing.inService,
        health: o.healthOf(m), ...activeOf(m), addresses: m.addresses.map(formatPrefixed),
        ...(m.rejects.total > 0 ? { refused: { ...m.rejects.byCause } } : {}), bootId, sequence, at: wall(),
      },
    })
  }

  return {
    tell,
    show,
    changed(m, from, to, meaning) {
      const about = { router: m.name, from, to, reason: meaning.reason, priority: m.params.priority }
      log.info(about, `${m.name}: ${from} → ${to}: ${meaning.reason}`)
      tell({
        type: 'router.state', subject: m.name,
        data: {
          ...meaning, router: m.name, group: m.group.name, from, to, priority: m.params.priority, health: o.healthOf(m),
          ...activeOf(m), addresses: m.addresses.map(formatPrefixed), detail: m.standing.because,
        },
      })
      show(m)
    },
    refused(m, sender, fault) {
      const collision = COLLISION.has(fault.reject)
      log.warn({ router: m.name, sender, reject: fault.reject }, `advertisement refused: ${fault.detail}`)
      const common = { planned: false, impact: 'none' as const, detail: `${fault.reject}: ${fault.detail}` }
      if (collision) {
        tell({ type: 'vrid.collision', subject: m.name, data: { ...common, reason: 'foreign-vrid', router: m.name, group: m.group.name, other: sender } })
      } else {
        tell({ type: 'advertisement.rejected', subject: m.name, data: { ...common, reason: 'foreign-advertisement', router: m.name, sender, reject: fault.reject, count: m.rejects.byCause[fault.reject] ?? 0 } })
      }
    },
    stalled(late) {
      log.warn({ lateMs: Math.round(late) }, 'this process did not run for a while: listening before speaking')
      tell({ type: 'stall', data: { reason: 'event-loop-late', planned: false, impact: 'degraded', lateMs: Math.round(late) } })
    },
    notificationsLost() {
      tell({ type: 'notifications.lost', data: { reason: 'notifications-lost', planned: false, impact: 'none' } })
    },
    split(m, two, detail) {
      const about = { router: m.name, group: m.group.name, planned: false, detail }
      if (two === undefined) {
        log.info({ router: m.name }, `${m.name}: ${detail}`)
        tell({ type: 'split-brain.cleared', subject: m.name, data: { ...about, reason: 'one-active', impact: 'none' } })
      } else {
        const { other, ours, theirs } = two
        log.error({ router: m.name, other, ours, theirs }, `${m.name}: two hosts are active: this one, ${ours}, and ${other}, which ${theirs}: ${detail}`)
        tell({ type: 'split-brain.suspected', subject: m.name, data: { ...about, reason: 'two-active', impact: 'degraded', other, ours, theirs } })
      }
    },
    repaired(m, which, reason) {
      log.warn({ router: m.name, addresses: which }, reason === 'address-missing'
        ? `${m.name}: somebody removed service addresses: put back` : `${m.name}: somebody put service addresses on a backup: taken away`)
      tell({
        type: 'addresses.repaired', subject: m.name,
        data: { reason, planned: false, impact: 'degraded', router: m.name, group: m.group.name, addresses: [...which] },
      })
    },
    check(name, s, before, last, changed) {
      if (changed) {
        checkSince.set(name, wall())
        log[s.health === 'healthy' ? 'info' : 'warn']({ check: name, health: s.health, was: before, detail: last.detail }, `check ${name}: ${before} → ${s.health}`)
        if (before !== 'unknown' || s.health !== 'healthy') tell({ type: 'check.changed', subject: name, data: { ...checkMeaning(s.health), check: name, health: s.health, previous: before, detail: last.detail } })
      }
      uplink.show({ is: 'check', document: { host, check: name, health: s.health, last, since: checkSince.get(name) ?? wall(), bootId, at: wall() } })
    },
    order(group, order, members, refusal) {
      const document: OrderResult = {
        host, group, result: refusal === undefined ? 'applied' : 'rejected', reason: refusal ?? '',
        ...(order.revision === undefined ? {} : { revision: order.revision }), hosts: [...order.hosts],
        routers: Object.fromEntries(members.map((m) => [m.name, { rank: m.standing.rank, priority: m.params.priority }])),
        bootId, at: wall(),
      }
      uplink.show({ is: 'order', document })
    },
  }
}

function activeOf(m: Member): { active?: string } {
  const heard = m.state.at === 'backup' ? m.state.heard?.from : undefined
  const active = heard ?? m.active
  return active === undefined || m.state.at === 'active' ? {} : { active: formatAddress(active) }
}

function checkMeaning(health: Health): Pick<EventData<'check.changed'>, 'reason' | 'planned' | 'impact'> {
  const reason: Reason = health === 'healthy' ? 'check-recovered' : health === 'degraded' ? 'check-degraded' : 'check-failed'
  return { reason, planned: false, impact: health === 'healthy' ? 'none' : 'degraded' }
}
