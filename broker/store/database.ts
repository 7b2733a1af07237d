/**
 * The file behind the broker: SQLite in WAL mode with `synchronous=FULL`, so that what is committed survives a power
 * cut. All writes of one turn of the event loop share one transaction, and so one fsync; a promise resolves after it.
 * Statements run at once, inside the open transaction: whoever reads sees what was written before.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'

export interface Database {
  /** A prepared statement, kept for the next time. */
  statement(text: string): StatementSync
  /** Runs `work` in the transaction of this turn; resolves when it is on the disk, in the order of the calls. */
  write<T>(work: () => T): Promise<T>
  /** Resolves when everything written so far is on the disk; undefined when it is already. */
  settled(): Promise<void> | undefined
  close(): void
}

/** Grows when the tables change. */
const VERSION = 1

const TABLES = `
  CREATE TABLE retained (topic TEXT PRIMARY KEY, fields TEXT NOT NULL, payload ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE session (client TEXT PRIMARY KEY, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE subscription (
    id INTEGER PRIMARY KEY, client TEXT NOT NULL, filter TEXT NOT NULL, fields TEXT NOT NULL,
    UNIQUE (client, filter)) STRICT;
  CREATE TABLE run (id INTEGER PRIMARY KEY, broker TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE body (id INTEGER PRIMARY KEY, fields TEXT NOT NULL, payload ANY, copies INTEGER NOT NULL) STRICT;
  CREATE TABLE outgoing (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, client TEXT NOT NULL,
    body INTEGER NOT NULL, run INTEGER NOT NULL, counter INTEGER NOT NULL) STRICT;
  CREATE INDEX outgoing_of_client ON outgoing (client, seq);
  CREATE INDEX outgoing_of_packet ON outgoing (client, run, counter);
  CREATE TRIGGER outgoing_gone AFTER DELETE ON outgoing BEGIN
    UPDATE body SET copies = copies - 1 WHERE id = OLD.body;
    DELETE FROM body WHERE id = OLD.body AND copies <= 0;
  END;
  CREATE TABLE incoming (
    client TEXT NOT NULL, message INTEGER NOT NULL, fields TEXT NOT NULL, payload ANY,
    PRIMARY KEY (client, message)) STRICT, WITHOUT ROWID;
  CREATE TABLE will (client TEXT PRIMARY KEY, broker TEXT NOT NULL, fields TEXT NOT NULL, payload ANY) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};`

/** Opens and checks the file. `rolledBack` hears that writes were lost, so that what is kept in memory is read again. */
export function openDatabase(file: string, rolledBack: () => void): Database {
  const sql = openChecked(file)
  let waiting: { resolve(): void; reject(e: unknown): void }[] = []
  let turn: NodeJS.Immediate | undefined
  let failure: unknown
  const statements = new Map<string, StatementSync>()

  function commit() {
    const all = waiting
    clearImmediate(turn)
    waiting = []
    turn = undefined
    try {
      if (failure !== undefined) throw failure
      sql.exec('COMMIT')
    } catch (e) {
      failure = undefined
      if (sql.isTransaction) sql.exec('ROLLBACK')
      rolledBack()
      for (const w of all) w.reject(e)
      return
    }
    for (const w of all) w.resolve()
  }

  return {
    statement(text) {
      const known = statements.get(text) ?? sql.prepare(text)
      statements.set(text, known)
      return known
    },
    write: (work) => new Promise((resolve, reject) => {
      if (turn === undefined) {
        sql.exec('BEGIN IMMEDIATE')
        turn = setImmediate(commit)
      }
      try {
        const value = work()
        waiting.push({ resolve: () => resolve(value), reject })
      } catch (e) {
        // Half of the work may have been done: nothing of this turn is kept, and everybody hears it.
        failure ??= e
        waiting.push({ resolve() {}, reject })
      }
    }),
    settled() {
      if (turn === undefined) return undefined
      return new Promise((resolve) => { waiting.push({ resolve, reject: () => resolve() }) })
    },
    close() {
      if (turn !== undefined) commit()
      sql.close()
    },
  }
}

function openChecked(file: string): DatabaseSync {
  let sql: DatabaseSync | undefined
  try {
    sql = new DatabaseSync(file)
    // Exclusive: two brokers on one store would each keep half of every queue.
    sql.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    sql.exec('PRAGMA journal_size_limit = 67108864')
    const found = String(sql.prepare('PRAGMA quick_check(1)').get()?.quick_check)
    if (found !== 'ok') throw new Error(`is damaged (${found})`)
    const version = Number(sql.prepare('PRAGMA user_version').get()?.user_version)
    if (version > VERSION) throw new Error('was written by a newer release: install that one again, or move the file away')
    if (version === 0) sql.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT;`)
    return sql
  } catch (e) {
    sql?.close()
    throw new Error(`the broker's store ${file} ${remedy(e instanceof Error ? e.message : String(e))}`, { cause: e })
  }
}

function remedy(fault: string): string {
  if (/locked/.test(fault)) return 'is in use by another broker: stop that one, or give this one a store of its own'
  if (/damaged|malformed|not a database/.test(fault)) {
    return `cannot be read: ${fault}. Move it away, with its -wal file, and start again: `
      + 'sessions and retained orders in it are lost, daemons keep the last order they applied'
  }
  return fault.startsWith('was') ? fault : `cannot be opened: ${fault}. Its directory must exist and be writable`
}
