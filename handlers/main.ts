/** Composition root of the room: from the cluster file to running handlers, each with an inbox and a link of its own. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { handlerEntries, type Config } from '../contract/config.ts'
import type { Link, LinkOptions } from '../link/link.ts'
import { openLink as openMqttLink } from '../link/mqtt.ts'
import { auditHandler } from './audit/handler.ts'
import { loadCustom } from './custom.ts'
import { emailHandler } from './email/handler.ts'
import { smtpMailer } from './email/transport.ts'
import type { Handler, Log } from './handler.ts'
import { Inbox } from './inbox.ts'
import { logHandler } from './log/handler.ts'
import { startRunner, type Runner } from './runner.ts'
import { brokerAccess, readSecret } from './secrets.ts'

export { verifyAudit, type Verdict } from './audit/chain.ts'
export { verifyAuditFile } from './audit/file.ts'

export interface HandlersOptions {
  /** Run this one only; all that are configured if left out. */
  readonly only?: string
  /** Where the inboxes are kept. */
  readonly stateDir: string
  readonly log: Log
  /** Stops the handlers. */
  readonly signal?: AbortSignal
  /** What the paths of custom handlers are relative to. Default: the working directory. */
  readonly folder?: string
  readonly openLink?: (options: LinkOptions) => Link | Promise<Link>
}

/** Everything that keeps the handlers from starting, one sentence each. */
export class HandlersFault extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Runs until the signal; rejects with a HandlersFault if it cannot start. */
export async function runHandlers(config: Config, o: HandlersOptions): Promise<void> {
  const running = await startHandlers(config, o)
  await new Promise<void>((resolve) => {
    if (o.signal?.aborted) resolve()
    o.signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  await running.stop()
}

/** Starts all or none. */
export async function startHandlers(config: Config, o: HandlersOptions): Promise<Runner> {
  const ready = await prepare(config, o)
  const runners: Runner[] = []
  const stop = async () => {
    await Promise.all(runners.map((r) => r.stop()))
  }
  mkdirSync(join(o.stateDir, 'inbox'), { recursive: true, mode: 0o700 })
  try {
    for (const { name, handler, settings } of ready) {
      runners.push(
        await startRunner({
          handler,
          settings,
          name,
          log: o.log,
          cluster: config.cluster,
          topicRoot: config.topicRoot,
          brokers: brokerAccess(config.brokers, name, process.env),
          inbox: openInbox(join(o.stateDir, 'inbox', `${name}.db`)),
          openLink:
            o.openLink ??
            ((options) => openMqttLink({ ...options, log: (level, text) => o.log[level]({ handler: name }, text) })),
        }),
      )
    }
  } catch (e) {
    await stop()
    throw e instanceof HandlersFault ? e : new HandlersFault([e instanceof Error ? e.message : String(e)])
  }
  return { stop }
}

interface Ready {
  readonly name: string
  readonly handler: Handler<unknown>
  readonly settings: unknown
}

/** Every problem of every handler at once, before anything is started. */
async function prepare(config: Config, o: HandlersOptions): Promise<Ready[]> {
  const { custom, email, log, audit } = config.handlers
  const ready: Ready[] = []
  const problems: string[] = []
  const add = (name: string, handler: () => Handler<unknown>, settings: unknown) => {
    try {
      ready.push({ name, handler: handler(), settings })
    } catch (e) {
      problems.push(`handlers.${name}: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  const chosen = (name: string) => o.only === undefined || o.only === name
  if (email && chosen('email')) {
    const { password, user, ...relay } = email.smtp
    add(
      'email',
      () =>
        emailHandler(
          smtpMailer({
            ...relay,
            ...(user !== undefined && { user }),
            ...(password && { password: readSecret(password, 'email', process.env) }),
          }),
        ),
      email,
    )
  }
  if (log && chosen('log')) add('log', () => logHandler(print), log)
  if (audit && chosen('audit')) add('audit', auditHandler, audit)
  for (const [name, entry] of Object.entries(custom).filter(([n]) => chosen(n))) {
    const loaded = await loadCustom(name, entry, o.folder ?? process.cwd())
    if (loaded.ok) ready.push({ name, ...loaded.value })
    else problems.push(...loaded.error)
  }
  if (problems.length === 0 && ready.length === 0) {
    const known = handlerEntries(config.handlers)
      .map(([n]) => n)
      .join(', ')
    problems.push(
      o.only === undefined
        ? 'handlers: the cluster file names no handler'
        : `there is no handler "${o.only}": configured are ${known || 'none'}`,
    )
  }
  for (const name of Object.keys(custom)) {
    if (name === 'email' || name === 'log' || name === 'audit')
      problems.push(`handlers.custom.${name}: this name is taken by a built-in handler: choose another`)
  }
  if (problems.length > 0) throw new HandlersFault(problems)
  return ready
}

function openInbox(file: string): Inbox {
  try {
    return new Inbox(file)
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e)
    throw new HandlersFault([
      `${file}: ${/locked/.test(why) ? 'another process runs this handler with the same state directory' : why}`,
    ])
  }
}

const print = (line: string) =>
  new Promise<void>((resolve, reject) => {
    process.stdout.write(line, (e) => (e ? reject(e) : resolve()))
  })
