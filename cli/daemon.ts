import { Command } from 'commander'
import type { Config } from '../contract/config.ts'
import { configOption, hostsOf, load, thisHost } from './cluster.ts'
import { levelOption, logOption } from './log-options.ts'
import * as rooms from './rooms.ts'
import type { Reading } from './rooms.ts'
import { fileKnows, help, READER, Refusal, type Terminal } from './terminal.ts'

/** Only reads: the daemon itself is the process that asked for it (`resident.ts`). */
export const daemon = (t: Terminal) => new Command('daemon')
  .description('Take part in the election and hold service addresses. Needs CAP_NET_ADMIN and CAP_NET_RAW.')
  .addOption(configOption())
  .option('--host <name>', 'which host of the file this is; default: the host name up to the first dot')
  .option('--state <dir>', 'directory for what must last; default: as the file says')
  .option('--record <file>', 'write every input of the election there, as JSON lines that can be replayed')
  .addOption(logOption()).addOption(levelOption())
  .addHelpText('after', help('understudy daemon --config /etc/understudy/cluster.yaml --host dns1', '0 after a clean stop, 3 if it cannot start'))
  .action(async (o: { config: string; host?: string; state?: string; record?: string; log?: string; logLevel?: string }) => {
    try {
      t.handOver({ is: 'read', reading: await read(o, t), style: { log: o.log, logLevel: o.logLevel } })
    } catch (e) {
      if (e instanceof Refusal) t.handOver({ is: 'refused', problems: e.problems })
      throw e
    }
  })

/** The host as which the daemon runs, at a reload. */
function stillThere(config: Config, t: Terminal): string | undefined {
  const host = t.env[READER] ?? '', known = hostsOf(config)
  if (host === '') return undefined
  if (known.includes(host)) return host
  throw new Refusal(`no group has ${host} any more, and the daemon runs as ${host}: stop it if the host is to leave; ${fileKnows(known)}`)
}

async function read(o: { config: string; host?: string; state?: string; record?: string }, t: Terminal): Promise<Reading> {
  const config = load(o.config, t)
  const host = stillThere(config, t) ?? thisHost(config, o.host, t), stateDir = o.state ?? config.state
  const { loadOrder } = await rooms.orders()
  const complaints: string[] = []
  const orders = new Map(config.groups.filter((g) => g.hosts.includes(host)).flatMap((g) => {
    const order = loadOrder(stateDir, g.name, g.hosts, (why) => complaints.push(why))
    return order ? [[g.name, order] as const] : []
  }))
  return { config, host, stateDir, recordFile: o.record, orders, complaints }
}
