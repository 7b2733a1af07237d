/** What a handler is: one duty, one function. It knows neither MQTT nor the runner nor any other handler. */
import type { z } from 'zod'
import type { Event, EventType } from '../contract/events.ts'

/** For the settings of a handler: one import serves a handler that lives outside this package. */
export { z } from 'zod'

export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'skip'; readonly why: string }
  | { readonly is: 'retry'; readonly why: string }
  | { readonly is: 'give-up'; readonly why: string }

export const done = (): Outcome => ({ is: 'done' })
/** Nothing to do for this event. Counts as finished. */
export const skip = (why: string): Outcome => ({ is: 'skip', why })
/** Try again later, with back-off and jitter. */
export const retry = (why: string): Outcome => ({ is: 'retry', why })
/** Never going to work: to the dead letters. */
export const giveUp = (why: string): Outcome => ({ is: 'give-up', why })

/** Small durable memory of one handler, beside its inbox. What is set is on the disk when `set` returns. */
export interface Memory {
  get(key: string): string | undefined
  set(key: string, value: string): void
}

/** Structured log: fields first, then a sentence. A pino logger fits. */
export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

export interface Handler<S> {
  readonly name: string
  /** Validates the settings a user wrote for it. */
  readonly settings: z.ZodType<S>
  /** Events to take, by the last part of their type; all if left out. */
  readonly types?: readonly EventType[]
  /** A closer look at those types. What is not wanted is finished at once, and neither opens nor joins a batch. */
  wants?(event: Event, settings: S): boolean
  /** Collect for so long what `key` puts together, and run once for all of it. The batch is fixed on disk before the run. */
  readonly batch?: { /** Milliseconds. */ window(settings: S): number; key(event: Event): string }
  /**
   * Gets one event, or those of a batch in order of arrival. May be called again with the same events: after `retry`, after
   * an exception, and after a crash between the work and its record. Never decides itself when to try again.
   */
  run(events: readonly Event[], context: Context<S>): Promise<Outcome>
}

export interface Context<S> {
  readonly settings: S
  readonly memory: Memory
  readonly log: Log
  readonly cluster: string
  /** The same for every attempt at the same events, and for no others: 32 hexadecimal digits. */
  readonly attemptOf: string
  /** Aborted when the deadline of the run has passed, or the process must stop. */
  readonly signal: AbortSignal
}

/** A handler is one file with one exported constant: `export default defineHandler({...})`. */
export const defineHandler = <S>(handler: Handler<S>): Handler<S> => handler
