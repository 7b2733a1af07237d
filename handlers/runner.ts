/**
 * Runs one handler: subscribe → durable inbox → acknowledge → run with a deadline → record → receipt.
 * Receiving and working are two loops that meet in the inbox only, so a slow handler never holds up the broker.
 */
import { TYPE_PREFIX, type Event } from '../contract/events.ts'
import { ms, type Ms } from '../contract/time.ts'
import { topicOf } from '../contract/topics.ts'
import type { BrokerAccess, Link, LinkOptions, Message } from '../link/link.ts'
import { pauseFor, systemClock, type Clock } from './clock.ts'
import type { Handler, Log, Outcome } from './handler.ts'
import type { Batch, Inbox, Plan } from './inbox.ts'
import { readEvent } from './incoming.ts'
import { receipt } from './receipts.ts'
import { pause, SCHEDULE, type Schedule } from './schedule.ts'

export interface RunnerOptions<S> {
  readonly handler: Handler<S>
  readonly settings: S
  /** What it is called in topics and records: that of the handler, or what the user called a handler of their own. */
  readonly name: string
  readonly cluster: string
  readonly topicRoot: string
  readonly brokers: readonly BrokerAccess[]
  /** Closed when the runner stops. */
  readonly inbox: Inbox
  readonly openLink: (options: LinkOptions) => Link | Promise<Link>
  readonly log: Log
  readonly clock?: Clock
  readonly random?: () => number
  readonly schedule?: Schedule
  /** A run that takes longer has failed. Default 30 s. */
  readonly deadline?: Ms
}

export interface Runner {
  stop(): Promise<void>
}

/** A queue that drains confirms hundreds of events; their receipts are joined. */
const JOIN_RECEIPTS = ms(50)
/** A run gets so long to end by itself when the process must stop. */
const STOP_GRACE = ms(5000)
/** After an error of the disk or of a broker, before it is tried again. */
const BREATHE = ms(5000)
/** For the last receipts. */
const GOODBYE = ms(1000)
const HOUR = 3_600_000

export async function startRunner<S>(o: RunnerOptions<S>): Promise<Runner> {
  const { inbox, handler, settings, name, log } = o
  const clock = o.clock ?? systemClock
  const random = o.random ?? Math.random
  const schedule = o.schedule ?? SCHEDULE
  const memory = inbox.memory()
  const stopping = new AbortController()
  const complained = new Set<string>()
  const owing = new Set<string>()
  const link = Promise.withResolvers<Link>()
  let wakeWorker = () => {}
  let cancelHour = () => {}
  let joining: (() => void) | undefined
  let telling = false

  /** The first of its kind is a warning; what a sender repeats must not fill the disk. */
  function warnOnce(cause: string, fields: object, text: string) {
    if (complained.has(cause) || complained.size > 1000) return
    complained.add(cause)
    log.warn(fields, `${text} (said once)`)
  }

  async function receive({ topic, payload, broker }: Message) {
    const read = readEvent(o.topicRoot, topic, payload)
    if (!read.ok) {
      const { cause, why, host, envelope } = read.error
      warnOnce(
        `unreadable ${host} ${cause}`,
        { handler: name, topic, broker, cause, why },
        'a message that is no event this release can read: to the dead letters',
      )
      inbox.refuse(read.error, clock.now())
      if (envelope) owe(envelope.host)
      void tellDead() // not awaited: the broker's answers to us wait behind our acknowledgement
      return
    }
    const state = inbox.accept(read.value, planFor(read.value), clock.now())
    if (state === 'finished') owe(read.value.host)
    if (state === 'new') wakeWorker()
  }

  function planFor(event: Event): Plan {
    const type = event.type.slice(TYPE_PREFIX.length)
    if (handler.types?.every((t) => t !== type)) return { finish: `skipped: ${type} is not for this handler` }
    try {
      if (handler.wants && !handler.wants(event, settings)) return { finish: 'skipped: not wanted' }
      if (handler.batch) return { batch: handler.batch.key(event), wait: handler.batch.window(settings) }
    } catch (e) {
      // a fault of the handler must not keep the message at the broker: let the run decide
      log.error({ handler: name, event: event.id, error: text(e) }, 'the handler could not say whether it wants the event')
    }
    return { batch: undefined, wait: 0 }
  }

  async function work() {
    while (!stopping.signal.aborted) {
      try {
        const batch = inbox.claim(clock.now())
        if (batch) await attempt(batch)
        else await untilDue()
      } catch (e) {
        log.error({ handler: name, error: text(e) }, 'the inbox does not work; trying again')
        await pauseFor(clock, BREATHE, stopping.signal)
      }
    }
  }

  async function untilDue() {
    const due = inbox.nextDue(clock.now())
    const woken = new AbortController()
    wakeWorker = () => woken.abort()
    await pauseFor(
      clock,
      due === undefined ? HOUR : Math.min(HOUR, due - clock.now()),
      AbortSignal.any([woken.signal, stopping.signal]),
    )
  }

  async function attempt(batch: Batch) {
    const outcome = await runWithin(o.deadline ?? ms(30_000), batch)
    const tired = outcome.is === 'retry' && batch.attempt >= schedule.attempts
    const fields = { handler: name, events: batch.events.map((e) => e.id), attempt: batch.attempt, outcome }
    if (outcome.is === 'retry' && !tired) {
      const wait = stopping.signal.aborted ? 0 : pause(schedule, batch.attempt, random())
      log.warn({ ...fields, waitMs: wait }, 'did not work; will be tried again')
      await record(() => inbox.postpone(batch, clock.now(), wait, outcome.why))
    } else if (outcome.is === 'retry' || outcome.is === 'give-up') {
      log.error(fields, 'given up: to the dead letters')
      await record(() =>
        inbox.giveUp(batch, tired ? `after ${batch.attempt} attempts: ${outcome.why}` : outcome.why, clock.now()),
      )
      void tellDead()
    } else {
      log.debug(fields, outcome.is)
      await record(() => inbox.finish(batch, outcome.is === 'skip' ? `skipped: ${outcome.why}` : 'done', clock.now()))
    }
    if (outcome.is !== 'retry' || tired) for (const { host } of batch.events) owe(host)
  }

  /** The work is done: only its record may be repeated, not the work. */
  async function record(write: () => void) {
    for (;;) {
      try {
        return write()
      } catch (e) {
        log.error({ handler: name, error: text(e) }, 'the inbox cannot be written; trying again')
        if (stopping.signal.aborted) return
        await pauseFor(clock, BREATHE, stopping.signal)
      }
    }
  }

  async function runWithin(deadline: Ms, batch: Batch): Promise<Outcome> {
    const ended = new AbortController()
    const over = new AbortController()
    const tooLong = limit(deadline, ended.signal).then((why): Outcome => {
      over.abort(new Error(why))
      return { is: 'retry', why }
    })
    const context = { settings, memory, log, cluster: o.cluster, attemptOf: batch.id, signal: over.signal }
    const run = new Promise<Outcome>((resolve) => resolve(handler.run(batch.events, context))).then(
      asOutcome,
      (e): Outcome => ({ is: 'retry', why: text(e) }),
    )
    const outcome = await Promise.race([run, tooLong])
    ended.abort()
    return outcome
  }

  /** Why a run has to end; long after `ended` it does not matter any more. */
  async function limit(deadline: Ms, ended: AbortSignal): Promise<string> {
    await pauseFor(clock, deadline, AbortSignal.any([ended, stopping.signal]))
    if (!stopping.signal.aborted) return `took longer than ${deadline / 1000} s`
    await pauseFor(clock, STOP_GRACE, ended)
    return 'the process had to stop'
  }

  function owe(host: string) {
    owing.add(host)
    joining ??= clock.after(JOIN_RECEIPTS, () => {
      joining = undefined
      void payReceipts()
    })
  }

  /** A receipt that gets lost is asked for: the daemon sends the event again. */
  async function payReceipts() {
    const hosts = [...owing]
    owing.clear()
    const pay = (host: string) =>
      publish(topicOf(o.topicRoot, 'receipt', { handler: name, host }), receipt(name, host, inbox.boots(host), clock.now()))
    await Promise.all(hosts.map(pay))
  }

  /** One after the other; those that no broker takes wait for the next connection or the next dead letter. */
  async function tellDead() {
    if (telling) return
    telling = true
    const topic = topicOf(o.topicRoot, 'deadLetter', { handler: name })
    try {
      for (let letters = inbox.untold(); letters.length > 0; letters = inbox.untold()) {
        for (const letter of letters) {
          const { row, ...body } = letter
          if (!(await publish(topic, { handler: name, ...body }))) return
          inbox.told(letter)
        }
      }
    } catch (e) {
      log.error({ handler: name, error: text(e) }, 'dead letters could not be told')
    } finally {
      telling = false
    }
  }

  async function publish(topic: string, body: object): Promise<boolean> {
    try {
      await (await link.promise).publish(topic, JSON.stringify(body), { retained: false, qos: 1 })
      return true
    } catch (e) {
      log.warn({ handler: name, topic, error: text(e) }, 'no broker has taken it')
      return false
    }
  }

  function everyHour() {
    try {
      inbox.prune(clock.now())
    } catch (e) {
      log.error({ handler: name, error: text(e) }, 'the inbox could not be pruned')
    }
    cancelHour = clock.after(ms(HOUR), everyHour)
    void tellDead()
  }

  async function stop() {
    stopping.abort()
    cancelHour()
    await worker
    joining?.()
    const opened = await link.promise
    if (opened.brokers.some((b) => b.connected)) {
      const paid = new AbortController()
      await Promise.race([payReceipts().finally(() => paid.abort()), pauseFor(clock, GOODBYE, paid.signal)])
    }
    await opened.close()
    inbox.close()
  }

  link.resolve(
    await o.openLink({
      brokers: o.brokers,
      clientId: `handler-${name}-${o.cluster}`,
      session: 'kept',
      subscriptions: [topicOf(o.topicRoot, 'event', { host: '+' })],
      receive,
      connected() {
        for (const host of inbox.hosts()) owe(host)
        void tellDead()
      },
    }),
  )
  everyHour()
  const worker = work()
  return { stop }
}

const text = (e: unknown) => (e instanceof Error ? e.message : String(e))

/** A handler of a user's own may return anything. */
function asOutcome(value: unknown): Outcome {
  const is = (value as Outcome | undefined)?.is
  if (is === 'done' || is === 'skip' || is === 'retry' || is === 'give-up') return value as Outcome
  return { is: 'give-up', why: `the handler returned ${JSON.stringify(value)}, which is no outcome` }
}
