/**
 * Messages on their way to sessions that are kept: one body, one row for each receiver, first in first out over restarts.
 * Packet identifiers live in memory only: after a restart a message gets a new one, which QoS 1 allows (the broker
 * sends nothing at QoS 2).
 */
import type { Database } from './database.ts'
import { forwarded, fromRow, toRow, type Packet, type Row } from './packet.ts'

/** Rows read at once when a client comes back to a long queue. */
const PAGE = 100

const ROWS = 'SELECT o.seq, b.fields, b.payload FROM outgoing o JOIN body b ON b.id = o.body'
interface NumberedRow extends Row { readonly seq: number }

interface Flight { readonly message: number; released: boolean }
interface Client { length: number; readonly bySeq: Map<number, Flight>; readonly byMessage: Map<number, number[]> }

export class Queue {
  readonly #db: Database
  readonly #limit: number
  readonly #full: (client: string) => void
  #clients = new Map<string, Client>()
  #runs = new Map<string, number>()

  /** `limit`: messages for one client; `full` hears whose message was refused because of it. */
  constructor(db: Database, limit: number, full: (client: string) => void) {
    this.#db = db
    this.#limit = limit
    this.#full = full
    db.statement('DELETE FROM run WHERE id NOT IN (SELECT run FROM outgoing)').run()
    this.load()
  }

  load(): void {
    const before = this.#clients
    this.#clients = new Map()
    this.#runs = new Map(this.#db.statement('SELECT broker, id FROM run').all().map((r) => [String(r.broker), Number(r.id)]))
    for (const row of this.#db.statement('SELECT client, count(*) AS length FROM outgoing GROUP BY client').all()) {
      const { bySeq, byMessage } = before.get(String(row.client)) ?? { bySeq: new Map(), byMessage: new Map() }
      this.#clients.set(String(row.client), { length: Number(row.length), bySeq, byMessage })
    }
  }

  /** Queues a packet for these clients. To be called within a `write`. */
  add(clients: readonly string[], packet: Packet): void {
    const takers = clients.filter((id) => {
      const fits = this.#client(id).length < this.#limit
      if (!fits) this.#full(id)
      return fits
    })
    if (takers.length === 0) return
    const row = toRow(forwarded(packet))
    const body = this.#db.statement('INSERT INTO body (fields, payload, copies) VALUES (?, ?, ?)')
      .run(row.fields, row.payload, takers.length).lastInsertRowid
    const put = this.#db.statement('INSERT INTO outgoing (client, body, run, counter) VALUES (?, ?, ?, ?)')
    for (const id of takers) {
      put.run(id, body, this.#run(packet.brokerId ?? ''), packet.brokerCounter ?? 0)
      this.#client(id).length++
    }
  }

  /** Notes the packet identifier under which the message is sent, or that the receiver has it and only needs its release. */
  update(id: string, packet: Packet): void {
    const client = this.#client(id)
    if (packet.cmd === 'pubrel') {
      const flight = client.bySeq.get(client.byMessage.get(packet.messageId ?? -1)?.[0] ?? -1)
      if (!flight) throw new Error('no such packet')
      flight.released = true
      return
    }
    const row = this.#db.statement('SELECT seq FROM outgoing WHERE client = ? AND run = ? AND counter = ?')
      .get(id, this.#run(packet.brokerId ?? ''), packet.brokerCounter ?? 0)
    if (!row) throw new Error('no such packet')
    if (packet.messageId !== undefined) fly(client, Number(row.seq), packet.messageId)
  }

  /** The oldest message under that packet identifier is done. To be called within a `write`. */
  done(id: string, message: number): Packet | undefined {
    const client = this.#client(id)
    const seq = client.byMessage.get(message)?.[0]
    if (seq === undefined) return undefined
    const row = this.#db.statement(`${ROWS} WHERE o.seq = ?`).get(seq)
    const packet = row && this.#packet(client, row as unknown as NumberedRow)
    land(client, seq)
    if (row) {
      this.#db.statement('DELETE FROM outgoing WHERE seq = ?').run(seq)
      client.length--
    }
    return packet
  }

  /** Everything queued at the moment of the call, oldest first, read page by page. */
  * list(id: string): Generator<Packet> {
    const last = Number(this.#db.statement('SELECT max(seq) AS last FROM outgoing WHERE client = ?').get(id)?.last ?? 0)
    const page = this.#db.statement(`${ROWS} WHERE o.client = ? AND o.seq > ? AND o.seq <= ? ORDER BY o.seq LIMIT ${PAGE}`)
    for (let after = 0; after < last;) {
      const rows = page.all(id, after, last) as unknown as NumberedRow[]
      if (rows.length === 0) return
      for (const row of rows) yield this.#packet(this.#client(id), row)
      after = rows.at(-1)?.seq ?? last
    }
  }

  /** Forgets the queue of a client. To be called within a `write`. */
  drop(id: string): void {
    this.#db.statement('DELETE FROM outgoing WHERE client = ?').run(id)
    this.#clients.delete(id)
  }

  lengthOf(id: string): number { return this.#clients.get(id)?.length ?? 0 }

  #packet(client: Client, row: NumberedRow): Packet {
    const flight = client.bySeq.get(row.seq)
    if (flight?.released) return { cmd: 'pubrel', messageId: flight.message } as Packet
    return { ...fromRow(row), messageId: flight?.message }
  }

  #client(id: string): Client {
    const known = this.#clients.get(id)
    if (known) return known
    const client: Client = { length: 0, bySeq: new Map(), byMessage: new Map() }
    this.#clients.set(id, client)
    return client
  }

  /** A number for each run of a broker: packets of different runs carry the same counters. */
  #run(broker: string): number {
    let run = this.#runs.get(broker)
    if (run === undefined) {
      run = Number(this.#db.statement('INSERT INTO run (broker) VALUES (?)').run(broker).lastInsertRowid)
      this.#runs.set(broker, run)
    }
    return run
  }
}

/** More than 65,535 messages can be unacknowledged: then several share an identifier, and acknowledgements come in order. */
function fly(client: Client, seq: number, message: number): void {
  if (client.bySeq.get(seq)?.message === message) return
  land(client, seq)
  client.bySeq.set(seq, { message, released: false })
  client.byMessage.set(message, [...(client.byMessage.get(message) ?? []), seq])
}

function land(client: Client, seq: number): void {
  const flight = client.bySeq.get(seq)
  if (!flight) return
  client.bySeq.delete(seq)
  const rest = (client.byMessage.get(flight.message) ?? []).filter((s) => s !== seq)
  if (rest.length > 0) client.byMessage.set(flight.message, rest)
  else client.byMessage.delete(flight.message)
}
