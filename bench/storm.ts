/**
 * Too much MQTT, as a process of its own:
 *
 *   node bench/storm.ts WHAT RATE BROKER-URL USER PASSWORD-FILE TOPIC-ROOT GROUP FIRST SECOND
 *
 * WHAT is `orders`: so many orders a second, every other one invalid; the valid ones alternate between two that change
 * nothing for the first host. Or anything else: so many connections a second that are closed as soon as they stand. Prints
 * `{done}` each second: how many the broker has acknowledged, or accepted, so far. Ends with its standard input.
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { topicOf } from '../contract/topics.ts'
import { monotonic } from '../lab/clock.ts'
import { openLink, type MqttLinkOptions } from '../link/mqtt.ts'

const [what, rate = '', url = '', user = '', passwordFile = '', root = '', group = '', first = '', second = ''] =
  process.argv.slice(2)
/** A broker that does not keep up is not given more than this at a time. */
const WAITING = 5000

const common = {
  brokers: [{ url, user, password: readFileSync(passwordFile, 'utf8').trim() }],
  session: 'clean', subscriptions: [], receive: async () => {},
} satisfies Partial<MqttLinkOptions>
const orders = [`${first}\n${second}`, 'nobody-we-know', `${first}\n#${second}`, 'nobody-we-know']
let begun = 0, done = 0, failed = 0

function order(): void {
  const payload = orders[begun % orders.length] ?? ''
  steady.publish(topicOf(root, 'order', { group }), payload, { retained: true, qos: 1 })
    .then(() => { done++ }, () => { failed++ })
}

function client(): void {
  const link = openLink({ ...common, clientId: `${user}-${process.pid}-${begun}`, connected() {
    done++
    void link.close().catch(() => {})
  } })
}

const steady = openLink({ ...common, clientId: `${user}-${process.pid}`, connected: begin })
let going = false
function begin(): void {
  if (going) return
  going = true
  const start = monotonic()
  setInterval(() => {
    const due = ((monotonic() - start) * Number(rate)) / 1000
    for (; begun < due; begun++) if (begun - done - failed < WAITING) what === 'orders' ? order() : client()
  }, 1)
  setInterval(() => process.stdout.write(`${JSON.stringify({ done })}\n`), 1000)
}
createInterface(process.stdin).on('close', () => process.exit(0))
