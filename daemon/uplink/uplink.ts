/** The election's side of the worker: posts messages and returns at once. */
import { Worker } from 'node:worker_threads'
import type { Downlink, Log, Uplink } from '../ports.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'

const CLOSE_MS = 3000

export function openUplink(setup: WorkerSetup, log: Log): Uplink {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(file, import.meta.url), { workerData: setup })
  let handle: (d: Downlink) => void = () => {}
  let closed: (() => void) | undefined
  const post = (m: ToWorker) => worker.postMessage(m)

  worker.on('message', (m: FromWorker) => {
    if (m.is === 'down') handle(m.down)
    else if (m.is === 'log') log[m.level](m.fields, m.text)
    else if (m.is === 'gap') handle({ is: 'gap', lost: m.lost })
    else closed?.()
  })
  worker.on('error', (error) => {
    log.error({ error: String(error) }, 'the link to MQTT has died; the election goes on without it')
    closed?.()
  })
  worker.on('exit', () => closed?.())

  return {
    tell: (event) => post({ is: 'event', event }),
    show: (shown) => post({ is: 'show', shown }),
    receive(f) {
      handle = f
    },
    keep: (f) => post({ is: 'keep', ...f }),
    async close() {
      await new Promise<void>((resolve) => {
        closed = resolve
        setTimeout(resolve, CLOSE_MS).unref()
        post({ is: 'close' })
      })
      await worker.terminate()
    },
  }
}

/** An uplink that can be opened anew, with another configuration, while everybody holds on to it. */
export function reopenable(open: () => Uplink): Uplink & { reopen(): Promise<void> } {
  let current: Uplink | undefined = open()
  let handle: (d: Downlink) => void = () => {}
  let meanwhile: ((u: Uplink) => void)[] = []
  const pass = (call: (u: Uplink) => void) => (current ? call(current) : void meanwhile.push(call))
  return {
    tell: (event) => pass((u) => u.tell(event)),
    show: (snapshot) => pass((u) => u.show(snapshot)),
    keep: (f) => pass((u) => u.keep(f)),
    receive(f) {
      handle = f
      current?.receive(f)
    },
    close: async () => current?.close(),
    // One after the other: both would use the same outbox and the same name at the broker.
    async reopen() {
      const old = current
      current = undefined
      await old?.close()
      current = open()
      current.receive(handle)
      for (const call of meanwhile) call(current)
      meanwhile = []
    },
  }
}
