/** Every way to break the lab, once, and what each cost the client. */
import type { Report } from './client.ts'
import { monotonic, sleep, until } from './clock.ts'
import { answering, HOSTS, ROUTERS, type World } from './world.ts'

interface Act {
  readonly what: string
  /** Who must serve testdns0 and testdns1 in the end. */
  readonly serve: readonly [string, string]
  /** It has not had its effect until a mail has come. */
  readonly mailed?: true
  run(world: World): Promise<void> | void
}

/** All in milliseconds but `lost` (over all four addresses) and `mails`. */
export interface Cost {
  readonly what: string
  readonly lost: number
  readonly longest: number
  /** From the act to the first answer of a host that had not served the address; undefined when nothing had to move. */
  readonly moved: number | undefined
  readonly mails: number
  readonly converged: boolean
}

const [cnh, wcdc, rnb, sby] = HOSTS

const ACTS: readonly Act[] = [
  { what: `${cnh}: name server killed`, serve: [wcdc, sby], run: (w) => w.killServer(cnh) },
  { what: `${cnh}: name server back`, serve: [cnh, sby], run: (w) => w.startServer(cnh) },
  { what: `${cnh}: daemon killed (SIGKILL)`, serve: [wcdc, sby], run: (w) => w.killDaemon(cnh) },
  { what: `${cnh}: daemon started again`, serve: [cnh, sby], run: (w) => w.startDaemon(cnh) },
  { what: `${cnh}: cable cut`, serve: [wcdc, sby], run: (w) => w.cut(cnh) },
  { what: `${cnh}: cable plugged in`, serve: [cnh, sby], run: (w) => w.plug(cnh) },
  { what: `broker killed, then ${sby}: name server killed`, serve: [cnh, rnb], run: async (w) => {
    await w.killBroker()
    await w.killServer(sby)
  } },
  { what: 'broker back: the mails come now', serve: [cnh, rnb], mailed: true, run: (w) => w.startBroker() },
  { what: `${sby}: name server back`, serve: [cnh, sby], run: (w) => w.startServer(sby) },
  { what: `${rnb}: put at the top`, serve: [rnb, sby], run: (w) => w.publish([rnb, cnh, wcdc, sby]) },
  { what: `${rnb}: out of service`, serve: [cnh, sby], run: (w) => w.publish([`#${rnb}`, cnh, wcdc, sby]) },
  { what: `${rnb}: in service again`, serve: [rnb, sby], run: (w) => w.publish([rnb, cnh, wcdc, sby]) },
]

/** Milliseconds until an act that has not had its effect has failed. */
const PATIENCE = 12_000
/**
 * Milliseconds afterwards in which it must stay as it is, and at most so many more for a mail, which waits for what
 * belongs to it.
 */
const AFTERMATH = 1500
const MAIL_TIME = 3000

export async function tour(world: World, played: (cost: Cost) => void): Promise<readonly Cost[]> {
  await until(() => world.mails.length > 0, MAIL_TIME) // the mail about the start is nobody's cost
  await sleep(AFTERMATH)
  const costs: Cost[] = []
  for (const act of ACTS) {
    const cost = await play(world, act)
    played(cost)
    costs.push(cost)
  }
  return costs
}

async function play(world: World, act: Act): Promise<Cost> {
  const before = await world.report(), mails = world.mails.length
  await world.mark()
  const at = monotonic()
  await act.run(world)
  const asWanted = (report: Report) => ROUTERS.every((r, i) => answering(report, r.name) === act.serve[i])
  let converged = false
  const mailed = () => world.mails.length > mails
  while (!converged && monotonic() < at + PATIENCE) converged = asWanted(await world.report()) && (!act.mailed || mailed())
  if (converged) await sleep(AFTERMATH)
  const movedRouters = ROUTERS.filter((r, i) => answering(before, r.name) !== act.serve[i])
  if (movedRouters.length > 0 && world.brokerUp) await until(mailed, MAIL_TIME)
  const report = await world.report()
  const tallies = Object.values(report.addresses)
  const firsts = movedRouters.flatMap((r) => r.addresses.map((address) =>
    report.addresses[address]?.hosts[act.serve[ROUTERS.indexOf(r)] ?? '']?.first ?? Number.NaN))
  return {
    what: act.what,
    lost: tallies.reduce((sum, t) => sum + t.lost, 0),
    longest: Math.max(...tallies.map((t) => t.longest)),
    moved: firsts.length === 0 ? undefined : Math.max(...firsts) - at,
    mails: world.mails.length - mails,
    converged: converged && asWanted(report),
  }
}

/** For a terminal: one line an act, aligned. */
export function costTable(costs: readonly Cost[]): string {
  const rows = [
    ['', 'queries', 'longest', 'new host', ''],
    ['what happened', 'lost', 'outage, ms', 'after, ms', 'mails'],
    ...costs.map((c) => [
      c.what, String(c.lost), c.longest.toFixed(0),
      c.moved === undefined ? 'same host' : c.converged ? c.moved.toFixed(0) : 'never', String(c.mails),
    ]),
  ]
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  const aligned = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
  return rows.map((row) => row.map(aligned).join('  ')).join('\n')
}
