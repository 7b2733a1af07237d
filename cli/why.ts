import { Command } from 'commander'
import { formatPrefixed } from '../contract/address.ts'
import type { Config, GroupConfig, RouterConfig } from '../contract/config.ts'
import type { CheckSnapshot, RouterSnapshot } from '../contract/events.ts'
import { REASONS } from '../contract/reasons.ts'
import { asOption, brokerAccess, configOption, load } from './cluster.ts'
import { isFresh, isOnline, keyOf, withPicture, type Picture } from './picture.ts'
import { activeHosts } from './status.ts'
import { age } from './table.ts'
import { EXIT, help, unknown, type Terminal } from './terminal.ts'

export const why = (t: Terminal, exit: (code: number) => void) => new Command('why')
  .description('Explain in words which host is active for a router, and why each of the others is not.')
  .argument('<router>', 'name of the router')
  .addOption(configOption()).addOption(asOption())
  .addHelpText('after', help('understudy why resolver', '0 one host is active, 1 none or several, 3 no broker is to be reached'))
  .action(async (name: string, o: { config: string; as: string }) => {
    const config = load(o.config, t)
    const { group, router } = find(config, name)
    await withPicture(config, brokerAccess(config, o.as, t), t, 5000, async (picture) => {
      t.out(whyText(group, router, picture, t.now()))
      exit(activeHosts(group, router, picture).length === 1 ? EXIT.ok : EXIT.problem)
    })
  })

interface View {
  readonly group: GroupConfig
  readonly picture: Picture
  readonly now: number
  /** The snapshot of the one active host. */
  readonly best: RouterSnapshot | undefined
}

export function whyText(group: GroupConfig, router: RouterConfig, picture: Picture, now: number): string {
  const active = activeHosts(group, router, picture)
  const snapshotOf = (host: string) => picture.routers.get(keyOf(host, router.name))
  const rankOf = (host: string) => snapshotOf(host)?.rank ?? group.hosts.length
  const view = { group, picture, now, best: active.length === 1 ? snapshotOf(active[0] ?? '') : undefined }
  const hosts = group.hosts.toSorted((a, b) => rankOf(a) - rankOf(b))
  return [
    `${router.name} (VRID ${router.vrid} on ${router.interface}): ${router.addresses.map(formatPrefixed).join(', ')}`,
    summary(active),
    ...hosts.map((host) => hostText(host, snapshotOf(host), view)),
  ].join('\n\n')
}

function summary(active: readonly string[]): string {
  if (active.length === 0) return 'No connected host says that it is active.'
  if (active.length === 1) return `${active[0]} is active.`
  return `${active.join(' and ')} both say that they are active: they do not hear each other.`
}

function hostText(host: string, s: RouterSnapshot | undefined, view: View): string {
  const { picture, best } = view
  if (!s) return `${host}: its daemon has ${isOnline(picture, host) ? 'said nothing of this router yet' : 'never been connected'}`
  const fresh = isFresh(picture, host, s.bootId)
  const state = fresh ? s.state : `its daemon is not connected; when it last was, it was ${s.state}`
  const m = picture.maintenance.get(host)
  return [
    `${host}: ${state}, for ${age(view.now - Date.parse(s.since))}, because ${REASONS[s.reason].short}`,
    `  priority ${s.priority}: ${s.because}`,
    ...view.group.checks.map((check) => `  ${checkText(check, picture.checks.get(keyOf(host, check)))}`),
    ...(s.refused ? [`  advertisements refused since its start: ${Object.entries(s.refused).map(([cause, n]) => `${n} ${cause}`).join(', ')}`] : []),
    ...(m ? [`  in maintenance${m.until === undefined ? '' : ` until ${m.until}`}: ${m.reason} (${m.by})`] : []),
    ...(fresh && s.state === 'backup' && best ? [`  ${notActive(s, best)}`] : []),
  ].join('\n')
}

function checkText(check: string, c: CheckSnapshot | undefined): string {
  if (!c) return `check ${check}: no result yet`
  return `check ${check}: ${c.health}; last answer: ${c.last.detail} (${Math.round(c.last.tookMs)} ms)`
}

function notActive(s: RouterSnapshot, best: RouterSnapshot): string {
  const { host, priority } = best
  if (s.priority < priority) return `not active, because ${host} has the higher priority: ${priority}`
  if (s.priority === priority) return `not active: ${host} has the same priority and was there first, or has the higher address`
  const why = `it waits its time, or preempt: off keeps it, or it does not hear ${host}`
  return `not active yet, though its priority is above the ${priority} of ${host}: ${why}`
}

function find(config: Config, name: string): { group: GroupConfig; router: RouterConfig } {
  for (const group of config.groups) {
    const router = group.routers.find((r) => r.name === name)
    if (router) return { group, router }
  }
  throw unknown('router', name, config.groups.flatMap((g) => g.routers.map((r) => r.name)))
}
