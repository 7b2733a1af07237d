/** The log of the long-running commands: JSON for machines, words for a terminal. */
import { Option } from 'commander'
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Terminal } from './terminal.ts'

export const logOption = () => new Option('--log <style>', 'style of the log; default: pretty on a terminal, else json')
  .choices(['json', 'pretty'])
export const levelOption = () => new Option('--log-level <level>', 'least weight of a line')
  .choices(['debug', 'info', 'warn', 'error']).default('info')

/** Bytes that may wait for a reader that does not read. Beyond it lines are dropped: no failover waits for a log. */
const BACKLOG = 4 << 20

export function openLog(o: { log?: string; logLevel?: string }, t: Pick<Terminal, 'colour' | 'isTerminal'>): Logger {
  const level = o.logLevel ?? 'info'
  if ((o.log ?? (t.isTerminal ? 'pretty' : 'json')) === 'pretty') {
    return pino({ level, base: null }, pretty({ colorize: t.colour, sync: false, translateTime: 'SYS:HH:MM:ss.l' }))
  }
  const destination = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: BACKLOG })
  const { isoTime } = pino.stdTimeFunctions
  return pino({ level, base: null, timestamp: isoTime, formatters: { level: (label) => ({ level: label }) } }, destination)
}
