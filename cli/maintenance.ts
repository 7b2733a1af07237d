import { Command } from 'commander'
import type { Config } from '../contract/config.ts'
import type { Maintenance } from '../contract/events.ts'
import { topicOf } from '../contract/topics.ts'
import type { Message } from '../link/link.ts'
import { asOption, brokerAccess, configOption, hostsOf, load } from './cluster.ts'
import { isFresh, isOnline, keyOf, pause, withPicture, type Picture } from './picture.ts'
import { EXIT, help, Refusal, unknown, type Terminal } from './terminal.ts'

interface Options { readonly config: string; readonly as: string; readonly wait: string }
const waitOption = ['--wait <seconds>', 'how long to wait until it is done', '30'] as const

export const maintenance = (t: Terminal, exit: (code: number) => void) => new Command('maintenance')
  .description('Take a host out of service on purpose, and put it back.')
  .addCommand(new Command('begin')
    .description('Take a host out of service in all its groups, and wait until another host holds its addresses.')
    .argument('<host>', 'short name of the host')
    .requiredOption('--reason <text>', 'why, for the log and the mail')
    .option('--for <time>', 'when it is over by itself: 30min, 2h, 1d')
    .option('--force', 'even if nobody else is there to serve')
    .option(...waitOption)
    .addOption(configOption()).addOption(asOption())
    .addHelpText('after', help('understudy maintenance begin dns1 --reason "new kernel" --for 2h',
      '0 the host serves nothing any more, 1 it still does or cannot be asked, 2 it may not be taken out, 3 no broker is to be reached'))
    .action(async (host: string, o: Options & { reason: string; for?: string; force?: boolean }) => {
      const until = o.for === undefined ? undefined : new Date(t.now() + span(o.for)).toISOString()
      const document: Maintenance = { reason: o.reason, by: o.as, ...(until === undefined ? {} : { until }) }
      exit(await publish({ host, text: JSON.stringify(document), o, t, forced: o.force === true, begins: true }))
    }))
  .addCommand(new Command('end')
    .description('Put a host back into service.')
    .argument('<host>', 'short name of the host')
    .option(...waitOption)
    .addOption(configOption()).addOption(asOption())
    .addHelpText('after', help('understudy maintenance end dns1', '0 the host has answered, 1 it has not, 3 no broker is to be reached'))
    .action(async (host: string, o: Options) => {
      exit(await publish({ host, text: '', o, t, forced: true, begins: false }))
    }))

interface Publication {
  readonly host: string
  readonly text: string
  readonly o: Options
  readonly t: Terminal
  readonly forced: boolean
  readonly begins: boolean
}

async function publish(a: Publication): Promise<number> {
  const { host, o, t } = a
  const config = load(o.config, t)
  if (!hostsOf(config).includes(host)) throw unknown('host', host, hostsOf(config))
  const waitMs = Number(o.wait) * 1000
  if (!(waitMs > 0)) throw new Refusal('--wait wants seconds', EXIT.usage)
  return withPicture(config, brokerAccess(config, o.as, t), t, 5000, async (picture, link, listen) => {
    const bereft = a.forced ? [] : groupsThatNeed(host, config, picture)
    if (bereft.length > 0) {
      const remedy = 'bring another host back first, or add --force'
      throw new Refusal(`nobody else is connected and in service in ${bereft.join(', ')}: ${remedy}`, EXIT.usage)
    }
    const routers = config.groups.filter((g) => g.hosts.includes(host)).flatMap((g) => g.routers.map((r) => r.name))
    const answered = new Set<string>()
    listen((m) => { for (const r of routers) if (isAnswer(m, config, host, r)) answered.add(r) })
    await link.publish(topicOf(config.topicRoot, 'maintenance', { host }), a.text, { retained: true, qos: 1 })
    if (!isOnline(picture, host)) {
      t.out(`${host}: its daemon is not connected: it will know when it is back`)
      return EXIT.problem
    }
    const serves = (r: string) => picture.routers.get(keyOf(host, r))?.state === 'active'
    const open = () => routers.filter((r) => !answered.has(r) || (a.begins && serves(r)))
    const until = performance.now() + waitMs
    while (open().length > 0 && performance.now() < until && !t.stop.aborted) await pause(20)
    for (const r of open()) {
      t.out(`${host}: ${answered.has(r) ? `still serves ${r}: nobody better takes over` : `has not answered for ${r}`}`)
    }
    if (open().length === 0) t.out(a.begins ? `${host}: in maintenance, serves nothing` : `${host}: back`)
    return open().length === 0 ? EXIT.ok : EXIT.problem
  })
}

const isAnswer = (m: Message, config: Config, host: string, router: string) =>
  !m.retained && m.topic === topicOf(config.topicRoot, 'router', { host, router })

/** Groups in which no other connected host is in service. */
function groupsThatNeed(host: string, config: Config, picture: Picture): string[] {
  const serves = (other: string, group: string) => {
    const result = picture.results.get(keyOf(other, group))
    const own = result?.hosts.find((h) => h.host === other)
    const there = result !== undefined && isFresh(picture, other, result.bootId)
    return other !== host && there && own?.inService === true && !picture.maintenance.has(other)
  }
  return config.groups.filter((g) => g.hosts.includes(host) && !g.hosts.some((h) => serves(h, g.name))).map((g) => g.name)
}

/** `30min`, `2h`, `1d` in milliseconds. */
export function span(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,5})\s*(min|h|d)$/.exec(text.trim()) ?? []
  const units: Readonly<Record<string, number>> = { min: 60_000, h: 3_600_000, d: 86_400_000 }
  const ms = Number(number) * (units[unit] ?? 0)
  if (!(ms > 0)) throw new Refusal(`--for wants a time such as 30min, 2h or 1d, not "${text}"`, EXIT.usage)
  return ms
}
