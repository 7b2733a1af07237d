/** Keeps every event in an append-only file in which nothing can be changed unnoticed. Done means: on the disk. */
import type { z } from 'zod'
import { AuditFile } from '../../contract/config/file.ts'
import { defineHandler, done, type Memory } from '../handler.ts'
import { START, type Head } from './chain.ts'
import { openAudit } from './file.ts'

export const auditHandler = () =>
  defineHandler<z.output<typeof AuditFile>>({
    name: 'audit',
    settings: AuditFile,
    async run(events, { settings, memory }) {
      // Opened for each event, a few a day: the file may have been moved away or mended by hand in between.
      const audit = await openAudit(settings.file, headIn(memory))
      try {
        for (const event of events) if (!audit.recent.has(event.id)) await audit.append({ event })
      } finally {
        memory.set('head', JSON.stringify({ seq: audit.head.seq, hash: audit.head.hash }))
        await audit.close()
      }
      return done()
    },
  })

/** The last record written. The file must not end before it. */
const headIn = (memory: Memory): Head => JSON.parse(memory.get('head') ?? JSON.stringify(START))
