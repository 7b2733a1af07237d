import { Command, Option } from 'commander'
import type { Config, GroupConfig } from '../contract/config.ts'
import type { OrderResult } from '../contract/events.ts'
import { spell, type Order } from '../contract/order.ts'
import { parseOrder } from '../contract/order-document.ts'
import { topicOf } from '../contract/topics.ts'
import type { Link, Message } from '../link/link.ts'
import { asOption, brokerAccess, configOption, load } from './cluster.ts'
import { isFresh, isOnline, keyOf, pause, withPicture, type Picture } from './picture.ts'
import { columns } from './table.ts'
import { EXIT, help, Refusal, unknown, type Terminal } from './terminal.ts'

interface Options { readonly config: string; readonly as: string }

export const order = (t: Terminal, exit: (code: number) => void) => new Command('order')
  .description('Show or change which host should serve first.')
  .addCommand(new Command('show')
    .description('Show the order that each host applies.')
    .argument('<group>', 'name of the group')
    .addOption(configOption()).addOption(asOption())
    .addHelpText('after', help('understudy order show dns', '0 every connected host applies the same order, 1 not so, 3 no broker is to be reached'))
    .action(async (name: string, o: Options) => {
      const config = load(o.config, t)
      const group = groupOf(config, name)
      await withPicture(config, brokerAccess(config, o.as, t), t, 5000, async (picture) => {
        t.out(showText(group, picture))
        exit(agreed(group, picture) ? EXIT.ok : EXIT.problem)
      })
    }))
  .addCommand(new Command('set')
    .description('Publish a new order and wait until every connected daemon has answered.')
    .argument('<group>', 'name of the group')
    .argument('<host...>', 'hosts, the one that should serve first at the beginning; one that is left out is out of service')
    .addOption(configOption()).addOption(asOption())
    .addOption(new Option('--out <host...>', 'hosts that keep their place but are out of service').default([]))
    .option('--reason <text>', 'why, for the log and the mail')
    .option('--wait <seconds>', 'how long to wait for answers', '10')
    .addHelpText('after', help('understudy order set dns dns2 dns1 --out dns1 --reason "new kernel on dns1"',
      '0 every connected daemon applied it and at least one did, 1 not so, 2 it is no usable order, 3 no broker is to be reached'))
    .action(async (name: string, hosts: string[], o: Options & { out: string[]; reason?: string; wait: string }) => {
      const config = load(o.config, t)
      const group = groupOf(config, name)
      const wait = Number(o.wait)
      if (!(wait > 0 && wait <= 3600)) throw new Refusal('--wait wants seconds, 1 to 3600', EXIT.usage)
      const wanted = wantedOrder(group, hosts, o.out)
      await withPicture(config, brokerAccess(config, o.as, t), t, 5000, async (picture, link, listen) => {
        const next: Order = {
          ...wanted, revision: nextRevision(group, picture), by: o.as, at: new Date(t.now()).toISOString(),
          ...(o.reason === undefined ? {} : { reason: o.reason }),
        }
        exit(await setOrder({ config, group, next, picture, link, listen, waitMs: wait * 1000, t }))
      })
    }))

/** The order that the arguments mean; refused here already if no daemon could take it. */
export function wantedOrder(group: GroupConfig, hosts: readonly string[], out: readonly string[]): Order {
  const all = [...hosts, ...out.filter((h) => !hosts.includes(h))]
  const parsed = parseOrder(all.map((h) => (out.includes(h) ? `#${h}` : h)).join('\n'), group.hosts)
  if (!parsed.ok) throw new Refusal(parsed.error.message, EXIT.usage)
  return parsed.value
}

/** One more than any revision that the brokers or the daemons know of. */
export function nextRevision(group: GroupConfig, picture: Picture): number {
  const answered = group.hosts.map((h) => picture.results.get(keyOf(h, group.name))?.revision)
  const known = [picture.orders.get(group.name)?.revision, ...answered]
  return Math.max(0, ...known.flatMap((r) => r ?? [])) + 1
}

interface Setting {
  readonly config: Config
  readonly group: GroupConfig
  readonly next: Order
  readonly picture: Picture
  readonly link: Link
  listen(hear: (m: Message) => void): void
  readonly waitMs: number
  readonly t: Terminal
}

async function setOrder(o: Setting): Promise<number> {
  const { group, picture, next, t } = o
  const asked = group.hosts.filter((h) => isOnline(picture, h))
  const answers = new Map<string, OrderResult>()
  o.listen((m) => {
    if (m.retained) return
    for (const host of asked) {
      const result = picture.results.get(keyOf(host, group.name))
      if (m.topic !== topicOf(o.config.topicRoot, 'orderResult', { host, group: group.name }) || !result) continue
      // Another order may be answered in these seconds; ours carries a revision that nobody used before.
      if (result.result === 'rejected' || result.revision === next.revision) answers.set(host, result)
    }
  })
  const topic = topicOf(o.config.topicRoot, 'order', { group: group.name })
  await o.link.publish(topic, JSON.stringify(next), { retained: true, qos: 1 })
  const until = performance.now() + o.waitMs
  while (answers.size < asked.length && performance.now() < until && !t.stop.aborted) await pause(20)
  t.out(`revision ${next.revision}: ${spell(next)}\n`)
  const rows = group.hosts.map((host) => answerRow(host, answers.get(host), asked.includes(host)))
  t.out(columns([['HOST', 'ANSWER', 'PRIORITIES'], ...rows]))
  const applied = [...answers.values()].filter((a) => a.result === 'applied').length
  return applied > 0 && applied === asked.length ? EXIT.ok : EXIT.problem
}

function answerRow(host: string, answer: OrderResult | undefined, asked: boolean): string[] {
  if (!asked) return [host, 'not connected: it takes the order when it is back', '']
  if (!answer) return [host, 'no answer', '']
  return [host, answer.result === 'applied' ? 'applied' : `rejected: ${answer.reason}`, priorities(answer)]
}

const priorities = (r: OrderResult) =>
  Object.entries(r.routers).map(([router, { priority }]) => `${router} ${priority}`).join(', ')

export function showText(group: GroupConfig, picture: Picture): string {
  const rows = group.hosts.map((host) => {
    const r = picture.results.get(keyOf(host, group.name))
    if (!r) return [host, 'unknown', '', '']
    const answer = r.result === 'applied' ? 'applied' : `rejected: ${r.reason}`
    const told = isFresh(picture, host, r.bootId) ? answer : `stale (was ${r.result})`
    return [host, told, spell({ hosts: r.hosts }), priorities(r)]
  })
  const head = ['HOST', 'ANSWER', 'IN FORCE', 'PRIORITIES']
  return `${publishedText(picture.orders.get(group.name))}\n\n${columns([head, ...rows])}`
}

function publishedText(o: Order | undefined): string {
  if (!o) return 'no order is published: the order of the cluster file holds, or the last one that a host stored'
  const revision = o.revision === undefined ? '' : `, revision ${o.revision}`
  const by = o.by === undefined ? '' : `, by ${o.by}`
  return `published: ${spell(o)}${revision}${by}${o.reason === undefined ? '' : `: ${o.reason}`}`
}

function agreed(group: GroupConfig, picture: Picture): boolean {
  const all = group.hosts.flatMap((h) => picture.results.get(keyOf(h, group.name)) ?? [])
  const fresh = all.filter((r) => isFresh(picture, r.host, r.bootId))
  return fresh.every((r) => r.result === 'applied') && new Set(fresh.map((r) => spell({ hosts: r.hosts }))).size === 1
}

function groupOf(config: Config, name: string): GroupConfig {
  const group = config.groups.find((g) => g.name === name)
  if (!group) throw unknown('group', name, config.groups.map((g) => g.name))
  return group
}
