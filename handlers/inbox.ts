/**
 * The durable inbox of one handler: an SQLite file that one process holds. Every method is one transaction, on the disk
 * when it returns (WAL, synchronous=FULL); a crash between two calls loses nothing and repeats at most the run in between.
 */
import { createHash } from 'node:crypto'
import type { Event } from '../contract/events.ts'
import type { Memory } from './handler.ts'
import type { Envelope, Unreadable } from './incoming.ts'
import { finish, forgetGone, newBoot, type Boot } from './receipts.ts'
import type { BootRow, LetterRow } from './schema.ts'
import { Store } from './store.ts'

/** Events that are run together. `id` is derived from the events alone, so it is the same after any crash. */
export interface Batch {
  readonly row: number
  readonly id: string
  readonly attempt: number
  readonly events: readonly Event[]
}
export interface Letter {
  readonly row: number
  readonly why: string
  readonly attempts: number
  readonly event: unknown
  readonly at: string
}
/** How an event that needs no run ends; else the batch it joins and, in milliseconds, how long a new one waits for more. */
export type Plan = { readonly finish: string } | { readonly batch: string | undefined; readonly wait: number }

const DAY = 86_400_000
const KEEP_FINISHED = 30 * DAY
const KEEP_BOOTS = 90 * DAY
const KEEP_LETTERS = 10_000
/** What was scheduled further in the future than this was scheduled before the clock was set back, and is due now. */
const SET_BACK = 1000

export class Inbox {
  readonly #store: Store
  /** By host, then by boot id. A mirror of the tables, changed only after the transaction. */
  readonly #boots = new Map<string, Map<string, Boot>>()

  constructor(file: string) {
    this.#store = new Store(file)
    this.#load()
  }

  #load() {
    for (const b of this.#store.all<BootRow>('SELECT * FROM boot')) {
      const finished = this.#store.all<{ sequence: number }>(
        'SELECT sequence FROM event WHERE host=? AND boot=? AND sequence>? AND finished_at IS NOT NULL',
        b.host,
        b.boot,
        b.floor,
      )
      const boot: Boot = {
        bootId: b.boot,
        floor: b.floor,
        finished: new Set(),
        firstSeen: b.first_seen,
        lastSeen: b.last_seen,
      }
      for (const { sequence } of finished) finish(boot, sequence)
      this.#bootsOf(b.host).set(b.boot, boot)
    }
  }

  hosts(): string[] {
    return [...this.#boots.keys()]
  }

  boots(host: string): Iterable<Boot> {
    return this.#boots.get(host)?.values() ?? []
  }

  /** Takes in what is not known yet. `finished`: the sender may forget it. */
  accept(event: Event, plan: Plan, now: number): 'new' | 'waiting' | 'finished' {
    const known = this.#known(event, now)
    if (known) return known
    const finished = 'finish' in plan
    this.#store.atomically(() => {
      const batch = finished ? null : this.#batchFor(plan.batch, plan.wait, now)
      this.#insert(event, event, batch, now)
      if (finished) this.#markFinished('host=? AND id=?', [event.host, event.id], plan.finish, now)
    })
    if (finished) this.#confirm(event, now)
    return finished ? 'finished' : 'new'
  }

  /** Keeps what cannot be read as a dead letter, once. With an envelope the sender gets a receipt and stops repeating it. */
  refuse(u: Unreadable, now: number): void {
    if (u.envelope && this.#known(u.envelope, now) !== undefined) return
    const print = hash(JSON.stringify([u.host, u.why, u.content]))
    this.#store.atomically(() => {
      if (u.envelope) {
        this.#insert(u.envelope, u.content, null, now)
        this.#markFinished('host=? AND id=?', [u.envelope.host, u.envelope.id], 'unreadable', now)
      }
      this.#bury(u.content, u.why, 0, now, print)
    })
    if (u.envelope) this.#confirm(u.envelope, now)
  }

  /** The next batch that is due, its members now fixed and its attempt counted: even a run that kills the process counts. */
  claim(now: number): Batch | undefined {
    const next = this.#store.get<{ row: number; id: string | null; attempts: number }>(
      'SELECT row, id, attempts FROM batch WHERE due<=? OR since>? ORDER BY due, row LIMIT 1',
      now,
      now + SET_BACK,
    )
    if (!next) return undefined
    const events = this.#store.all<{ body: string }>('SELECT body FROM event WHERE batch=? ORDER BY row', next.row).map(
      (e) => JSON.parse(e.body) as Event,
    )
    const id = next.id ?? identify(events)
    this.#store.run('UPDATE batch SET id=?, attempts=attempts+1 WHERE row=?', id, next.row)
    return { row: next.row, id, attempt: next.attempts + 1, events }
  }

  /** When the next batch is due, in wall milliseconds. */
  nextDue(now: number): number | undefined {
    const sql = 'SELECT min(CASE WHEN since>? THEN ? ELSE due END) AS due FROM batch'
    return this.#store.get<{ due: number | null }>(sql, now + SET_BACK, now)?.due ?? undefined
  }

  postpone(batch: Batch, now: number, wait: number, why: string): void {
    this.#store.run('UPDATE batch SET since=?, due=?, why=? WHERE row=?', now, now + wait, why, batch.row)
  }

  finish(batch: Batch, outcome: string, now: number): void {
    this.#store.atomically(() => this.#close(batch, outcome, now))
    for (const event of batch.events) this.#confirm(event, now)
  }

  /** Finished, too: a dead letter is kept, and told until somebody has heard it. */
  giveUp(batch: Batch, why: string, now: number): void {
    this.#store.atomically(() => {
      this.#close(batch, `given up: ${why}`, now)
      for (const event of batch.events) this.#bury(event, why, batch.attempt, now)
    })
    for (const event of batch.events) this.#confirm(event, now)
  }

  /** Dead letters that no broker has taken yet, oldest first. */
  untold(): Letter[] {
    return this.#store.all<LetterRow>('SELECT * FROM dead_letter WHERE told=0 ORDER BY row LIMIT 100').map((l) => ({
      row: l.row,
      why: l.why,
      attempts: l.attempts,
      event: JSON.parse(l.body),
      at: new Date(l.at).toISOString(),
    }))
  }

  told(letter: Letter): void {
    this.#store.run('UPDATE dead_letter SET told=1 WHERE row=?', letter.row)
  }

  memory(): Memory {
    return {
      get: (key) => this.#store.get<{ value: string }>('SELECT value FROM memory WHERE key=?', key)?.value,
      set: (key, value) => {
        this.#store.run('INSERT INTO memory VALUES (?, ?) ON CONFLICT DO UPDATE SET value=excluded.value', key, value)
      },
    }
  }

  /** Forgets what no daemon will ask for again. How far each run of a daemon had come is remembered longer than that. */
  prune(now: number): void {
    this.#store.atomically(() => {
      for (const [host, boots] of this.#boots) {
        for (const boot of boots.values()) {
          forgetGone(boot)
          this.#store.run(
            'UPDATE boot SET floor=?, last_seen=? WHERE host=? AND boot=?',
            boot.floor,
            boot.lastSeen,
            host,
            boot.bootId,
          )
          this.#store.run(
            'DELETE FROM event WHERE host=? AND boot=? AND sequence<=? AND finished_at<?',
            host,
            boot.bootId,
            boot.floor,
            now - KEEP_FINISHED,
          )
        }
      }
      this.#store.run(
        `DELETE FROM event WHERE finished_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM boot b WHERE b.host=event.host AND b.boot=event.boot AND b.last_seen<?)`,
        now - KEEP_BOOTS,
      )
      this.#store.run(
        `DELETE FROM boot WHERE last_seen<?
          AND NOT EXISTS (SELECT 1 FROM event e WHERE e.host=boot.host AND e.boot=boot.boot)`,
        now - KEEP_BOOTS,
      )
      this.#store.run('DELETE FROM dead_letter WHERE row<=(SELECT max(row) FROM dead_letter)-?', KEEP_LETTERS)
    })
    this.#boots.clear()
    this.#load()
  }

  close(): void {
    this.#store.close()
  }

  #known(e: Envelope, now: number): 'waiting' | 'finished' | undefined {
    const boot = this.#boots.get(e.host)?.get(e.bootid)
    if (boot) boot.lastSeen = now
    if (boot && e.sequence <= boot.floor) return 'finished'
    const row = this.#store.get<{ finished_at: number | null }>(
      'SELECT finished_at FROM event WHERE host=? AND id=?',
      e.host,
      e.id,
    )
    return row && (row.finished_at === null ? 'waiting' : 'finished')
  }

  #insert(e: Envelope, body: unknown, batch: number | null, now: number) {
    this.#store.run(
      'INSERT INTO event (host, boot, sequence, id, body, batch) VALUES (?, ?, ?, ?, ?, ?)',
      e.host,
      e.bootid,
      e.sequence,
      e.id,
      JSON.stringify(body),
      batch,
    )
    this.#store.run(
      'INSERT INTO boot VALUES (?, ?, 0, ?, ?) ON CONFLICT DO UPDATE SET last_seen=excluded.last_seen',
      e.host,
      e.bootid,
      now,
      now,
    )
  }

  /** An open batch of that key, else a new one. A batch is open until it is claimed, which gives it its id. */
  #batchFor(key: string | undefined, wait: number, now: number): number {
    const open = 'SELECT row FROM batch WHERE key=? AND id IS NULL'
    const joins = key !== undefined && this.#store.get<{ row: number }>(open, key)
    if (joins) return joins.row
    const made = this.#store.run('INSERT INTO batch (key, since, due) VALUES (?, ?, ?)', key ?? null, now, now + wait)
    return Number(made.lastInsertRowid)
  }

  #close(batch: Batch, outcome: string, now: number) {
    this.#markFinished('batch=?', [batch.row], outcome, now)
    this.#store.run('DELETE FROM batch WHERE row=?', batch.row)
  }

  #markFinished(where: string, of: readonly (string | number)[], outcome: string, now: number) {
    this.#store.run(`UPDATE event SET finished_at=?, outcome=?, batch=NULL WHERE ${where}`, now, outcome, ...of)
  }

  #bury(content: unknown, why: string, attempts: number, now: number, print: string | null = null) {
    this.#store.run(
      'INSERT INTO dead_letter (at, why, attempts, body, print) VALUES (?, ?, ?, ?, ?) ON CONFLICT (print) DO NOTHING',
      now,
      why,
      attempts,
      JSON.stringify(content),
      print,
    )
  }

  #confirm(e: Envelope, now: number) {
    const boots = this.#bootsOf(e.host)
    const boot = boots.get(e.bootid) ?? newBoot(e.bootid, now)
    boots.set(e.bootid, boot)
    finish(boot, e.sequence)
  }

  #bootsOf(host: string): Map<string, Boot> {
    const boots = this.#boots.get(host) ?? new Map<string, Boot>()
    this.#boots.set(host, boots)
    return boots
  }
}

/** Of the events alone, whatever order they came in. */
const identify = (events: readonly Event[]) => hash(events.map(nameOf).sort().join('\n\n')).slice(0, 32)
const nameOf = (e: Event) => `${e.source}\n${e.id}`
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
