import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { configOption, load } from './cluster.ts'
import { handlerEntries } from '../contract/config.ts'
import { openLog } from './log.ts'
import { levelOption, logOption } from './log-options.ts'
import * as rooms from './rooms.ts'
import { EXIT, help, unknown, type Terminal } from './terminal.ts'

export const handlers = (t: Terminal, exit: (code: number) => void) => new Command('handlers')
  .description('Run the event handlers that the cluster file names: all of them, or one.')
  .argument('[name]', 'the only handler to run')
  .addOption(configOption())
  .option('--state <dir>', 'directory for the inboxes; default: as the file says')
  .addOption(logOption()).addOption(levelOption())
  .addHelpText('after', help('understudy handlers email --config /etc/understudy/cluster.yaml', '0 after a clean stop, 3 if it cannot start'))
  .action(async (name: string | undefined, o: { config: string; state?: string; log?: string; logLevel?: string }) => {
    const config = load(o.config, t)
    const known = handlerEntries(config.handlers).map(([handler]) => handler)
    if (name !== undefined && !known.includes(name)) throw unknown('handler', name, known)
    const { runHandlers } = await rooms.handlers()
    await runHandlers(config, {
      ...(name === undefined ? {} : { only: name }), stateDir: o.state ?? config.state, folder: dirname(resolve(o.config)),
      log: await openLog(o, t), signal: t.stop,
    })
    exit(EXIT.ok)
  })
