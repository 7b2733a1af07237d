/** Order, maintenance and health → the parameters of every router. Applies them at once; the disk and the broker come after. */
import type { CheckConfig, Config } from '../contract/config.ts'
import { firstOrder, sameHosts, spell, type Order } from '../contract/order.ts'
import type { Ms, WallTime } from '../contract/time.ts'
import type { Why } from './core/election.ts'
import { combined, judge, unchecked, type CheckState } from './core/health.ts'
import type { Health } from './core/priority.ts'
import { standingOf, tuned, type Member } from './member.ts'
import type { Downlink, Log, ProbeResult } from './ports.ts'
import type { Runtime } from './runtime.ts'
import type { Story } from './story.ts'
import { createTracking, interfacesOf } from './tracking.ts'

type MaintenanceDocument = NonNullable<Extract<Downlink, { is: 'maintenance' }>['maintenance']>
/** Say that maintenance ends this long before it does. */
const EXPIRY_NOTICE_MS = 10 * 60_000

export interface Steering {
  down(d: Downlink): void
  result(check: CheckConfig, r: ProbeResult): void
  /** An interface that some group tracks came or went. */
  link(name: string, usable: boolean): void
  /** A router can, or cannot, take part: those that move with it cannot be served from here without it. */
  takesPart(m: Member, does: boolean): void
  /** A changed cluster file. Orders, maintenance and verdicts stay; checks that are new start without one. */
  reconfigure(config: Config): void
  healthOf(m: { readonly group: Member['group'] }): Health
  /** The order of a group as it applies now, maintenance included. */
  orderOf(group: string): Order
  /** The order of a group as it was published, if one was. */
  published(group: string): Order | undefined
  /** Once in a while: ends maintenance whose time is over, shows what was refused since, repeats the check results for those who watch for silence. */
  tick(): void
}

export function createSteering(o: {
  readonly host: string; readonly config: Config; readonly orders: ReadonlyMap<string, Order>
  readonly runtime: () => Runtime; readonly story: () => Story; readonly wall: () => WallTime; readonly log: Log
  readonly peer: (router: string, host: string, state: string) => void
  readonly later: (wait: Ms, run: () => void) => void
  /** News from outside the election, before anything follows from it. */
  readonly noticed: (text: string) => void
}): Steering {
  const { host, log } = o
  let { config } = o
  const orders = new Map(o.orders)
  const checks = new Map<string, CheckState>(config.checks.map((c) => [c.name, unchecked]))
  const links = createTracking(o.later)
  const lastResults = new Map<string, ProbeResult>()
  const maintenance = new Map<string, MaintenanceDocument>()
  const expiryTold = new Set<string>()
  /** By group: its routers that could not take part at some time, where they move together. */
  const onceAbsent = new Map<string, Set<string>>()
  const refusalsShown = new WeakMap<Member, number>()

  const groupMembers = (group: string) => o.runtime().members.filter((m) => m.group.name === group)
  const healthOf = (m: { readonly group: Member['group'] }): Health =>
    combined([...m.group.checks.map((c) => checks.get(c)?.health ?? 'unknown'), ...(links.broken(m.group, needsOf(m.group)) ? ['failed' as const] : [])])

  const needsOf = (group: Member['group']): readonly string[] => [...interfacesOf(group, config, host), ...(onceAbsent.get(group.name) ?? [])]

  /** The verdict on it may come later than the news. */
  function need(group: Member['group'], name: string, met: boolean, text: string): void {
    links.set(group, name, met, () => {
      log[met ? 'info' : 'warn']({ group: group.name }, `${group.name}: ${text}`)
      retune(groupMembers(group.name), met ? 'check-recovered' : 'interface-down')
    })
  }

  function orderOf(group: string): Order {
    const hosts = config.groups.find((g) => g.name === group)?.hosts ?? []
    const order = orders.get(group) ?? firstOrder(hosts)
    const spared = order.hosts.map((h) => ({ ...h, inService: h.inService && !maintenance.has(h.host) }))
    // Maintenance of everybody at once would leave nobody: then it counts for nobody.
    return spared.some((h) => h.inService) ? { ...order, hosts: spared } : order
  }

  function retune(members: readonly Member[], cause: Why): void {
    for (const m of members) {
      const health = healthOf(m)
      const why = health === 'failed' && (cause === 'order-changed' || cause === 'maintenance') ? 'check-failed' : cause
      const next = standingOf({ ...m, host }, orderOf(m.group.name), health, why)
      const changed = next.priority !== m.params.priority || next.rank !== m.params.rank || next.foremost !== m.params.foremost || next.bandFloor !== m.params.bandFloor
      m.standing = next
      if (changed) {
        m.params = { ...m.params, ...tuned(next) }
        o.runtime().input(m, { is: 'retuned' })
      }
      o.story().show(m)
    }
  }

  function takeOrder(group: string, order: Order): void {
    const before = orders.get(group) ?? firstOrder(config.groups.find((g) => g.name === group)?.hosts ?? [])
    const changed = !sameHosts(before, order)
    // Every connection brings the order again.
    if (JSON.stringify(orders.get(group)) !== JSON.stringify(order)) o.noticed(`order of ${group}: ${wordsOf(order)}`)
    orders.set(group, order)
    const members = groupMembers(group)
    if (changed) {
      retune(members, 'order-changed')
      log.info({ group, revision: order.revision, by: order.by }, `order of ${group}: ${spell(order)}`)
      o.story().tell({
        type: 'order.applied', subject: group,
        data: {
          reason: 'order-accepted', planned: true, impact: 'none', group, hosts: [...order.hosts], detail: spell(order),
          ...(order.revision === undefined ? {} : { revision: order.revision }), ...(order.by === undefined ? {} : { by: order.by }),
        },
      })
    }
    o.story().order(group, orderOf(group), members)
  }

  function takeMaintenance(name: string, document: MaintenanceDocument | undefined, over = false): void {
    const before = maintenance.get(name)
    const now = document && !isOver(document) ? document : undefined
    if (JSON.stringify(before) === JSON.stringify(now)) return
    if (now) maintenance.set(name, now)
    else maintenance.delete(name)
    expiryTold.delete(name)
    const until = now?.until === undefined ? '' : ` until ${now.until}`
    const words = now ? `by ${now.by}${until}: ${now.reason}` : over ? 'ended: its time is over' : 'ended'
    o.noticed(`maintenance of ${name} ${words}`)
    retune(o.runtime().members.filter((m) => m.group.hosts.includes(name)), 'maintenance')
    if (name !== host) return
    const common = { planned: true, impact: 'none' as const }
    if (now) {
      o.story().tell({ type: 'maintenance.began', subject: host, data: { ...common, reason: 'maintenance', detail: now.reason, by: now.by, ...(now.until === undefined ? {} : { until: now.until }) } })
    } else o.story().tell({ type: 'maintenance.ended', subject: host, data: { ...common, reason: over ? 'time-over' : 'maintenance' } })
  }

  const isOver = (d: MaintenanceDocument) => d.until !== undefined && Date.parse(d.until) <= Date.parse(o.wall())

  return {
    healthOf,
    orderOf,
    published: (group) => orders.get(group),
    down(d) {
      switch (d.is) {
        case 'order': return takeOrder(d.group, d.order)
        case 'order-refused': {
          o.noticed(`order of ${d.group} refused: ${d.refusal.message}`)
          log.warn({ group: d.group, fault: d.refusal.fault }, `order of ${d.group} refused: ${d.refusal.message}`)
          o.story().tell({
            type: 'order.rejected', subject: d.group,
            data: { reason: 'order-refused', planned: false, impact: 'none', group: d.group, fault: d.refusal.fault, detail: d.refusal.message, ...(d.revision === undefined ? {} : { revision: d.revision }) },
          })
          return o.story().order(d.group, orderOf(d.group), groupMembers(d.group), d.refusal.message)
        }
        case 'maintenance': return takeMaintenance(d.host, d.maintenance)
        case 'peer': return o.peer(d.router, d.host, d.state)
        case 'gap': return o.story().tell({ type: 'outbox.gap', data: { reason: 'outbox-full', planned: false, impact: 'degraded', lost: d.lost } })
        case 'connected': {
          for (const m of o.runtime().members) o.story().show(m)
          for (const g of config.groups) if (groupMembers(g.name).length > 0) o.story().order(g.name, orderOf(g.name), groupMembers(g.name))
        }
      }
    },
    link(name, usable) {
      const needy = config.groups.filter((group) => interfacesOf(group, config, host).includes(name))
      if (needy.length > 0) o.noticed(`interface ${name}: ${usable ? 'up' : 'down'}`)
      for (const group of needy) need(group, name, usable, `interface ${name}, which it needs, is ${usable ? 'usable again' : 'down'}`)
    },
    takesPart(m, does) {
      if (!m.group.together) return
      const name = `router ${m.name}` // no interface has such a name
      onceAbsent.set(m.group.name, (onceAbsent.get(m.group.name) ?? new Set()).add(name))
      need(m.group, name, does, `${m.name}, without which it does not serve, ${does ? 'takes part again' : 'cannot take part'}`)
    },
    reconfigure(next) {
      config = next
      for (const c of next.checks) if (!checks.has(c.name)) checks.set(c.name, unchecked)
      for (const name of [...checks.keys()]) if (!next.checks.some((c) => c.name === name)) checks.delete(name)
      for (const g of next.groups) {
        const order = orders.get(g.name)
        // An order that names other hosts than the file does is not for this group any more.
        if (order && order.hosts.map((h) => h.host).sort().join() !== [...g.hosts].sort().join()) orders.delete(g.name)
      }
      retune(o.runtime().members, 'reloaded')
    },
    result(check, r) {
      const before = checks.get(check.name) ?? unchecked
      const after = judge(check, before, r.ok)
      const last = lastResults.get(check.name)
      lastResults.set(check.name, r)
      checks.set(check.name, after)
      const changed = after.health !== before.health
      // A good result like the last one is no news, and there are very many of them.
      if (changed || !r.ok || !last?.ok || last.detail !== r.detail) {
        const verdict = changed ? ` (${before.health} → ${after.health})` : ''
        o.noticed(`check ${check.name} ${r.ok ? 'ok' : 'failed'}${verdict}: ${r.detail}`)
      }
      if (changed) {
        const cause: Why = after.health === 'healthy' ? 'check-recovered' : after.health === 'degraded' ? 'check-degraded' : 'check-failed'
        retune(o.runtime().members.filter((m) => m.group.checks.includes(check.name)), cause)
      }
      if (changed || last?.ok !== r.ok) o.story().check(check.name, after, before.health, r, changed)
    },
    tick() {
      for (const [name, d] of [...maintenance]) {
        if (isOver(d)) takeMaintenance(name, undefined, true)
        else if (name === host && d.until !== undefined && !expiryTold.has(name)
          && Date.parse(d.until) - Date.parse(o.wall()) < EXPIRY_NOTICE_MS) {
          expiryTold.add(name)
          o.story().tell({ type: 'maintenance.expiring', subject: host, data: { reason: 'maintenance', planned: true, impact: 'none', until: d.until } })
        }
      }
      for (const m of o.runtime().members) {
        if (m.rejects.total === (refusalsShown.get(m) ?? 0)) continue
        refusalsShown.set(m, m.rejects.total)
        o.story().show(m)
      }
      for (const [name, s] of checks) {
        const last = lastResults.get(name)
        if (last) o.story().check(name, s, s.health, last, false)
      }
    },
  }
}

function wordsOf({ by, revision, ...order }: Order): string {
  return `${spell(order)}${by === undefined ? '' : `; by ${by}`}${revision === undefined ? '' : `; revision ${revision}`}`
}
