/**
 * The format of an audit file: one JSON record a line, each with the SHA-256 of the one before. A line that is edited,
 * removed or moved breaks the chain. Pure. A chain cannot show that its end is missing: keep the last hash elsewhere, too.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** What the writer has to say about the file itself. */
export const Note = z.discriminatedUnion('is', [
  z.object({
    is: z
      .literal('continued')
      .describe('The file was empty or new while an earlier one, e.g. rotated away, ended with `prev`.'),
  }),
  z.object({
    is: z.literal('torn-line').describe('The last line was not whole, e.g. after a loss of power. It was cut off.'),
    bytes: z.int(),
    text: z.string(),
  }),
  z.object({
    is: z.literal('cut-short').describe('Records that had been written were not there any more.'),
    written: z.int(),
    found: z.int(),
  }),
])
export type Note = z.output<typeof Note>

export type Content = { readonly event: unknown } | { readonly note: Note }
export type AuditRecord = { readonly seq: number; readonly prev: string; readonly hash: string } & Content
/** The last record: what the next one follows. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

export const START: Head = { seq: 0, hash: '0'.repeat(64) }

export function recordAfter(head: Head, content: Content): AuditRecord {
  const seq = head.seq + 1
  return { seq, prev: head.hash, hash: hashOf(seq, head.hash, content), ...content }
}

export type Verdict =
  | { readonly ok: true; readonly head: Head; readonly notes: readonly { readonly seq: number; readonly note: Note }[] }
  | { readonly ok: false; readonly line: number; readonly why: string }

/** The first line that does not fit, counted from 1. A file starts at record 1, or with a note that it continues another. */
export function verifyAudit(lines: readonly string[]): Verdict {
  let head = START
  const notes: { seq: number; note: Note }[] = []
  for (const [i, line] of lines.entries()) {
    const record = readRecord(line)
    if (typeof record === 'string') return { ok: false, line: i + 1, why: record }
    const note = 'note' in record ? record.note : undefined
    if (i === 0 && note?.is === 'continued') head = { seq: record.seq - 1, hash: record.prev }
    if (record.seq !== head.seq + 1)
      return { ok: false, line: i + 1, why: `record ${record.seq} stands where ${head.seq + 1} is expected` }
    if (record.prev !== head.hash)
      return { ok: false, line: i + 1, why: `record ${record.seq} does not follow the one before it` }
    if (note) notes.push({ seq: record.seq, note })
    head = { seq: record.seq, hash: record.hash }
  }
  return { ok: true, head, notes }
}

const Line = z.union([
  z.strictObject({ seq: z.int(), prev: z.string(), hash: z.string(), event: z.unknown() }),
  z.strictObject({ seq: z.int(), prev: z.string(), hash: z.string(), note: Note }),
])

/** A whole record, true to its own hash; otherwise what is wrong with it. */
export function readRecord(line: string): AuditRecord | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'is not JSON'
  }
  const parsed = Line.safeParse(json)
  if (!parsed.success) return 'is no audit record'
  // What counts is what the line says, not what the schema made of it.
  const { seq, prev, hash, ...content } = json as AuditRecord
  return hashOf(seq, prev, content as Content) === hash
    ? parsed.data
    : `record ${seq} is not what was written: its hash does not fit`
}

const hashOf = (seq: number, prev: string, content: Content) =>
  createHash('sha256')
    .update(`${prev}\n${canonical({ seq, ...content })}`)
    .digest('hex')

/** JSON with sorted keys and no space, so that a value has one spelling (RFC 8785 for the values that events have). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`
}
