/** The handlers as a process of their own, a real broker, and a daemon that repeats its events until they are confirmed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Receipt, type Event } from '../../contract/events.ts'
import { openLink } from '../../link/mqtt.ts'
import { brokerConfig, startBroker } from '../broker/run.ts'

export async function stage(folder: string, handlers: object) {
  const broker = await startBroker(brokerConfig(folder))
  const url = `mqtt://127.0.0.1:${broker.ports[0]}`
  writeFileSync(join(folder, 'cluster.yaml'), JSON.stringify({ cluster: 'cam', brokers: [url], groups: {}, handlers }))
  let child: ChildProcess | undefined
  const said: string[] = []
  const start = () => {
    child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'child.ts'), join(folder, 'cluster.yaml'), join(folder, 'state')],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text))
  }
  const ended = (dying: ChildProcess | undefined) =>
    new Promise<number | null>((resolve) => {
      if (!dying || dying.exitCode !== null || dying.signalCode !== null) resolve(dying?.exitCode ?? null)
      else dying.once('close', resolve)
    })
  /** Resolves with the exit code once the process is gone. Without a signal, when it goes by itself. */
  const end = (signal?: NodeJS.Signals) => {
    const gone = ended(child)
    if (signal) child?.kill(signal)
    return gone
  }
  start()
  return {
    url,
    said: () => said.join(''),
    start,
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await broker.close()
    },
  }
}

/** Sends what has no receipt, again and again, as the outbox of a daemon does. */
export function daemon(url: string, handler: string) {
  const pending = new Map<string, Event>()
  const link = openLink({
    brokers: [{ url }],
    clientId: 'daemon-dns1',
    session: 'clean',
    subscriptions: [`understudy/cam/receipt/${handler}/dns1`],
    async receive({ payload }) {
      for (const { bootId, upTo, missing } of Receipt.parse(JSON.parse(Buffer.from(payload).toString())).boots) {
        for (const e of pending.values())
          if (e.bootid === bootId && e.sequence <= upTo && !missing.includes(e.sequence)) pending.delete(e.id)
      }
    },
  })
  const send = (e: Event) =>
    link.publish('understudy/cam/host/dns1/event', JSON.stringify(e), { retained: false, qos: 1 }).catch(() => {})
  const again = setInterval(() => {
    for (const e of pending.values()) void send(e)
  }, 400)
  return {
    pending,
    tell(event: Event) {
      pending.set(event.id, event)
      return send(event)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(again)
      await link.close()
    },
  }
}
