/** One command, `understudy`, and its subcommands. */
import { Command, CommanderError } from 'commander'
import { VERSION } from '../contract/version.ts'
import { account } from './account.ts'
import { audit } from './audit.ts'
import { broker } from './broker.ts'
import { checkConfig } from './check-config.ts'
import { daemon } from './daemon.ts'
import { handlers } from './handlers.ts'
import { maintenance } from './maintenance.ts'
import { mosquitto } from './mosquitto.ts'
import { order } from './order.ts'
import { schema } from './schema.ts'
import { status } from './status.ts'
import { EXIT, help, Refusal, type Terminal } from './terminal.ts'
import { why } from './why.ts'

/** Columns of `--help`, the same everywhere, because the reference page shows it. */
const WIDTH = 100

const PARTS = [daemon, broker, handlers, status, why, order, maintenance, checkConfig, schema, account, audit, mosquitto]

export function program(t: Terminal, exit: (code: number) => void): Command {
  const root = new Command('understudy')
    .description('Service addresses that move to another host when theirs fails: VRRP, DNS checks, events over MQTT.')
    .version(VERSION)
    .addHelpText('after', help('understudy status --config /etc/understudy/cluster.yaml', '0 ok, 1 a problem was found, 2 wrong usage, 3 cannot start'))
  for (const part of PARTS) root.addCommand(part(t, exit))
  for (const command of family(root)) {
    command.exitOverride().showHelpAfterError('(--help says more)')
    command.helpOption('-h, --help', 'show this help').helpCommand(false)
    command.configureOutput({
      writeOut: (text) => t.out(text.trimEnd()), writeErr: (text) => t.err(text.trimEnd()),
      getOutHelpWidth: () => WIDTH, getErrHelpWidth: () => WIDTH,
    })
  }
  return root
}

export const family = (c: Command): Command[] => [c, ...c.commands.flatMap(family)]

/** Runs one command; the answer is its exit code. */
export async function run(argv: readonly string[], t: Terminal): Promise<number> {
  let code: number = EXIT.ok
  try {
    await program(t, (c) => { code = c }).parseAsync([...argv], { from: 'user' })
    return code
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? EXIT.ok : EXIT.usage
    t.err(e instanceof Error ? e.message : String(e))
    return e instanceof Refusal ? e.code : EXIT.cannotStart
  }
}
