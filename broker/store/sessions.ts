/** Who subscribed to what: in memory for the path of every message, written through to the disk. */
import type { Database } from './database.ts'
import { FilterTree, type Subscriber, type Subscription } from './filters.ts'

export class Sessions {
  readonly #db: Database
  #byClient = new Map<string, Map<string, Subscription>>()
  #tree = new FilterTree()

  constructor(db: Database) {
    this.#db = db
    this.load()
  }

  load(): void {
    this.#byClient = new Map()
    this.#tree = new FilterTree()
    for (const row of this.#db.statement('SELECT client, filter, fields FROM subscription ORDER BY id').all()) {
      const fields = JSON.parse(String(row.fields)) as { qos: number }
      this.#remember(String(row.client), { topic: String(row.filter), ...fields })
    }
  }

  add(client: string, subscriptions: readonly Subscription[]): Promise<void> {
    const seen = Date.now()
    for (const s of subscriptions) this.#remember(client, s)
    return this.#db.write(() => {
      this.#db.statement('INSERT OR REPLACE INTO session VALUES (?, ?)').run(client, seen)
      const put = this.#db.statement(`INSERT INTO subscription (client, filter, fields) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET fields = excluded.fields`)
      for (const { topic, ...fields } of subscriptions) put.run(client, topic, JSON.stringify(fields))
    })
  }

  remove(client: string, filters: readonly string[]): Promise<void> {
    const known = this.#byClient.get(client)
    for (const filter of filters) {
      known?.delete(filter)
      this.#tree.remove(client, filter)
    }
    if (known?.size === 0) this.#byClient.delete(client)
    return this.#db.write(() => {
      const gone = this.#db.statement('DELETE FROM subscription WHERE client = ? AND filter = ?')
      for (const filter of filters) gone.run(client, filter)
    })
  }

  /** Forgets the session; undefined when there is none. */
  end(client: string): Promise<void> | undefined {
    const filters = this.#byClient.get(client)
    for (const filter of filters?.keys() ?? []) this.#tree.remove(client, filter)
    this.#byClient.delete(client)
    if (!filters && !this.#db.statement('SELECT 1 FROM session WHERE client = ?').get(client)) return undefined
    return this.#db.write(() => {
      this.#db.statement('DELETE FROM subscription WHERE client = ?').run(client)
      this.#db.statement('DELETE FROM session WHERE client = ?').run(client)
    })
  }

  /** Notes that these clients are connected now. */
  seen(clients: Iterable<string>): Promise<void> {
    return this.#db.write(() => {
      const note = this.#db.statement('UPDATE session SET seen = ? WHERE client = ?')
      for (const client of clients) note.run(Date.now(), client)
    })
  }

  /** Clients last seen before that time (milliseconds since 1970). */
  unseenSince(time: number): string[] {
    return this.#db.statement('SELECT client FROM session WHERE seen < ?').all(time).map((row) => String(row.client))
  }

  of(client: string): Subscription[] { return [...(this.#byClient.get(client)?.values() ?? [])] }
  matching(topic: string): Subscriber[] { return this.#tree.find(topic) }
  subscribedTo(filter: string): string[] {
    return [...this.#byClient].filter(([, subs]) => subs.has(filter)).map(([client]) => client)
  }
  get clients(): number { return this.#byClient.size }
  /** Subscriptions that queue messages. */
  get queueing(): number {
    return [...this.#byClient.values()].flatMap((subs) => [...subs.values()]).filter((s) => s.qos > 0).length
  }

  #remember(client: string, s: Subscription): void {
    const subs = this.#byClient.get(client) ?? new Map<string, Subscription>()
    this.#byClient.set(client, subs)
    const { clientId: _, ...bare } = s as Subscription & { clientId?: string }
    subs.set(s.topic, bare as Subscription)
    if (s.qos > 0) this.#tree.add({ ...bare, clientId: client } as Subscriber)
    else this.#tree.remove(client, s.topic)
  }
}
