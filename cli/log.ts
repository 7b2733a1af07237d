/** The log of the long-running commands: JSON for machines, words for a terminal. */
import { pino, type Logger } from 'pino'
import type { Terminal } from './terminal.ts'

export interface LogStyle { readonly log?: string | undefined; readonly logLevel?: string | undefined }

/** Bytes that may wait for a reader that does not read. Beyond it lines are dropped: no failover waits for a log. */
const BACKLOG = 4 << 20

export async function openLog(o: LogStyle, t: Pick<Terminal, 'colour' | 'isTerminal'>): Promise<Logger> {
  const level = o.logLevel ?? 'info'
  if ((o.log ?? (t.isTerminal ? 'pretty' : 'json')) === 'pretty') {
    const { default: pretty } = await import('pino-pretty')
    return pino({ level, base: null }, pretty({ colorize: t.colour, sync: false, translateTime: 'SYS:HH:MM:ss.l' }))
  }
  const destination = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: BACKLOG })
  const { isoTime } = pino.stdTimeFunctions
  return pino({ level, base: null, timestamp: isoTime, formatters: { level: (label) => ({ level: label }) } }, destination)
}
