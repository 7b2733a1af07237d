/**
 * `npm run bench:jitter`: how regularly the active host advertises, by a capture on another host: keepalived and Understudy
 * in one run, idle and with every processor busy; and Understudy while MQTT gets out of hand. Advertisements of the backup
 * host are false takeovers: the active one was too late.
 */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { monotonic, sleep, until } from '../lab/clock.ts'
import { writeCluster, type Cluster } from '../lab/cluster.ts'
import { createLab, type Lab, type Machine } from '../lab/net.ts'
import { haveNetworkRights } from '../lab/privilege.ts'
import { root } from '../lab/program.ts'
import { startSniffer, type Sniffer } from '../lab/sniffer.ts'
import { chosen, note } from './choice.ts'
import { groupOf, keepalived, realtimeOf, understudy, type Load, type Product, type Scheduling } from './many.ts'
import { inWords, startNoise, type Noise } from './noise.ts'
import { machine, save } from './results.ts'
import { ratio, regularity, type Regularity } from './statistics.ts'

interface Trial {
  readonly name: string
  readonly title: string
  /** Seconds. */
  readonly interval: number
  readonly kind: 'idle' | 'busy' | 'storm'
}
const trials: readonly Trial[] = [0.1, 0.01].flatMap((interval): Trial[] => [
  { name: `idle-${interval}`, title: `${interval} s, idle`, interval, kind: 'idle' },
  { name: `busy-${interval}`, title: `${interval} s, every processor busy`, interval, kind: 'busy' },
  { name: `storm-${interval}`, title: `${interval} s`, interval, kind: 'storm' },
])
const products: readonly Product[] = [keepalived, understudy]
const schedulings = (Object.keys(realtimeOf) as Scheduling[]).map((name) => ({ name }))
const HELP = `Usage: npm run bench:jitter [-- OPTIONS]

Regularity of advertisements on two hosts in network namespaces of this machine.

  --only NAME[,NAME]   trials (default: all; a storm is of MQTT and for understudy alone):
                       ${trials.map((t) => t.name).join(', ')}
  --with NAME[,NAME]   products (default: both): ${products.map((p) => p.name).join(', ')}
  --seconds N          of each measurement (default 30)
  --rounds N           of a storm (default 3): the quiet and each kind of storm in turn, and of each the round in the middle
  --scheduling NAME[,NAME]
                       default (as each does by itself, which is the default), ordinary (both as ordinary programs),
                       realtime (both with real-time priority)
  --help
`
const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, with: { type: 'string' }, seconds: { type: 'string', default: '30' },
  rounds: { type: 'string', default: '3' }, scheduling: { type: 'string', default: 'default' },
  help: { type: 'boolean', default: false },
} })

interface Figures extends Regularity {
  readonly trial: string
  readonly product: string
  readonly scheduling: Scheduling
  /** Of a storm; and the least and the largest p99 of all its rounds. */
  readonly load?: string
  readonly range?: readonly [number, number]
  /** Advertisements of other hosts. */
  readonly others: number
  readonly noise: Noise
}

const HOSTS = ['first', 'second']
/** Milliseconds in which the first host alone has advertised, and within which that must come to be. */
const CALM = 1000, SETTLED = 30_000
/** Milliseconds after which what programs do once, at their start, is over. */
const WARM = 6000
/** Milliseconds after which what was captured has been handed over. */
const HANDED_OVER = 1000

async function settle(sniffer: Sniffer, mac: string): Promise<void> {
  const calm = () => {
    const now = monotonic(), recent = sniffer.advertisements.filter((a) => a.at > now - CALM)
    return recent.length > 0 && recent.every((a) => a.mac === mac)
  }
  await sleep(2 * CALM)
  if (!await until(calm, SETTLED, 100)) throw new Error(`did not settle within ${SETTLED / 1000} s`)
  await sleep(WARM)
}

async function listen(sniffer: Sniffer, mac: string, interval: number) {
  sniffer.forget()
  const from = monotonic(), noise = startNoise()
  await sleep(Number(options.seconds) * 1000)
  const to = monotonic(), quiet = noise()
  await sleep(HANDED_OVER)
  const heard = sniffer.advertisements.filter((a) => a.at >= from && a.at < to)
  const own = heard.filter((a) => a.mac === mac)
  return { ...regularity(own.map((a) => a.at), interval * 1000), others: heard.length - own.length, noise: quiet }
}

/** Calls `use` with two hosts and a sniffer on a third machine, and ends everything afterwards. */
async function inLab(use: (lab: Lab, active: Machine, sniffer: Sniffer) => Promise<void>): Promise<void> {
  const lab = createLab(HOSTS)
  try {
    const sniffer = startSniffer(lab, lab.ops)
    if (!sniffer) throw new Error('dumpcap is not installed')
    await use(lab, lab.host('first'), sniffer)
  } finally {
    lab.close()
  }
}

const loadOf = ({ interval }: Trial): Load => ({ routers: 1, version: 3, interval, links: 1 })

async function steady(trial: Trial, product: Product, scheduling: Scheduling, tell: (f: Figures) => void): Promise<void> {
  await inLab(async (lab, active, sniffer) => {
    product.start(lab, loadOf(trial), scheduling)
    const mac = lab.mac(active)
    await settle(sniffer, mac)
    // They end by themselves, whatever happens here.
    const busy = ['timeout', String(Number(options.seconds) + 5), 'sh', '-c', 'while :; do :; done']
    if (trial.kind === 'busy') for (const _ of os.cpus()) lab.start(lab.client, busy)
    tell({ ...await listen(sniffer, mac, trial.interval), trial: trial.name, product: product.name, scheduling })
  })
}

async function storm(trial: Trial, scheduling: Scheduling, tell: (f: Figures) => void): Promise<void> {
  await inLab(async (lab, active, sniffer) => {
    const text = { groups: { g: groupOf(lab, loadOf(trial)) }, ...realtimeOf[scheduling] }
    const cluster = writeCluster(lab, 'storm', text), mac = lab.mac(active)
    const broker = cluster.startBroker()
    for (const host of lab.hosts) cluster.startDaemon(host)
    await settle(sniffer, mac)
    const seen: { readonly kind: string; readonly figures: Figures }[] = []
    const phase = async (kind: string, done = () => '') => {
      const f = await listen(sniffer, mac, trial.interval)
      seen.push({ kind, figures: { ...f, trial: trial.name, product: 'understudy', scheduling, load: `${kind}${done()}` } })
    }
    for (let round = 0; round < Number(options.rounds); round++) {
      await phase('quiet')
      for (const [mode, rate] of [['orders', 1000], ['clients that reconnect', 50]] as const) {
        const wind = await startStorm(lab, cluster, mode, rate)
        await phase(`${rate} ${mode} a second`, () => ` (${wind.rate()} done)`)
        await wind.stop()
      }
      broker.signal('SIGSTOP')
      await phase('the broker hangs')
      broker.signal('SIGCONT')
      await sleep(WARM)
    }
    for (const rounds of Map.groupBy(seen, ({ kind }) => kind).values()) {
      const sorted = rounds.map(({ figures }) => figures).sort((x, y) => x.p99 - y.p99)
      const [least, middle, most] = [0, 0.5, 1].map((share) => sorted[Math.floor(share * (sorted.length - 1))])
      if (least && middle && most) tell({ ...middle, range: [least.p99, most.p99] })
    }
  })
}

/** Resolves when it blows. */
async function startStorm(lab: Lab, { broker, operator, topicRoot }: Cluster, mode: string, rate: number) {
  let done = 0
  const words = [mode, String(rate), broker, operator.user, operator.passwordFile, topicRoot, 'g', ...HOSTS]
  const running = lab.start(lab.ops, [process.execPath, `${root}/bench/storm.ts`, ...words], {
    log: `${lab.directory}/storm.log`, onLine: (line) => { done = (JSON.parse(line) as { done: number }).done },
  })
  if (!await until(() => done > 0, SETTLED)) throw new Error('no broker for the storm')
  const from = monotonic(), before = done
  return { rate: () => (((done - before) * 1000) / (monotonic() - from)).toFixed(0), stop: () => running.stop() }
}

const us = (ms: number) => (ms * 1000).toFixed(0)
const COLUMNS = [
  'interval', 'product', 'mean, ms', 'standard deviation, µs', 'p99 deviation, µs', 'worst lateness, ms', 'ratio of p99',
  'false takeovers', 'advertisements', 'noise: p99 / worst, ms',
]

/** The ratio is to keepalived in the same trial; of a storm, to the quiet beside it. */
function row(f: Figures, reference: Figures | undefined, title: string): string[] {
  const share = reference && (f.load === undefined ? ratio(reference.p99, f.p99) : ratio(f.p99, reference.p99))
  const range = f.range === undefined ? '' : ` (${f.range.map(us).join('–')})`
  return [
    `${title}${f.load === undefined ? '' : `, ${f.load}`}`, `${f.product}${f.scheduling === 'default' ? '' : `, ${f.scheduling}`}`,
    f.mean.toFixed(3), us(f.sd), `${us(f.p99)}${range}`, f.late.toFixed(1),
    share === undefined ? '' : `${share.toFixed(1)}×`,
    String(f.others), String(f.n + 1), inWords(f.noise),
  ]
}

async function main(): Promise<void> {
  const played = chosen(trials, options.only)
  const rivals = chosen(products, options.with)
  const wanted = chosen(schedulings, options.scheduling)
  await haveNetworkRights()
  const print = (cells: readonly string[]) => { process.stdout.write(`| ${cells.join(' | ')} |\n`) }
  const { cpu, cpus, kernel, node } = machine()
  process.stdout.write(`${options.seconds} s each, one run, of storms the middle one of ${options.rounds}; ` +
    `${cpu}, ${cpus} processors, Linux ${kernel}, Node ${node}\n\n`)
  print(COLUMNS)
  print(COLUMNS.map(() => '---'))
  const all: Figures[] = []
  process.once('exit', () => {
    if (all.length > 0) process.stdout.write(`\nAll figures: ${save('jitter-', { options, all })}\n`)
  })
  for (const trial of played) {
    for (const { name: scheduling } of wanted) {
      const tell = (f: Figures) => {
        print(row(f, all.find((a) => a.trial === f.trial && a.scheduling === scheduling), trial.title))
        all.push(f)
      }
      const failed = (who: string) => (e: Error) => note(`${trial.name}, ${who}: ${e.message}`)
      if (trial.kind !== 'storm') {
        for (const p of rivals) await steady(trial, p, scheduling, tell).catch(failed(p.name))
      } else if (rivals.includes(understudy)) await storm(trial, scheduling, tell).catch(failed('understudy'))
    }
  }
}

if (options.help) process.stdout.write(HELP)
else await main()
