/**
 * `npm run bench:scale`: many virtual routers on two hosts, keepalived and Understudy in one run. Prints how long until all
 * are up, processor and memory of the active and the backup host, moves in quiet time, and the last takeover after a crash.
 */
import { parseArgs } from 'node:util'
import { monotonic, sleep, until } from '../lab/clock.ts'
import { createLab, type Lab, type Machine } from '../lab/net.ts'
import { haveNetworkRights } from '../lab/privilege.ts'
import { startSniffer, type Announcement } from '../lab/sniffer.ts'
import { chosen, note } from './choice.ts'
import { keepalived, routersOf, understudy, type Load, type Product } from './many.ts'
import { inWords, startNoise, type Noise } from './noise.ts'
import { cpuSeconds, residentKib } from './process-figures.ts'
import { save } from './results.ts'
import { median } from './statistics.ts'

const loads: readonly (Load & { readonly name: string })[] = [
  { name: '1', routers: 1, version: 2, interval: 1, links: 1 },
  { name: '200', routers: 200, version: 2, interval: 1, links: 1 },
  { name: '200-fast', routers: 200, version: 3, interval: 0.1, links: 1 },
  { name: '1000', routers: 1000, version: 2, interval: 1, links: 5 },
]
const products: readonly Product[] = [keepalived, understudy]
const HELP = `Usage: npm run bench:scale [-- OPTIONS]

Many virtual routers on two hosts in network namespaces of this machine: ${products.map((p) => p.name).join(' and ')}.

  --only NAME[,NAME]   numbers of routers (default: all): ${loads.map((l) => l.name).join(', ')}
  --with NAME[,NAME]   products (default: both)
  --seconds N          of quiet, in which processor time is counted (default 20)
  --rounds N           of each, the table has the medians (default 1)
  --help
`
const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, with: { type: 'string' }, help: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '1' },
} })

/** Of hosts, in the order active, backup. */
type Pair = readonly number[]
interface Figures {
  /** Milliseconds until the first host held all addresses and the second none; infinite if it never did. */
  readonly up: number
  readonly held: Pair
  /** Per cent of one processor. */
  readonly cpu: Pair
  readonly memoryMib: Pair
  /** Announcements of the second host while nothing happened: there should be none. */
  readonly moves: number
  /** Milliseconds from the crash of the first host to the second one's last first announcement, and how many there were. */
  readonly last: number
  readonly announced: number
  readonly noise: Noise
}

/** Milliseconds to wait for all to be up, and for all to be taken over. */
const UP = 60_000, OVER = 20_000
/**
 * Milliseconds from then on until nothing of the start goes on: the second burst of announcements comes five seconds after a
 * takeover, and Node collects once what a start leaves behind, after some ten.
 */
const SETTLED = 15_000

async function measure(lab: Lab, product: Product, load: Load): Promise<Figures> {
  const [first, second] = lab.hosts as [Machine, Machine]
  const wanted = new Set(routersOf(load).map((r) => r.address))
  const held = (host: Machine) => [...lab.output(host, ['ip', '-o', '-4', 'address']).matchAll(/inet ([\d.]+)/g)]
    .filter(([, address = '']) => wanted.has(address)).length
  const links = Array.from({ length: load.links }, (_, i) => `eth${i}`)
  const mine = new Set(links.map((link) => macOf(lab, second, link)))
  const sniffers = links.map((link) => startSniffer(lab, second, { link, adverts: false }))
  const announcedSince = (from: number): Announcement[] => sniffers.flatMap((s) =>
    s?.announcements.filter((a) => a.at >= from && mine.has(a.mac) && wanted.has(a.address)) ?? [])

  const began = monotonic(), daemons = product.start(lab, load)
  const pids = [first, second].map((host) => daemons.get(host.name)?.pid ?? 0)
  const settled = await until(() => held(first) === load.routers && held(second) === 0, UP, 100)
  const up = settled ? monotonic() - began : Number.POSITIVE_INFINITY
  await sleep(SETTLED)

  const quiet = Number(options.seconds) * 1000, from = monotonic()
  const used = pids.map(cpuSeconds), noise = startNoise()
  await sleep(quiet)
  const figures = {
    up, noise: noise(), held: [held(first), held(second)], moves: announcedSince(from).length,
    cpu: pids.map((pid, i) => ((cpuSeconds(pid) - (used[i] ?? 0)) / quiet) * 100_000),
    memoryMib: pids.map((pid) => residentKib(pid) / 1024),
  }
  const crashed = lab.crash(first)
  await until(() => held(second) === load.routers, OVER, 100)
  await sleep(1000) // what was captured is handed over in blocks
  const firsts = new Map<string, number>()
  for (const a of announcedSince(crashed)) if (!firsts.has(a.address)) firsts.set(a.address, a.at)
  return { ...figures, last: Math.max(...firsts.values()) - crashed, announced: firsts.size }
}

const macOf = (lab: Lab, host: Machine, link: string) => lab.output(host, ['cat', `/sys/class/net/${link}/address`]).trim()

/** More cables between the two hosts, for more than 255 routers. */
function moreLinks(lab: Lab, links: number): void {
  const [first, second] = lab.hosts as [Machine, Machine]
  for (let i = 1; i < links; i++) {
    lab.output(first, ['ip', 'link', 'add', `eth${i}`, 'type', 'veth', 'peer', 'name', `eth${i}`, 'netns', second.namespace])
    for (const [n, host] of lab.hosts.entries()) {
      lab.output(host, ['ip', 'address', 'add', `10.54.${i}.${n + 1}/24`, 'dev', `eth${i}`])
      lab.output(host, ['ip', 'link', 'set', `eth${i}`, 'up'])
    }
  }
}

async function play(product: Product, load: Load): Promise<Figures> {
  const lab = createLab(['first', 'second'])
  try {
    moreLinks(lab, load.links)
    return await measure(lab, product, load)
  } finally {
    lab.close()
  }
}

const COLUMNS = [
  'routers', '', 'rounds', 'all up after', 'held, active / backup', 'CPU, active / backup', 'memory, active / backup',
  'announced by the backup in quiet', 'last announced after a crash', 'noise: p99 / worst, ms',
]

/** Medians of each number by itself; the worst of the noise. */
function row(product: Product, load: Load, all: readonly Figures[]): string[] {
  const mid = (of: (f: Figures) => number | undefined) => median(all.map((f) => of(f) ?? Number.NaN))
  const pair = (of: (f: Figures) => Pair, show: (n: number) => string) =>
    [0, 1].map((i) => show(mid((f) => of(f)[i]))).join(' / ')
  const ms = (n: number) => (Number.isFinite(n) ? `${n.toFixed(0)} ms` : 'never')
  const noise = { p99: Math.max(...all.map((f) => f.noise.p99)), worst: Math.max(...all.map((f) => f.noise.worst)) }
  const links = load.links > 1 ? `, ${load.links} links` : ''
  return [
    `${load.routers} at ${load.interval} s (version ${load.version}${links})`, product.name, String(all.length),
    ms(mid((f) => f.up)), pair((f) => f.held, String), pair((f) => f.cpu, (n) => `${n.toFixed(2)} %`),
    pair((f) => f.memoryMib, (n) => `${n.toFixed(0)} MiB`), String(mid((f) => f.moves)),
    `${ms(mid((f) => f.last))} (${mid((f) => f.announced)})`, inWords(noise),
  ]
}

async function main(): Promise<void> {
  const played = chosen(loads, options.only)
  const rivals = chosen(products, options.with)
  await haveNetworkRights()
  const print = (cells: readonly string[]) => { process.stdout.write(`| ${cells.join(' | ')} |\n`) }
  print(COLUMNS)
  print(COLUMNS.map(() => '---'))
  const all: { load: string; product: string; rounds: readonly Figures[] }[] = []
  process.once('exit', () => {
    if (all.length > 0) process.stdout.write(`\nAll rounds: ${save('scale-', { options, all })}\n`)
  })
  for (const load of played) {
    const rounds = new Map(rivals.map((p) => [p, [] as Figures[]]))
    for (let round = 1; round <= Number(options.rounds); round++) {
      for (const [product, own] of rounds) {
        await play(product, load).then((f) => own.push(f), (e: Error) => note(`${load.name}, ${product.name}: ${e.message}`))
      }
    }
    for (const [product, own] of rounds) {
      all.push({ load: load.name, product: product.name, rounds: own })
      if (own.length > 0) print(row(product, load, own))
    }
  }
}

if (options.help) process.stdout.write(HELP)
else await main()
