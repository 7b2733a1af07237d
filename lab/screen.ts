/** The live table: a pure picture of the lab as lines of text, with ANSI colours where they are wanted. */
import { RouterSnapshot, CheckSnapshot } from '../contract/events.ts'
import type { Report } from './client.ts'
import { answering, CHECK, HOSTS, ROUTERS, type World } from './world.ts'

export interface Shown {
  readonly selected: number
  /** The last thing somebody did, and the milliseconds since. */
  readonly act: string | undefined
  readonly ago: number
  readonly report: Report | undefined
  readonly colour: boolean
}

const KEYS = [
  ['1–4', 'select a host'], ['n', 'name server'], ['d', 'daemon'], ['c', 'cable'], ['b', 'broker'],
  ['t', 'to the top'], ['o', 'out of service'], ['q', 'quit'],
] as const
const MAILS = 5

export function picture(world: World, shown: Shown): string[] {
  const paint = painter(shown.colour)
  const row = (cells: readonly string[]) => cells.map((cell, i) => pad(cell, WIDTHS[i] ?? 0)).join('  ')
  return [
    `${paint.bold('Understudy')}  order: ${world.order.join(', ')}`,
    `broker ${!world.brokerUp ? paint.bad('down') : world.console.connected ? paint.good('up') : 'up, not connected yet'}` +
      `${world.console.connected ? '' : paint.dim('  what the hosts say is as of before')}`,
    '',
    row(['', 'host', ...ROUTERS.map((r) => r.name), 'check', 'name server', 'daemon', 'cable']),
    ...HOSTS.map((host, i) => row(hostRow(world, host, i, shown.selected, paint))),
    row(['', paint.dim('answers come from'), ...ROUTERS.map((r) =>
      (shown.report && answering(shown.report, r.name)) ?? paint.bad('nobody'))]),
    '',
    cost(shown, paint),
    '',
    `Mails: ${world.mails.length}`,
    ...Array.from({ length: MAILS }, (_, i) => {
      const mail = world.mails.at(i - Math.min(MAILS, world.mails.length))
      return mail && i < world.mails.length ? `  ${mail.at.slice(11, 19)}  ${mail.subject}` : ''
    }),
    '',
    KEYS.map(([key, what]) => `${paint.bold(key)} ${what}`).join('   '),
  ]
}

const WIDTHS = [2, 18, 14, 14, 9, 11, 6, 5]

function hostRow(world: World, host: string, i: number, selected: number, paint: Painter): string[] {
  const document = (kind: string) => world.console.documents.get(`understudy/lab/host/${host}/${kind}`)
  const routers = ROUTERS.map((r) => {
    const snapshot = RouterSnapshot.safeParse(document(`router/${r.name}`)).data
    if (!snapshot || !world.daemonUp(host)) return paint.dim('–')
    const text = `${snapshot.state} ${snapshot.priority}`
    return snapshot.state === 'active' ? paint.good(text) : text
  })
  const health = CheckSnapshot.safeParse(document(`check/${CHECK}`)).data?.health ?? 'unknown'
  const up = (is: boolean, yes: string, no: string) => (is ? yes : paint.bad(no))
  return [
    i === selected ? paint.bold(`>${i + 1}`) : ` ${i + 1}`, world.order.includes(`#${host}`) ? `#${host}` : host, ...routers,
    !world.daemonUp(host) ? paint.dim('–') : health === 'healthy' ? health : paint.bad(health),
    up(world.serverUp(host), 'up', 'down'), up(world.daemonUp(host), 'up', 'down'), up(world.plugged(host), 'in', 'cut'),
  ]
}

function cost({ act, ago, report }: Shown, paint: Painter): string {
  if (act === undefined) return paint.dim('1,000 questions a second at each of four addresses, and nothing has happened yet')
  const tallies = Object.values(report?.addresses ?? {})
  const lost = tallies.reduce((sum, t) => sum + t.lost, 0), longest = Math.max(0, ...tallies.map((t) => t.longest))
  return `${act}, ${(ago / 1000).toFixed(0)} s ago: ${lost} queries lost, longest outage ${longest.toFixed(0)} ms`
}

type Painter = ReturnType<typeof painter>
const painter = (colour: boolean) => {
  const sgr = (code: number) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what paints a text takes no room
const visible = (text: string) => text.replace(/\x1b\[\d+m/g, '').length
const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - visible(text)))
