/** Bytes from the broker → an event, or the reason why not. Pure; nothing a sender does makes it throw. */
import { z } from 'zod'
import { Event } from '../contract/events.ts'
import { matchTopic } from '../contract/topics.ts'
import { err, ok, type Result } from '../contract/result.ts'

/** What is needed to recognise an event, to confirm it and to keep it, whatever it says. */
const Envelope = z.object({
  id: z.string().min(1).max(200),
  source: z.string().max(500),
  host: z.string().max(63),
  bootid: z.string().min(1).max(200),
  sequence: z.int().min(1),
})
export type Envelope = z.output<typeof Envelope>

/** `cause` is short and the same for the same kind of fault; `why` says it all. */
export interface Unreadable {
  readonly cause: string
  readonly why: string
  readonly host: string
  readonly envelope?: Envelope
  readonly content: unknown
}

const MAX_BYTES = 65_536

export function readEvent(root: string, topic: string, payload: Uint8Array): Result<Event, Unreadable> {
  const match = matchTopic(root, topic)
  const host = match?.parameters.host ?? ''
  const refuse = (cause: string, why: string, content: unknown, envelope?: Envelope) =>
    err<Unreadable>({ cause, why, host, content, ...(envelope && { envelope }) })
  if (match?.topic !== 'event') return refuse('topic', `${topic} is not the topic of an event`, textOf(payload))
  if (payload.byteLength > MAX_BYTES)
    return refuse('size', `${payload.byteLength} bytes, more than ${MAX_BYTES}`, textOf(payload))
  const json = jsonOf(payload)
  if (json === undefined) return refuse('json', 'not JSON', textOf(payload))
  const envelope = Envelope.safeParse(json)
  if (!envelope.success) return refuse('envelope', problems(envelope.error), json)
  // The broker lets a daemon write below its own host only; so the topic is to be believed, not the body.
  const { data } = envelope
  if (data.host !== host) return refuse('host', `says host ${data.host}, but came on the topic of ${host}`, json)
  if (!data.source.endsWith(`/${host}`)) return refuse('source', `has the source ${data.source}, which is not ${host}`, json)
  const event = Event.safeParse(json)
  return event.success ? ok(withAll(json as Event, event.data)) : refuse('body', problems(event.error), json, data)
}

/** Keys of a later release are kept: an audit is to say what was said. */
const withAll = (said: Event, read: Event) => ({ ...said, ...read, data: { ...said.data, ...read.data } }) as Event

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return undefined
  }
}

/** For a person to look at: at most 4 KiB of it. */
const textOf = (payload: Uint8Array) => new TextDecoder().decode(payload.subarray(0, 4096))

const problems = (error: z.ZodError) =>
  error.issues
    .slice(0, 5)
    .map((i) => `${z.core.toDotPath(i.path) || 'event'}: ${i.message}`)
    .join('; ')
    .slice(0, 500)
