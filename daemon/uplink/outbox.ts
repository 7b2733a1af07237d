/**
 * Events on disk until every required handler has confirmed them. Lives in the worker, over node:sqlite, so that neither
 * disk nor broker can hold up the election. A broker's acknowledgement is no proof: only a receipt lets an event go.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Receipt } from '../../contract/events.ts'

export interface Pending { readonly bootId: string; readonly sequence: number; readonly body: string; readonly attempts: number }

export interface Outbox {
  add(bootId: string, sequence: number, body: string): void
  /** Unconfirmed events that are due, oldest first; each is marked as tried and becomes due again after a growing pause. */
  due(nowMs: number, most: number): readonly Pending[]
  /** Makes everything due at once: a connection has come up. */
  retryNow(): void
  /** When the next one is due, in milliseconds of the same clock; undefined when nothing waits. */
  nextDue(): number | undefined
  /** What the handler has finished. Events that all required handlers have finished are forgotten. */
  confirm(receipt: Receipt): void
  /** No handler is required: the broker's acknowledgement has to do. */
  acknowledged(p: Pending): void
  size(): number
  close(): void
}

const FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 60_000

export function openOutbox(o: { readonly file: string; readonly required: readonly string[]; readonly most: number; gap(lost: number): void; random?: () => number }): Outbox {
  const db = new DatabaseSync(o.file)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, sequence INTEGER NOT NULL,
      body TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, UNIQUE (boot, sequence));
    CREATE TABLE IF NOT EXISTS confirmed (handler TEXT NOT NULL, boot TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (handler, boot, sequence)) WITHOUT ROWID`)
  // The clock of `due` starts anew with each process.
  db.exec('UPDATE event SET due = 0')
  const random = o.random ?? Math.random
  const insert = db.prepare('INSERT OR IGNORE INTO event (boot, sequence, body) VALUES (?, ?, ?)')
  const count = db.prepare('SELECT count(*) AS n FROM event')
  const dropOldest = db.prepare('DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT ?)')
  const select = db.prepare('SELECT id, boot AS bootId, sequence, body, attempts FROM event WHERE due <= ? ORDER BY id LIMIT ?')
  const tried = db.prepare('UPDATE event SET attempts = attempts + 1, due = ? WHERE id = ?')
  const soonest = db.prepare('SELECT min(due) AS due FROM event')
  const ofBoot = db.prepare('SELECT sequence FROM event WHERE boot = ? AND sequence <= ?')
  const confirm = db.prepare('INSERT OR IGNORE INTO confirmed VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM event WHERE boot = ? AND sequence = ?')
  const required = JSON.stringify(o.required)
  const forget = db.prepare(`DELETE FROM event WHERE boot = ? AND
    (SELECT count(*) FROM confirmed c WHERE c.boot = event.boot AND c.sequence = event.sequence AND c.handler IN (SELECT value FROM json_each(?))) >= ?`)
  const tidy = db.prepare('DELETE FROM confirmed WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.boot = confirmed.boot AND e.sequence = confirmed.sequence)')
  let size = (count.get() as { n: number }).n

  function together(work: () => void): void {
    db.exec('BEGIN')
    try {
      work()
      db.exec('COMMIT')
    } catch (e) {
      db.exec('ROLLBACK')
      throw e
    }
  }

  return {
    add(bootId, sequence, body) {
      size += Number(insert.run(bootId, sequence, body).changes)
      if (size <= o.most) return
      const lost = Math.ceil(o.most / 10)
      dropOldest.run(lost)
      size -= lost
      o.gap(lost)
    },
    due(nowMs, most) {
      const rows = select.all(nowMs, most) as unknown as (Pending & { readonly id: number })[]
      if (rows.length > 0) {
        together(() => {
          for (const r of rows) tried.run(nowMs + pause(r.attempts, random()), r.id)
        })
      }
      return rows
    },
    retryNow: () => void db.exec('UPDATE event SET due = 0, attempts = 0'),
    nextDue: () => (soonest.get() as { due: number | null }).due ?? undefined,
    confirm(receipt) {
      if (!o.required.includes(receipt.handler)) return
      together(() => {
        for (const { bootId, upTo, missing } of receipt.boots) {
          const open = new Set(missing)
          for (const { sequence } of ofBoot.all(bootId, upTo) as { sequence: number }[]) {
            if (!open.has(sequence)) confirm.run(receipt.handler, bootId, sequence)
          }
          size -= Number(forget.run(bootId, required, o.required.length).changes)
        }
        tidy.run()
      })
    },
    acknowledged(p) {
      if (o.required.length === 0) size -= Number(remove.run(p.bootId, p.sequence).changes)
    },
    size: () => size,
    close: () => db.close(),
  }
}

/** Doubles from one second to one minute, with up to a quarter of jitter so that hosts do not resend in step. */
const pause = (attempts: number, random: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 10)) * (1 + random / 4)
