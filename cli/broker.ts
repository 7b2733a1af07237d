import { Command } from 'commander'
import { configOption, load } from './cluster.ts'
import { openLog } from './log.ts'
import { levelOption, logOption } from './log-options.ts'
import * as rooms from './rooms.ts'
import { EXIT, help, stopped, type Terminal } from './terminal.ts'

export const broker = (t: Terminal, exit: (code: number) => void) => new Command('broker')
  .description('Run the embedded MQTT broker, as the block broker of the cluster file says.')
  .addOption(configOption()).addOption(logOption()).addOption(levelOption())
  .addHelpText('after', help('understudy broker --config /etc/understudy/cluster.yaml', '0 after a clean stop, 3 if it cannot start'))
  .action(async (o: { config: string; log?: string; logLevel?: string }) => {
    const config = load(o.config, t)
    const log = await openLog(o, t)
    const { runBroker } = await rooms.broker()
    const running = await runBroker(config, { log: (level, text) => log[level](text), signal: t.stop })
    log.info({ urls: running.urls }, `listening on ${running.urls.join(', ')}`)
    await stopped(t.stop)
    await running.close()
    exit(EXIT.ok)
  })
