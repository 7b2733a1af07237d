/**
 * An operator's MQTT client, as a process on the `ops` machine, where the broker is.
 *
 *   node lab/observer.ts BROKER-URL USER PASSWORD-FILE TOPIC-ROOT
 *
 * Prints every message below the root as a line `{topic, payload, at}`, and `{connected: true | false}`. Publishes what
 * it is told in lines `{topic, payload}`, retained, and prints `{published: topic}` or `{refused: topic, why}`.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openLink } from '../link/mqtt.ts'
import { monotonic } from './clock.ts'

const [url = '', user = '', passwordFile = '', root = ''] = process.argv.slice(2)
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const link = openLink({
  brokers: [{ url, user, password: readFileSync(passwordFile, 'utf8').trim() }],
  clientId: `${user}-${process.pid}`,
  session: 'clean',
  subscriptions: [`${root}/#`],
  async receive({ topic, payload }) {
    print({ topic, payload: new TextDecoder().decode(payload), at: monotonic() })
  },
  connected: () => print({ connected: true }),
  disconnected: () => print({ connected: false }),
})

createInterface(process.stdin).on('line', (line) => {
  const { topic, payload } = JSON.parse(line) as { topic: string; payload: string }
  link.publish(topic, payload, { retained: true, qos: 1 }).then(
    () => print({ published: topic }),
    (e: unknown) => print({ refused: topic, why: e instanceof Error ? e.message : String(e) }))
}).on('close', () => process.exit(0))
