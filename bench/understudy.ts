/**
 * Understudy, with its embedded broker on a machine of its own: what an operator would run, told the same timers as
 * keepalived.
 */
import { Availability } from '../contract/events.ts'
import { topicOf } from '../contract/topics.ts'
import { monotonic, until } from '../lab/clock.ts'
import { openConsole, type Console } from '../lab/console.ts'
import { passFile, writeCluster, type Cluster as Written } from '../lab/cluster.ts'
import type { Lab } from '../lab/net.ts'
import { NAME } from '../lab/probe.ts'
import type { Running } from '../lab/process.ts'
import { HOSTS, SERVICE, type Contestant, type Setting } from './case.ts'

const GROUP = 'dns'
const FOLDER = 'understudy'

export const understudy: Contestant = {
  name: 'understudy',
  async start(lab, setting, order) {
    // Nothing of the round before: orders, sessions and outboxes would come back.
    const folder = `${FOLDER}-${monotonic().toFixed(0)}`
    const written = writeCluster(lab, folder, clusterText(lab, folder, setting, order))
    const broker = written.startBroker()
    const console = openConsole(lab, written)
    const daemons = new Map<string, Running>()
    const daemon = (name: string) => {
      const running = daemons.get(name)
      if (!running) throw new Error(`no daemon on ${name}`)
      return running
    }
    const stop = async () => {
      await Promise.all([...daemons.values()].map((d) => d.stop(5000)))
      await Promise.all([console.stop(), broker.stop()])
    }
    try {
      await console.ready()
      for (const host of lab.hosts) daemons.set(host.name, written.startDaemon(host))
      await allOnline(console, written, daemon)
    } catch (e) {
      await stop()
      throw e
    }
    return {
      daemon: (host) => daemon(host.name),
      restart: (host) => { daemons.set(host.name, written.startDaemon(host)) },
      signal: (host, name) => daemon(host.name).signal(name),
      reorder: async (next) => console.order(GROUP, next),
      stop,
    }
  },
}

/** An order that is published before a daemon has connected would only reach it then. */
async function allOnline(
  { documents }: Console, { topicRoot, file }: Written, daemon: (host: string) => Running,
): Promise<void> {
  const online = (host: string) =>
    Availability.safeParse(documents.get(topicOf(topicRoot, 'availability', { host }))).data?.status === 'online'
  const missing = () => HOSTS.filter((host) => !online(host))
  await until(() => missing().length === 0 || missing().some((host) => !daemon(host).alive), 30_000)
  if (missing().length > 0) throw new Error(`not online: ${missing().join(', ')}; see the logs beside ${file} (with --keep)`)
}

const clusterText = (lab: Lab, folder: string, { version, interval, pass, checked }: Setting, order: readonly string[]) => ({
  ...(pass === undefined ? {} : { pass }),
  groups: {
    [GROUP]: {
      hosts: [...order],
      checks: checked ? ['named'] : [],
      defaults: {
        interface: 'eth0', version, interval,
        ...(pass === undefined ? {} : { authentication: { pass: { file: passFile(lab, folder) } } }),
      },
      routers: { [SERVICE.router]: { vrid: SERVICE.vrid, addresses: [`${SERVICE.ipv4}/24`, `${SERVICE.ipv6}/64`] } },
    },
  },
  // keepalived asks once a second and takes one answer as the truth: the same here.
  checks: checked ? { named: { dns: { name: NAME, type: 'TXT' as const }, interval: 1, timeout: 1, rise: 1, fall: 1 } } : {},
})
