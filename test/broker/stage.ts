/** What tests of a running broker share: brokers and clients that are stopped when the test is over, also when it failed. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach } from 'vitest'
import { brokerConfig, startBroker, temporaryDirectory, type LoggedBroker } from './run.ts'

const cleanups: (() => unknown)[] = []
export const later = (cleanup: () => unknown): void => { cleanups.push(cleanup) }
afterEach(async () => { for (const cleanup of cleanups.splice(0).toReversed()) await cleanup() })

export function directory(): string {
  const d = temporaryDirectory()
  later(d.remove)
  return d.path
}

export async function broker(path = directory(), settings?: string, listen?: string): Promise<LoggedBroker> {
  const running = await startBroker(brokerConfig(path, settings, listen))
  later(() => running.close())
  return running
}

export type NotingClient = MqttClient & { readonly heard: string[] }

/** A bare client, which notes what it hears as `topic=text`, with `*` for retained. */
export async function client(b: LoggedBroker, clientId: string, o: IClientOptions = {}): Promise<NotingClient> {
  const c = await connectAsync(b.urls[0] ?? '', { clientId, reconnectPeriod: 0, resubscribe: false, ...o }, false)
  const heard: string[] = []
  c.on('message', (topic, payload, packet) => { heard.push(`${topic}=${String(payload)}${packet.retain ? '*' : ''}`) })
  c.on('error', () => {})
  later(() => c.end(true))
  return Object.assign(c, { heard })
}
