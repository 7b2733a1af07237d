/** What a command sees of the process. Tests give it a twin. */
import type { Link, LinkOptions } from '../link/link.ts'
import type { LogStyle } from './log.ts'
import type { Reading } from './rooms.ts'

export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Standard output is a terminal whose user did not ask for NO_COLOR. */
  readonly colour: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
  hostname(): string
  /** Wall time in milliseconds, for ages that people read. */
  now(): number
  /** A line that is not shown while it is typed; from a pipe, its first line. */
  askSecret(question: string): Promise<string>
  openLink(options: LinkOptions): Promise<Link>
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal
  /** Milliseconds without a message after which all retained ones have come: brokers send them in one go. */
  readonly quiet: number
  /** What a process that only reads gives to the one that it reads for. */
  handOver(answer: Answer): void
}

/**
 * The environment variable that makes a process such a reader (for a daemon that runs already: the name of its host), and
 * the descriptor on which it answers.
 */
export const READER = 'UNDERSTUDY_READER', ANSWER_FD = 3

/** How the daemon's process starts, or why it does not. */
export type Answer =
  | { readonly is: 'read'; readonly reading: Reading; readonly style: LogStyle }
  | { readonly is: 'refused'; readonly problems: readonly string[] }

/** The exit codes of every command. */
export const EXIT = { ok: 0, problem: 1, usage: 2, cannotStart: 3 } as const

/** Until the process is asked to stop. */
export const stopped = (signal: AbortSignal) => new Promise<void>((resolve) => {
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
})

/** What stands below the options of `--help`. */
export const help = (example: string, exit?: string): string => `\nExample: ${example}${exit === undefined ? '' : `\nExit: ${exit}.`}`

/** What a message about a name ends with. */
export const fileKnows = (names: readonly string[]): string => `the file knows ${names.join(', ') || 'none'}`

/** A name on the command line that the cluster file does not know. */
export const unknown = (what: string, name: string, known: readonly string[]): Refusal =>
  new Refusal(`there is no ${what} "${name}": ${fileKnows(known)}`, EXIT.usage)

/** Ends a command with a message for a person, without a stack trace. */
export class Refusal extends Error {
  readonly code: number
  /** One by one, where there are several. */
  readonly problems: readonly string[]
  constructor(message: string, code: number = EXIT.cannotStart, problems: readonly string[] = [message]) {
    super(message)
    this.code = code
    this.problems = problems
  }
}
