/** An audit file on disk: appends records, each on the platter before the next; mends what a crash left. */
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  readRecord,
  recordAfter,
  START,
  verifyAudit,
  type AuditRecord,
  type Content,
  type Head,
  type Verdict,
} from './chain.ts'

/** More than two of the largest events. */
const TAIL_BYTES = 262_144

export interface AuditFile {
  readonly head: Head
  /** Ids of the last events in the file: after a crash one of them may come again. */
  readonly recent: ReadonlySet<string>
  append(content: Content): Promise<void>
  close(): Promise<void>
}

/** `known`: the last record this writer remembers; what is missing of it is noted, never passed over. */
export async function openAudit(path: string, known: Head): Promise<AuditFile> {
  const file = await openOrCreate(path)
  try {
    const { records, torn } = await readTail(file)
    const recent = new Set(records.flatMap((r) => ('event' in r ? [String((r.event as { id?: unknown } | null)?.id)] : [])))
    const last = records.at(-1)
    let head: Head = last ?? known
    async function append(content: Content) {
      const record = recordAfter(head, content)
      await write(file, `${JSON.stringify(record)}\n`)
      head = record
      if ('event' in content) recent.add(String((content.event as { id?: unknown } | null)?.id))
    }
    if (!last && known.seq > START.seq) await append({ note: { is: 'continued' } })
    if (torn) await append({ note: { is: 'torn-line', bytes: torn.length, text: torn.toString('utf8').slice(0, 1000) } })
    if (last && last.seq < known.seq) await append({ note: { is: 'cut-short', written: known.seq, found: last.seq } })
    return {
      get head() {
        return head
      },
      recent,
      append,
      close: () => file.close(),
    }
  } catch (e) {
    await file.close()
    throw e
  }
}

export async function verifyAuditFile(path: string): Promise<Verdict> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return verifyAudit(lines)
}

/** A new file is only there after a crash if its folder has been written, too. */
async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e
  }
  const file = await open(path, 'wx+', 0o640)
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
  return file
}

/** The last records. A last line that is not whole is cut off; one that only lacks its end of line gets it. */
async function readTail(file: FileHandle): Promise<{ records: AuditRecord[]; torn?: Buffer }> {
  const { size } = await file.stat()
  const start = Math.max(0, size - TAIL_BYTES)
  const tail = Buffer.alloc(size - start)
  await file.read(tail, 0, tail.length, start)
  const end = tail.lastIndexOf(0x0a) + 1
  const rest = tail.subarray(end)
  const lines = tail
    .subarray(0, end)
    .toString('utf8')
    .split('\n')
    .slice(start === 0 ? 0 : 1, -1)
  const records = lines.map((line): AuditRecord => {
    const record = readRecord(line)
    if (typeof record === 'string')
      throw new Error(
        `the audit file has been changed: a line near its end ${record}. Move the file away; a new one will continue it`,
      )
    return record
  })
  if (rest.length === 0) return { records }
  const whole = readRecord(rest.toString('utf8'))
  if (typeof whole !== 'string') {
    await write(file, '\n')
    return { records: [...records, whole] }
  }
  await file.truncate(start + end)
  return { records, torn: rest }
}

async function write(file: FileHandle, text: string) {
  const { size } = await file.stat()
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, size + written)).bytesWritten
  }
  await file.datasync()
}
