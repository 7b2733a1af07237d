/**
 * `npm start`: the whole cluster on this machine, to look at and to break. Nothing outside its network namespaces is
 * touched.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { live } from './live.ts'
import { createLab } from './net.ts'
import { haveNetworkRights } from './privilege.ts'
import { costTable, tour } from './tour.ts'
import { createWorld, HOSTS } from './world.ts'

const HELP = `Usage: npm start [-- OPTIONS]

Four name servers with failover, a broker, a mailbox, and a client that asks each service address 1,000 questions
a second, all in network namespaces of this machine. On a terminal: a live table, and keys that break things.

  --tour      break everything once, print what each act cost in lost queries and time, and end;
              this is what happens without a terminal, too
  --keep      leave configurations and logs in the folder that is printed
  --help

NO_COLOR=1 turns colours off. Exit: 0, or 1 when an act did not have its effect, or 77 when networks may not be made.
`

async function main(): Promise<void> {
  const { values: options } = parseArgs({ options: {
    tour: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } })
  if (options.help) return void process.stdout.write(HELP)
  await haveNetworkRights()

  const lab = createLab(HOSTS, { keepFiles: options.keep })
  try {
    if (options.keep) process.stderr.write(`Files: ${lab.directory}\n`)
    const world = await createWorld(lab, (what) => process.stderr.write(`Starting ${what}.\n`))
    const interactive = process.stdout.isTTY && process.stdin.isTTY && !options.tour
    if (interactive) await live(world, !process.env.NO_COLOR)
    else {
      const costs = await tour(world, ({ what, converged }) =>
        process.stderr.write(`${what}: ${converged ? 'as it should' : 'NOT as it should'}\n`))
      process.stdout.write(`\n${costTable(costs)}\n`)
      if (costs.some((c) => !c.converged)) process.exitCode = 1
    }
  } finally {
    lab.close()
  }
}

await main()
