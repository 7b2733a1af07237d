import { Command } from 'commander'
import { configOption, load, thisHost } from './cluster.ts'
import { levelOption, logOption, openLog } from './log.ts'
import { rooms } from './rooms.ts'
import { help, type Terminal } from './terminal.ts'

export const daemon = (t: Terminal, exit: (code: number) => void) => new Command('daemon')
  .description('Take part in the election and hold service addresses. Needs CAP_NET_ADMIN and CAP_NET_RAW.')
  .addOption(configOption())
  .option('--host <name>', 'which host of the file this is; default: the host name up to the first dot')
  .option('--state <dir>', 'directory for what must last; default: as the file says')
  .option('--record <file>', 'write every input of the election there, as JSON lines that can be replayed')
  .addOption(logOption()).addOption(levelOption())
  .addHelpText('after', help('understudy daemon --config /etc/understudy/cluster.yaml --host dns1', '0 after a clean stop, 3 if it cannot start'))
  .action(async (o: { config: string; host?: string; state?: string; record?: string; log?: string; logLevel?: string }) => {
    const config = load(o.config, t)
    const host = thisHost(config, o.host, t)
    const { runDaemon } = await rooms.daemon()
    exit(await runDaemon({
      config, configFile: o.config, host, stateDir: o.state ?? config.state, recordFile: o.record, log: openLog(o, t),
    }))
  })
