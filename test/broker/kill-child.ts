/** The broker of kill.test.ts: a process of its own, so that it can be killed. Prints its port. */
import { brokerConfig } from './run.ts'
import { runBroker } from '../../broker/main.ts'

const running = await runBroker(brokerConfig(process.argv[2] ?? ''), { log: (_, text) => process.stderr.write(`${text}\n`) })
process.stdout.write(`${running.ports[0]}\n`)
