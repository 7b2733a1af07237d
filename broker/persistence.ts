/**
 * What the broker must not forget, for aedes: retained messages, sessions, queues, wills. The interface is that of
 * aedes-persistence (its suite runs against this file); `keep` is ours: one message, stored for everybody in one step.
 */
import { Readable } from 'node:stream'
import { openDatabase, type Database } from './store/database.ts'
import { literalPrefix, matches, type Subscriber, type Subscription } from './store/filters.ts'
import { forwarded, fromRow, toRow, type Packet, type Row } from './store/packet.ts'
import { Queue } from './store/queue.ts'
import { Sessions } from './store/sessions.ts'

export type { Packet } from './store/packet.ts'

interface ClientId { readonly id: string }
interface BrokerId { readonly id: string }
type Will = Packet & { brokerId?: string; clientId?: string }

export interface PersistenceOptions {
  /** Messages kept for one session; the oldest are kept, newer ones refused. */
  readonly queuedMessages: number
  /** Hears whose message was refused because of that. */
  queueFull?(client: string): void
  /** May this client subscribe to that? aedes would store what it has refused, and the queue would grow unseen. */
  grants?(client: object, filter: string): boolean
  /** Hears what goes wrong in a stream: aedes listens to none, and an error nobody listens to ends the process. */
  fault?(e: Error): void
}

export class SqlitePersistence {
  readonly #db: Database
  readonly #sessions: Sessions
  readonly #queue: Queue
  readonly #options: PersistenceOptions
  #broker: BrokerId = { id: '' }

  constructor(file: string, o: PersistenceOptions) {
    this.#options = o
    this.#db = openDatabase(file, () => {
      this.#sessions.load()
      this.#queue.load()
    })
    this.#sessions = new Sessions(this.#db)
    this.#queue = new Queue(this.#db, o.queuedMessages, (client) => o.queueFull?.(client))
  }

  get broker(): BrokerId { return this.#broker }
  async setup(broker: BrokerId): Promise<void> { this.#broker = broker }
  async destroy(): Promise<void> { this.#db.close() }

  /**
   * Stores a message as retained and in the queues it belongs to. The promise resolves when it is on the disk, in the
   * order of the calls; undefined: there was nothing to store, and nothing before it is still on its way to the disk.
   */
  keep(packet: Packet, alongside?: () => void): Promise<void> | undefined {
    const takers = (packet.qos ?? 0) > 0 ? [...new Set(this.#sessions.matching(packet.topic).map((s) => s.clientId))] : []
    if (takers.length === 0 && !packet.retain && !alongside) return this.#db.settled()
    return this.#db.write(() => {
      if (packet.retain) this.#retain(packet)
      if (takers.length > 0) this.#queue.add(takers, packet)
      alongside?.()
    })
  }

  async storeRetained(packet: Packet): Promise<void> { return this.#db.write(() => this.#retain(packet)) }

  #retain(packet: Packet): void {
    if (packet.payload.length === 0) {
      this.#db.statement('DELETE FROM retained WHERE topic = ?').run(packet.topic)
    } else {
      const row = toRow(packet)
      this.#db.statement('INSERT OR REPLACE INTO retained VALUES (?, ?, ?)').run(packet.topic, row.fields, row.payload)
    }
  }

  createRetainedStream(filter: string): Readable { return this.createRetainedStreamCombi([filter]) }
  createRetainedStreamCombi(filters: readonly string[]): Readable { return this.#stream(() => this.#retained(filters)) }

  #stream<T>(rows: () => Iterable<T>): Readable {
    const { fault } = this.#options
    return Readable.from((function* () {
      try {
        yield* rows()
      } catch (e) {
        fault?.(e instanceof Error ? e : new Error(String(e)))
      }
    })())
  }

  /** Topics first, then one body at a time: what matches may be large, and the receiver slow. */
  * #retained(filters: readonly string[]): Generator<Packet> {
    for (const filter of filters) {
      const prefix = literalPrefix(filter)
      // `a/#` matches `a` too (MQTT 3.1.1 §4.7.1.2).
      const from = filter.endsWith('/#') && prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
      const topics = prefix === filter ? [filter]
        : this.#db.statement('SELECT topic FROM retained WHERE topic >= ? AND topic < ? ORDER BY topic')
          .all(from, `${from}\u{10ffff}`).map((row) => String(row.topic)).filter((topic) => matches(filter, topic))
      for (const topic of topics) {
        const row = this.#db.statement('SELECT fields, payload FROM retained WHERE topic = ?').get(topic)
        if (row) yield fromRow(row as unknown as Row)
      }
    }
  }

  async addSubscriptions(client: ClientId, subscriptions: readonly Subscription[]): Promise<void> {
    const { grants } = this.#options
    return this.#sessions.add(client.id, grants ? subscriptions.filter((s) => grants(client, s.topic)) : subscriptions)
  }
  async removeSubscriptions(client: ClientId, filters: readonly string[]): Promise<void> {
    return this.#sessions.remove(client.id, filters)
  }
  async subscriptionsByClient(client: ClientId): Promise<Subscription[]> { return this.#sessions.of(client.id) }
  async subscriptionsByTopic(topic: string): Promise<Subscriber[]> { return this.#sessions.matching(topic) }
  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return { subsCount: this.#sessions.queueing, clientsCount: this.#sessions.clients }
  }
  getClientList(filter: string): Readable { return Readable.from(this.#sessions.subscribedTo(filter)) }

  /** The end of a session, with its queue (MQTT 3.1.1 §3.1.2.4). */
  async cleanSubscriptions(client: ClientId): Promise<void> {
    const ended = this.#sessions.end(client.id)
    if (this.#queue.lengthOf(client.id) > 0) await this.#db.write(() => this.#queue.drop(client.id))
    await ended
  }

  async seen(clients: Iterable<string>): Promise<void> { return this.#sessions.seen(clients) }

  /** Ends the sessions of clients that nobody has seen since that time (milliseconds since 1970). */
  async expire(before: number): Promise<string[]> {
    const gone = this.#sessions.unseenSince(before)
    await Promise.all(gone.map((id) => this.cleanSubscriptions({ id })))
    return gone
  }

  async outgoingEnqueue(to: { readonly clientId: string }, packet: Packet): Promise<void> {
    return this.outgoingEnqueueCombi([to], packet)
  }
  async outgoingEnqueueCombi(to: readonly { readonly clientId: string }[], packet: Packet): Promise<void> {
    return this.#db.write(() => this.#queue.add(to.map((s) => s.clientId), packet))
  }
  async outgoingUpdate(client: ClientId, packet: Packet): Promise<void> { this.#queue.update(client.id, packet) }
  outgoingStream(client: ClientId): Readable { return this.#stream(() => this.#queue.list(client.id)) }

  /** Waits for no disk: should the row come back after a crash, the message is delivered again, as QoS 1 may. */
  async outgoingClearMessageId(client: ClientId, packet: Pick<Packet, 'messageId'>): Promise<Packet | undefined> {
    const message = packet.messageId
    if (message === undefined) return undefined
    let found: Packet | undefined
    this.#db.write(() => { found = this.#queue.done(client.id, message) }).catch(() => {})
    return found
  }

  async incomingStorePacket(client: ClientId, packet: Packet): Promise<void> {
    return this.#db.write(() => this.remember(client, packet))
  }

  /** That a QoS 2 message has come in. To be called alongside `keep`, so that both are stored or neither. */
  remember(client: ClientId, packet: Packet): void {
    const row = toRow(forwarded(packet))
    this.#db.statement('INSERT OR REPLACE INTO incoming VALUES (?, ?, ?, ?)')
      .run(client.id, packet.messageId ?? 0, row.fields, row.payload)
  }
  incomingCount(client: ClientId): number {
    return Number(this.#db.statement('SELECT count(*) AS n FROM incoming WHERE client = ?').get(client.id)?.n)
  }
  incomingHas(client: ClientId, packet: Pick<Packet, 'messageId'>): boolean {
    return this.#incoming(client, packet) !== undefined
  }
  async incomingGetPacket(client: ClientId, packet: Pick<Packet, 'messageId'>): Promise<Packet> {
    const row = this.#incoming(client, packet)
    if (!row) throw new Error('no such packet')
    return { ...fromRow(row), messageId: packet.messageId }
  }
  #incoming(client: ClientId, packet: Pick<Packet, 'messageId'>): Row | undefined {
    return this.#db.statement('SELECT fields, payload FROM incoming WHERE client = ? AND message = ?')
      .get(client.id, packet.messageId ?? 0) as unknown as Row | undefined
  }
  async incomingDelPacket(client: ClientId, packet: Pick<Packet, 'messageId'>): Promise<void> {
    if (!this.incomingHas(client, packet)) throw new Error('no such packet')
    const gone = this.#db.statement('DELETE FROM incoming WHERE client = ? AND message = ?')
    await this.#db.write(() => gone.run(client.id, packet.messageId ?? 0))
  }
  async cleanIncoming(client: ClientId): Promise<void> {
    if (this.incomingCount(client) === 0) return
    await this.#db.write(() => this.#db.statement('DELETE FROM incoming WHERE client = ?').run(client.id))
  }

  async putWill(client: ClientId, packet: Will): Promise<void> {
    packet.brokerId = this.#broker.id
    packet.clientId = client.id
    const row = toRow(packet)
    const put = this.#db.statement('INSERT OR REPLACE INTO will VALUES (?, ?, ?, ?)')
    await this.#db.write(() => put.run(client.id, this.#broker.id, row.fields, row.payload))
  }
  async getWill(client: ClientId): Promise<Packet | undefined> {
    const row = this.#db.statement('SELECT fields, payload FROM will WHERE client = ?').get(client.id)
    return row && fromRow(row as unknown as Row)
  }
  async delWill(client: ClientId): Promise<Packet | undefined> {
    const will = await this.getWill(client)
    if (will) await this.#db.write(() => this.#db.statement('DELETE FROM will WHERE client = ?').run(client.id))
    return will
  }
  /** Wills of clients whose broker is none of these. */
  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    const wills = this.#db.statement('SELECT broker, fields, payload FROM will').all()
    return Readable.from(wills.filter((row) => !brokers[String(row.broker)]).map((row) => fromRow(row as unknown as Row)))
  }
}
