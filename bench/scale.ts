/**
 * `npm run bench:scale`: many virtual routers on two hosts, keepalived and Understudy in one run. Prints how long until all
 * are up, processor and memory of the active and the backup host, moves in quiet time, and the last takeover after a crash.
 */
import { parseArgs } from 'node:util'
import { parseArp } from './arp.ts'
import { monotonic, sleep, until } from '../lab/clock.ts'
import { startCapture } from '../lab/capture.ts'
import { createLab, type Lab, type Machine } from '../lab/net.ts'
import { haveNetworkRights } from '../lab/privilege.ts'
import { program } from '../lab/program.ts'
import { keepalived, routersOf, understudy, type Load, type Product } from './many.ts'
import { cpuSeconds, residentKib } from './process-figures.ts'

const LOADS: Readonly<Record<string, Load>> = {
  '1': { routers: 1, version: 2, interval: 1, links: 1 },
  '200': { routers: 200, version: 2, interval: 1, links: 1 },
  '200-fast': { routers: 200, version: 3, interval: 0.1, links: 1 },
  '1000': { routers: 1000, version: 2, interval: 1, links: 5 },
}
const { values: options } = parseArgs({ options: {
  only: { type: 'string', default: '1,200,200-fast,1000' }, with: { type: 'string', default: 'keepalived,understudy' }, seconds: { type: 'string', default: '20' },
} })

interface Figures { readonly up: number; readonly held: readonly number[]; readonly cpu: readonly number[]; readonly memory: readonly number[]; readonly moves: number; readonly last: number; readonly announced: number }

async function measure(lab: Lab, product: Product, load: Load): Promise<Figures> {
  const [first, second] = lab.hosts as [Machine, Machine]
  const wanted = new Set(routersOf(load).map((r) => r.address))
  const held = (host: Machine) => (lab.output(host, ['ip', '-o', '-4', 'address']).match(/10\.53\.1\d\d\.\d+/g) ?? []).filter((a) => wanted.has(a)).length
  const firsts = new Map<string, number>()
  let from = Number.POSITIVE_INFINITY, moves = 0
  const rival = lab.mac(second)
  watchers.push((address, mac, at) => {
    if (!wanted.has(address) || mac !== rival) return
    moves++
    if (at >= from && !firsts.has(address)) firsts.set(address, at)
  })

  const began = monotonic()
  const daemons = product.start(lab, load)
  const pid = (host: Machine) => daemons.get(host.name)?.pid ?? 0
  const settled = () => held(first) === load.routers && held(second) === 0
  await until(settled, 60_000)
  const up = monotonic() - began
  await sleep(6000) // the second round of announcements is over
  moves = 0
  const quiet = Number(options.seconds)
  const before = [first, second].map((h) => cpuSeconds(pid(h)))
  await sleep(quiet * 1000)
  const cpu = [first, second].map((h, i) => ((cpuSeconds(pid(h)) - (before[i] ?? 0)) / quiet) * 100)
  const memory = [first, second].map((h) => residentKib(pid(h)))
  const figures = { up, held: [held(first), held(second)], cpu, memory, moves }
  from = lab.crash(first)
  await until(() => held(second) === load.routers, 20_000)
  await sleep(500)
  for (const d of daemons.values()) await d.stop()
  watchers.pop()
  lab.plug(first)
  for (const host of lab.hosts) for (const r of new Set(routersOf(load).map((x) => x.interface))) lab.output(host, ['sh', '-c', `ip -o -4 address show dev ${r} | grep -o '10\\.53\\.1[0-9][0-9]\\.[0-9]*/32' | while read a; do ip address del $a dev ${r}; done; true`])
  return { ...figures, last: Math.max(...firsts.values()) - from, announced: firsts.size }
}

const watchers: ((address: string, mac: string, at: number) => void)[] = []

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

async function main(): Promise<void> {
  await haveNetworkRights()
  const products = [keepalived, understudy].filter((p) => options.with.split(',').includes(p.name) && (p !== keepalived || program('keepalived')))
  const percent = (n: number) => `${n.toFixed(1)} %`, ms = (n: number) => (Number.isFinite(n) ? `${Math.round(n)} ms` : '–'), mib = (k: number) => `${(k / 1024).toFixed(0)} MiB`
  process.stdout.write('| routers | | all up after | held, active / backup | CPU, active / backup | memory, active / backup | moves in quiet | last announced after a crash |\n|---|---|---|---|---|---|---|---|\n')
  for (const name of options.only.split(',')) {
    const load = LOADS[name]
    if (!load) continue
    for (const product of products) {
      const lab = createLab(['first', 'second'])
      try {
        moreLinks(lab, load.links)
        startCapture(lab, lab.hosts[1] as Machine, 'arp', (frame, at) => {
          const arp = parseArp(frame)
          if (arp) for (const w of watchers) w(arp.address, arp.mac, at)
        })
        const f = await measure(lab, product, load)
        process.stdout.write(`| ${load.routers} at ${load.interval} s (v${load.version}${load.links > 1 ? `, ${load.links} links` : ''}) | ${product.name} | ${ms(f.up)} | ${f.held.join(' / ')} | ${f.cpu.map(percent).join(' / ')} | ${f.memory.map(mib).join(' / ')} | ${f.moves} | ${ms(f.last)} (${f.announced}) |\n`)
      } finally {
        lab.close()
      }
    }
  }
}

await main()
