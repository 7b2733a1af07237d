/** A lab with a cluster in it: what most tests begin with. */
import { watchHolders, type Holders } from '../../lab/holders.ts'
import { createLab, type Lab, type Machine } from '../../lab/net.ts'
import { SERVICE, startDaemon, writeCluster, type Service } from './cluster.ts'

export const [A, B, C] = ['a', 'b', 'c'] as const

export interface Stage {
  readonly lab: Lab
  readonly holders: Holders
  /** The cluster file. */
  readonly file: string
  readonly host: (name: string) => Machine
  /** The daemon that was last started there. */
  readonly daemon: (name: string) => Service
  /** Starts daemons: the first, and when it holds the addresses, the others. Resolves when all take part. */
  elect(...names: string[]): Promise<void>
  /** Starts one; resolves when it takes part. */
  start(name: string): Promise<Service>
  /** Resolves when that host alone has held both service addresses for `calm` ms. */
  holds(name: string, o?: { within?: number; calm?: number }): Promise<number>
  close(): void
}

/** `documentFor` writes the cluster file, once it is known where things are. */
type Document = (lab: Lab) => object | Promise<object>
export async function stageOf(hosts: readonly string[], documentFor: Document): Promise<Stage> {
  const lab = createLab(hosts)
  try {
    const holders = await watchHolders(lab)
    const file = writeCluster(lab, await documentFor(lab))
    const daemons = new Map<string, Service>()
    const stage: Stage = {
      lab, holders, file,
      host: (name) => lab.host(name),
      daemon(name) {
        const daemon = daemons.get(name)
        if (!daemon) throw new Error(`no daemon was started on ${name}`)
        return daemon
      },
      async elect(first = '', ...others) {
        await stage.start(first)
        await stage.holds(first)
        await Promise.all(others.map((name) => stage.start(name)))
      },
      async start(name) {
        const daemon = startDaemon(lab, lab.host(name), file)
        daemons.set(name, daemon)
        await daemon.said(/^testdns0: initialize/)
        return daemon
      },
      async holds(name, o) {
        const settled = [SERVICE.ipv4, SERVICE.ipv6].map((address) => holders.settled(address, [name], { calm: 200, ...o }))
        return Math.max(...await Promise.all(settled))
      },
      close: () => lab.close(),
    }
    return stage
  } catch (e) {
    lab.close()
    throw e
  }
}
