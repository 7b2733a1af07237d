/**
 * A process with a lab, which ends in the way its first argument names. Prints the prefix of its namespaces and the id of
 * a process in it.
 */
import { createLab } from '../../lab/net.ts'
import { haveNetworkRights } from '../../lab/privilege.ts'

await haveNetworkRights()
const lab = createLab(['one', 'two'])
const sleeper = lab.start(lab.client, ['sleep', '1000'])
lab.start(lab.host('one'), ['sh', '-c', 'sleep 1001 & sleep 1002']) // which has a child of its own
const prefix = lab.client.namespace.replace(/client$/, '')
process.stdout.write(`${JSON.stringify({ prefix, pid: sleeper.pid, addresses: lab.addresses(lab.client) })}\n`)

const endings: Record<string, () => unknown> = {
  closes: () => lab.close(),
  exits: () => process.exit(0),
  throws: () => { throw new Error('on purpose') },
  rejects: () => Promise.reject(new Error('on purpose')),
  waits: () => setTimeout(() => {}, 60_000),
}
await endings[process.argv[2] ?? 'closes']?.()
