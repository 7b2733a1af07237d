/** An SQLite file that one process holds, and whose every commit is on the disk. */
import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from './schema.ts'

type Value = string | number | null

export class Store {
  readonly #db: DatabaseSync

  constructor(file: string) {
    // Held alone, even against a second process by mistake: two would run the same events twice.
    this.#db = new DatabaseSync(file, { timeout: 0 })
    try {
      this.#db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
      this.#migrate()
    } catch (e) {
      this.#db.close()
      throw e
    }
  }

  #migrate() {
    const version = this.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
    const known = MIGRATIONS.length
    if (version > known) throw new Error(`the inbox is of version ${version}, of a newer release; this one knows ${known}`)
    this.atomically(() => {
      for (const sql of MIGRATIONS.slice(version)) this.#db.exec(sql)
      this.#db.exec(`PRAGMA user_version=${known}`)
    })
  }

  /** All of it or nothing. On the disk when it returns. */
  atomically(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (e) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw e
    }
  }

  run(sql: string, ...values: Value[]): { lastInsertRowid: number | bigint } {
    return this.#db.prepare(sql).run(...values)
  }

  get<T>(sql: string, ...values: Value[]): T | undefined {
    return this.#db.prepare(sql).get(...values) as T | undefined
  }

  all<T>(sql: string, ...values: Value[]): T[] {
    return this.#db.prepare(sql).all(...values) as T[]
  }

  close(): void {
    this.#db.close()
  }
}
