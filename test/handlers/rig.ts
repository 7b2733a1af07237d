/** One handler with everything around it replaced: a link that is a list, a clock that jumps, an inbox on a real disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { DeadLetter, Receipt, type Event } from '../../contract/events.ts'
import type { Ms } from '../../contract/time.ts'
import type { Clock } from '../../handlers/clock.ts'
import { defineHandler, done, type Handler, type Log, type Outcome } from '../../handlers/handler.ts'
import { Inbox } from '../../handlers/inbox.ts'
import { startRunner, type RunnerOptions } from '../../handlers/runner.ts'
import type { LinkOptions } from '../../link/link.ts'
import { START } from './samples.ts'

export const ROOT = 'understudy/cam'

/** Jumps from timer to timer. Between two, whatever can run without time passing has run. */
export class JumpingClock implements Clock {
  #now = START
  readonly #timers = new Set<{ at: number; wake: () => void }>()
  now() {
    return this.#now
  }
  after(delay: Ms, wake: () => void) {
    const timer = { at: this.#now + Math.max(0, delay), wake }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }
  /** The wall clock; timers are of the monotonic one. */
  setBack(by: number) {
    this.#now -= by
    for (const timer of this.#timers) timer.at -= by
  }
  async pass(delay: number) {
    const end = this.#now + delay
    for (;;) {
      await settled()
      const next = [...this.#timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = end
  }
}

export async function settled() {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

export interface Published {
  readonly topic: string
  readonly body: unknown
}

/** What the broker does to the runner and gets from it. */
export class FakeBroker {
  up = true
  readonly published: Published[] = []
  #options: LinkOptions | undefined

  open = (options: LinkOptions) => {
    this.#options = options
    options.connected?.('mqtt://fake')
    const broker = this
    return {
      async publish(topic: string, payload: string) {
        if (!broker.up) throw new Error('no broker is connected')
        broker.published.push({ topic, body: JSON.parse(payload) })
      },
      get brokers() {
        return [{ url: 'mqtt://fake', connected: broker.up }]
      },
      close: async () => {},
    }
  }

  get options() {
    return this.#options
  }
  connect() {
    this.up = true
    this.#options?.connected?.('mqtt://fake')
  }
  /** Resolves with the acknowledgement. */
  deliver = (event: Event) => this.deliverText(event.host, JSON.stringify(event))
  deliverText = async (host: string, text: string) =>
    this.#options?.receive({
      topic: `${ROOT}/host/${host}/event`,
      payload: new TextEncoder().encode(text),
      retained: false,
      broker: 'mqtt://fake',
    })

  letters = () =>
    this.published.filter((p) => p.topic.startsWith(`${ROOT}/dead-letter/`)).map((p) => DeadLetter.parse(p.body))
  receipts = () => this.published.filter((p) => p.topic.startsWith(`${ROOT}/receipt/`)).map((p) => Receipt.parse(p.body))
  /** The last receipt for a host, as `bootId upTo -missing`. */
  receipt = (host = 'dns1') =>
    this.receipts()
      .filter((r) => r.host === host)
      .at(-1)
      ?.boots.map((b) => [b.bootId, b.upTo, ...b.missing.map((m) => `-${m}`)].join(' '))
      .join(', ')
}

export interface Logged {
  readonly level: string
  readonly text: string
  readonly [field: string]: unknown
}
export function memoryLog(): Log & { readonly lines: Logged[] } {
  const lines: Logged[] = []
  const at = (level: string) => (fields: object, text: string) => {
    lines.push({ ...fields, level, text })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'understudy-handlers-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Answers `outcome` and remembers the ids it was run with. */
export function recorder(outcome: (events: readonly Event[], attempt: number) => Outcome | Promise<Outcome> = done) {
  const runs: string[][] = []
  const ids: string[] = []
  const handler = defineHandler({
    name: 'recorder',
    settings: z.strictObject({}),
    async run(events, context) {
      runs.push(events.map((e) => e.id))
      ids.push(context.attemptOf)
      return outcome(events, runs.length)
    },
  })
  return { handler, runs, ids }
}

export type RigOptions<S> = { handler: Handler<S>; settings: S; folder: string } & Partial<
  Omit<RunnerOptions<S>, 'handler' | 'settings' | 'clock'>
> & { clock?: JumpingClock; broker?: FakeBroker }

export async function rig<S>(o: RigOptions<S>) {
  const clock = o.clock ?? new JumpingClock()
  const broker = o.broker ?? new FakeBroker()
  const log = memoryLog()
  const inbox = o.inbox ?? new Inbox(join(o.folder, 'inbox.db'))
  const runner = await startRunner({
    name: o.handler.name,
    cluster: 'cam',
    topicRoot: ROOT,
    brokers: [],
    openLink: broker.open,
    log,
    random: () => 0.5,
    ...o,
    inbox,
    clock,
  })
  return {
    clock,
    broker,
    log,
    inbox,
    async [Symbol.asyncDispose]() {
      let stopped = false
      const stop = runner.stop().finally(() => {
        stopped = true
      })
      while (!stopped) await clock.pass(100)
      await stop
    },
  }
}
