/**
 * An Understudy and a keepalived in one virtual router, or in two, on two hosts. What can happen to them is in
 * `stories.ts`: the tests look at what must be so; `bench/interop.ts` prints what was measured.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Instant } from '../../contract/time.ts'
import { until } from '../../lab/clock.ts'
import { watchHolders, type Holders } from '../../lab/holders.ts'
import { createLab, type Lab, type Machine } from '../../lab/net.ts'
import type { Running } from '../../lab/process.ts'
import { createBroker, type Broker } from '../system/broker.ts'
import { groupOf, startDaemon, writeCluster, type Service } from '../system/cluster.ts'
import { forgetLog, keepalivedLog, startKeepalived } from './keepalived.ts'
import { addSecondLink, type Link } from './second-link.ts'
import { OURS, ownAddress, routersOf, THEIRS, type Setting, type Side } from './setting.ts'

export interface Encounter {
  readonly lab: Lab
  readonly holders: Holders
  /** The addresses the elections are about, one of each router. */
  readonly elected: readonly string[]
  /** All service addresses. */
  readonly addresses: readonly string[]
  readonly host: Record<Side, Machine>
  /** Of the first router, 0, or the second, 1. */
  link(n: number): Link
  /** Mosquitto; Understudy alone is connected to it. */
  readonly broker: Broker
  /** With all links but one, perhaps. Resolves when it takes part in the election. */
  start(side: Side, down?: number): Promise<void>
  /** The process of that side; absent until it was started. */
  daemon(side: Side): Service | Running
  /** Its host is dead: silent on all links, its processes are gone and what they had added. `start` brings it back. */
  crash(side: Side): Instant
  /** Does that, and resolves when the side has begun to take part since. */
  joins(side: Side, deed: () => void): Promise<void>
  /** Resolves when Understudy can hear orders. */
  connected(): Promise<void>
  /** Resolves when that side alone has held every address for `calm` ms, to when that began. */
  holds(side: Side, o?: { within?: number; calm?: number }): Promise<number>
  close(): void
}

export async function meet(setting: Setting): Promise<Encounter> {
  const lab = createLab([OURS, THEIRS])
  try {
    const holders = await watchHolders(lab) // it numbers the namespaces; a link between two of them would
    const links = [lab, ...(setting.together ? [addSecondLink(lab)] : [])]
    const host = { [OURS]: lab.host(OURS), [THEIRS]: lab.host(THEIRS) }
    const bare = (address: string) => address.split('/')[0] ?? ''
    const addresses = routersOf(setting).flatMap((r) => r.addresses.map(bare))
    const broker = createBroker(lab, 'mosquitto')
    await broker.start()
    const cluster = writeCluster(lab, { ...clusterFile(lab, setting), ...broker.settings })
    const running: { ours?: Service; theirs?: Running } = {}
    const joined = (side: Side) => (side === OURS
      ? running.ours?.lines.filter((line) => /^testdns0: initialize → backup/.test(line.msg))
      : keepalivedLog(lab).match(/\(testdns0\) Entering BACKUP STATE/g))?.length ?? 0
    const joins = async (side: Side, deed: () => void) => {
      const before = joined(side)
      deed()
      await until(() => joined(side) > before || !running[side]?.alive, 20_000)
      if (joined(side) > before) return
      const said = side === OURS ? readFileSync(path.join(lab.directory, `daemon-${OURS}.log`), 'utf8') : keepalivedLog(lab)
      throw new Error(`${side} does not take part: ${running.ours?.lines.at(-1)?.msg ?? ''}\n${said}`)
    }
    return {
      lab, holders, host, broker, addresses, joins,
      elected: routersOf(setting).map((r) => bare(r.addresses[0] ?? '')),
      link(n) {
        const link = links[n]
        if (!link) throw new Error(`this encounter has no link ${n}`)
        return link
      },
      async start(side, down) {
        for (const link of links) link.plug(host[side])
        if (down !== undefined) links[down]?.cut(host[side], 'carrier')
        if (side === OURS) delete running.ours // what another run has said does not count
        else forgetLog(lab)
        await joins(side, () => {
          if (side === OURS) running.ours = startDaemon(lab, host.ours, cluster)
          else running.theirs = startKeepalived(lab, host.theirs, host.ours, setting)
        })
      },
      daemon(side) {
        const daemon = running[side]
        if (!daemon) throw new Error(`${side} was not started`)
        return daemon
      },
      crash(side) {
        const others = links.slice(1)
        for (const link of others) link.cut(host[side])
        const at = lab.crash(host[side])
        for (const link of others) link.tidy(host[side])
        return at
      },
      async connected() { await running.ours?.said(/^connected$/) },
      async holds(side, o) { return Math.max(...await Promise.all(addresses.map((a) => holders.settled(a, [side], o)))) },
      close: () => lab.close(),
    }
  } catch (e) {
    lab.close()
    throw e
  }
}

function clusterFile(lab: Lab, setting: Setting): object {
  const { version, interval, pass, preempt, unicast, together } = setting
  const secret = path.join(lab.directory, 'pass')
  writeFileSync(secret, `${pass}\n`)
  const peers = Object.fromEntries(lab.hosts.map((h) => [h.name, ownAddress(h, setting.family)]))
  const options = {
    version, interval, ...(preempt === undefined ? {} : { preempt }),
    ...(pass === undefined ? {} : { authentication: { pass: { file: secret } } }),
    ...(unicast ? { unicast: { peers } } : {}),
  }
  const routers = Object.fromEntries(routersOf(setting).map(({ name, ...router }) => [name, router]))
  // The other host is a member, so that an order can put it first; it is not of our kind.
  const group = groupOf([OURS, THEIRS], options, { routers, ...(together ? { together } : {}) })
  return { cluster: 'test', groups: { dns: group } }
}
