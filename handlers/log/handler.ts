/** Writes one line of JSON an event, for a log collector. A line may stand twice after a crash: its `id` tells. */
import { appendFile } from 'node:fs/promises'
import type { z } from 'zod'
import { LogFile } from '../../contract/config/file.ts'
import { TYPE_PREFIX, type Event } from '../../contract/events.ts'
import { defineHandler, done } from '../handler.ts'

/** `print` writes a line to standard output and resolves when it is out. */
export const logHandler = (print: (line: string) => Promise<void>) => {
  let torn = false
  return defineHandler<z.output<typeof LogFile>>({
    name: 'log',
    settings: LogFile,
    async run([event], { settings: { file } }) {
      if (!event) return done()
      const line = `${lineOf(event)}\n`
      if (file === undefined) {
        await print(line)
        return done()
      }
      const start = torn ? '\n' : ''
      torn = true // until it is known to be whole: a full disk leaves half a line
      await appendFile(file, start + line) // opened anew each time, so a rotated file needs no signal
      torn = false
      return done()
    },
  })
}

/** What people search for first; the rest of the event after it. */
export const lineOf = ({ time, host, type, id, subject, data }: Event): string =>
  JSON.stringify({
    time,
    host,
    type: type.slice(TYPE_PREFIX.length),
    ...(subject !== undefined && { subject }),
    ...data,
    id,
  })
