import { Command } from 'commander'
import type { Config, GroupConfig, RouterConfig } from '../contract/config.ts'
import { spell } from '../contract/order.ts'
import { asOption, brokerAccess, configOption, hostsOf, load } from './cluster.ts'
import { availabilityOf, isFresh, isOnline, keyOf, withPicture, type Picture } from './picture.ts'
import { age, columns, painter, type Colour, type Paint } from './table.ts'
import { EXIT, help, type Terminal } from './terminal.ts'

export const status = (t: Terminal, exit: (code: number) => void) => new Command('status')
  .description('Show who is active for each router, why and since when, and what checks, orders and hosts say.')
  .addOption(configOption()).addOption(asOption())
  .option('--json', 'everything as one JSON object')
  .addHelpText('after', '\nWhat a daemon said that is not connected now is marked "stale": nobody knows what became of it.')
  .addHelpText('after', help('understudy status',
    '0 every router has exactly one active host and every host is online, 1 not so, 3 no broker is to be reached'))
  .action(async (o: { config: string; as: string; json?: boolean }) => {
    const config = load(o.config, t)
    await withPicture(config, brokerAccess(config, o.as, t), t, 5000, async (picture) => {
      const now = t.now()
      t.out(o.json ? JSON.stringify(asJson(config, picture), null, 2) : statusText(config, picture, now, painter(t.colour)))
      exit(troubles(config, picture).length === 0 ? EXIT.ok : EXIT.problem)
    })
  })

export function statusText(config: Config, picture: Picture, now: number, paint: Paint): string {
  const routers = config.groups.flatMap((g) => g.routers.flatMap((r) => routerRows(g, r, picture, now, paint)))
  const hosts = hostsOf(config).map((host) => hostRow(host, config, picture, now, paint))
  const checks = checksOf(config).map(([host, check]) => checkRow(host, check, picture, now, paint))
  const orders = config.groups.flatMap((g) => g.hosts.map((host) => orderRow(host, g, picture, paint)))
  return [
    columns([['ROUTER', 'HOST', 'STATE', 'SINCE', 'WHY', 'PRIORITY'], ...routers]),
    columns([['HOST', 'DAEMON', 'SERVICE', 'LAST WORD'], ...hosts]),
    checks.length === 0 ? '' : columns([['CHECK', 'HOST', 'RESULT', 'SINCE', 'LAST ANSWER'], ...checks]),
    columns([['GROUP', 'HOST', 'ORDER', 'IN FORCE'], ...orders]),
    troubles(config, picture).map((text) => paint('red', `! ${text}`)).join('\n'),
  ].filter((part) => part !== '').join('\n\n')
}

/** Each check on each host once, also when several groups name it. */
function checksOf(config: Config): (readonly [host: string, check: string])[] {
  const all = config.groups.flatMap((g) => g.checks.flatMap((check) => g.hosts.map((host) => [host, check] as const)))
  return [...new Map(all.map((pair) => [keyOf(...pair), pair])).values()]
}

/** What an operator should look at, in words. */
export function troubles(config: Config, picture: Picture): string[] {
  const silent = hostsOf(config).filter((h) => !isOnline(picture, h))
    .map((h) => `${h}: its daemon is not connected to any broker`)
  const held = config.groups.flatMap((g) => g.routers.flatMap((r) => {
    const holders = activeHosts(g, r, picture)
    if (holders.length === 0) return [`${r.name}: no connected host says that it is active`]
    return holders.length === 1 ? [] : [`${r.name}: ${holders.join(' and ')} both say that they are active`]
  }))
  const refused = config.groups.flatMap((g) => g.hosts.flatMap((h) => {
    const result = picture.results.get(keyOf(h, g.name))
    const refuses = result?.result === 'rejected' && isFresh(picture, h, result.bootId)
    return refuses ? [`${h}: refused the order of ${g.name}: ${result.reason}`] : []
  }))
  return [...held, ...silent, ...refused]
}

export const activeHosts = (g: GroupConfig, r: RouterConfig, picture: Picture): string[] => g.hosts.filter((host) => {
  const s = picture.routers.get(keyOf(host, r.name))
  return s?.state === 'active' && isFresh(picture, host, s.bootId)
})

function routerRows(g: GroupConfig, r: RouterConfig, picture: Picture, now: number, paint: Paint): string[][] {
  return g.hosts.map((host, i) => {
    const s = picture.routers.get(keyOf(host, r.name))
    const name = i === 0 ? r.name : ''
    if (!s) return [name, host, paint('dim', 'unknown'), '', '', '']
    const state = told(isFresh(picture, host, s.bootId), s.state, s.state === 'active' ? 'green' : undefined, paint)
    return [name, host, state, age(now - Date.parse(s.since)), s.reason, `${s.priority} (${s.because})`]
  })
}

function hostRow(host: string, config: Config, picture: Picture, now: number, paint: Paint): string[] {
  const a = availabilityOf(picture, host)
  const said = [...picture.routers.values(), ...picture.checks.values()].filter((s) => s.host === host && s.bootId === a?.bootId)
  const daemon = a === undefined ? paint('dim', 'never seen') : a.status === 'online' ? 'online' : paint('red', 'offline')
  const lastWord = said.length === 0 ? '' : `${age(now - Math.max(...said.map((s) => Date.parse(s.at))))} ago`
  return [host, daemon, serviceOf(host, config, picture), lastWord]
}

function serviceOf(host: string, config: Config, picture: Picture): string {
  const m = picture.maintenance.get(host)
  if (m) return `maintenance${m.until === undefined ? '' : ` until ${m.until}`}: ${m.reason} (${m.by})`
  const isOut = (g: GroupConfig) => picture.results.get(keyOf(host, g.name))?.hosts.some((h) => h.host === host && !h.inService)
  const out = config.groups.filter(isOut).map((g) => g.name)
  return out.length > 0 ? `out of service in ${out.join(', ')}` : 'in service'
}

/** A word of a daemon, in its colour; what nobody stands by any more is marked. */
const told = (fresh: boolean, word: string, colour: Colour | undefined, paint: Paint): string =>
  fresh ? (colour ? paint(colour, word) : word) : paint('yellow', `stale (was ${word})`)

function checkRow(host: string, check: string, picture: Picture, now: number, paint: Paint): string[] {
  const s = picture.checks.get(keyOf(host, check))
  if (!s) return [check, host, paint('dim', 'unknown'), '', '']
  const result = told(isFresh(picture, host, s.bootId), s.health, s.health === 'healthy' ? undefined : 'red', paint)
  return [check, host, result, age(now - Date.parse(s.since)), `${s.last.detail} (${Math.round(s.last.tookMs)} ms)`]
}

function orderRow(host: string, g: GroupConfig, picture: Picture, paint: Paint): string[] {
  const s = picture.results.get(keyOf(host, g.name))
  if (!s) return [g.name, host, paint('dim', 'unknown'), '']
  const fresh = isFresh(picture, host, s.bootId)
  const result = fresh && s.result === 'rejected' ? paint('red', `rejected: ${s.reason}`) : told(fresh, s.result, undefined, paint)
  return [g.name, host, result, `${s.revision === undefined ? '' : `revision ${s.revision}: `}${spell({ hosts: s.hosts })}`]
}

/** For programs: the active hosts of each router, and every document as the brokers have it, `stale` if its daemon is away. */
function asJson(config: Config, picture: Picture) {
  const marked = <T extends { readonly host: string; readonly bootId: string }>(documents: Iterable<T>) =>
    [...documents].map((d) => ({ ...d, stale: !isFresh(picture, d.host, d.bootId) }))
  return {
    cluster: config.cluster,
    active: Object.fromEntries(config.groups.flatMap((g) => g.routers.map((r) => [r.name, activeHosts(g, r, picture)]))),
    hosts: Object.fromEntries(hostsOf(config).map((h) =>
      [h, { ...(availabilityOf(picture, h) ?? { status: 'unknown' }), maintenance: picture.maintenance.get(h) ?? null }])),
    routers: marked(picture.routers.values()),
    checks: marked(picture.checks.values()),
    orders: Object.fromEntries(picture.orders),
    orderResults: marked(picture.results.values()),
    troubles: troubles(config, picture),
  }
}
