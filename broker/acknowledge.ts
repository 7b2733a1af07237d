/**
 * aedes 1.2 acknowledges a QoS 1 message before it stores it, and stores that a QoS 2 message has come before the
 * message: a crash in between loses what a client believes safe. Here a message is stored in `authorizePublish`, the
 * one step that aedes awaits before it answers, and its own call of `publish` afterwards only waits for the receivers.
 *
 * It also keeps one order: messages are numbered, stored and handed out in the same order. aedes lets a quick one
 * (QoS 0, or without a store) overtake one that waits for the disk, and then discards the slower as a duplicate,
 * because its number is the smaller one.
 */
import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes'
import { HALF_RECEIVED } from './limits.ts'
import type { Packet, SqlitePersistence } from './persistence.ts'

type Done = (error?: Error) => void
/** When the message is on the disk, and when every connected receiver has been given it. */
interface Passage { readonly stored: Promise<void>; readonly handedOut: Promise<void> }

export interface StoringOptions extends Omit<AedesOptions, 'authorizePublish' | 'persistence' | 'maxInflightInbound'> {
  readonly persistence: SqlitePersistence
  /** A refused message is acknowledged and dropped: 3.1.1 has no refusal, and a closed socket would bring it again. */
  mayPublish(client: Client | null, packet: PublishPacket): boolean
}

export class StoringBroker extends Aedes {
  declare counter: number
  declare mq: { emit(packet: Packet, done: Done): void }
  readonly #store: SqlitePersistence
  readonly #mayPublish: StoringOptions['mayPublish']
  /** Messages that `authorizePublish` has dealt with, until aedes comes with them again. */
  readonly #taken = new WeakMap<object, Promise<void>>()

  constructor({ mayPublish, ...o }: StoringOptions) {
    super({ ...o, maxInflightInbound: HALF_RECEIVED, authorizePublish: (client, packet, done) => {
      this.#authorize(client, packet).then(() => done(null), done)
    } })
    this.#store = o.persistence
    this.#mayPublish = mayPublish
  }

  /** Resolves when the message may be acknowledged; a rejection ends the connection without. */
  #authorize(client: Client | null, packet: PublishPacket): Promise<void> {
    if (!this.#mayPublish(client, packet)) {
      this.#taken.set(packet, Promise.resolve())
      return Promise.resolve()
    }
    // A will has no identifier and nobody to acknowledge it to.
    if (!client || packet.qos === 0 || packet.messageId === undefined) return Promise.resolve()
    if (packet.qos === 1) return this.#take(client, packet, undefined)
    return this.#takeOnce(client, packet)
  }

  /** QoS 2: the message and that it has come are stored together. A repetition aedes recognises, too, and answers. */
  async #takeOnce(client: Client, packet: PublishPacket): Promise<void> {
    if (this.#store.incomingHas(client, packet)) return
    if (this.#store.incomingCount(client) >= HALF_RECEIVED) {
      throw new Error(`${HALF_RECEIVED} of its QoS 2 messages wait for their release already`)
    }
    await this.#take(client, packet, () => this.#store.remember(client, packet as Packet))
  }

  #take(client: Client, packet: PublishPacket, alongside: (() => void) | undefined): Promise<void> {
    const { stored, handedOut } = this.#pass(packet, client, alongside)
    this.#taken.set(packet, handedOut)
    return stored
  }

  // aedes calls it with and without a client, whatever its types say.
  override publish(packet: PublishPacket, client: Client | null | Done, done?: Done): void {
    const then = typeof client === 'function' ? client : (done ?? (() => {}))
    const taken = this.#taken.get(packet)
    this.#taken.delete(packet)
    const handedOut = taken ?? this.#pass(packet, typeof client === 'function' ? null : client, undefined).handedOut
    handedOut.then(() => then(), then)
  }

  #pass(packet: PublishPacket, client: Client | null, alongside: (() => void) | undefined): Passage {
    const numbered: Packet = {
      cmd: 'publish',
      brokerId: this.id,
      brokerCounter: ++this.counter,
      topic: packet.topic,
      payload: packet.payload,
      // Nothing leaves at QoS 2: a client that crashes while it works would lose the message (it has "received" it).
      qos: Math.min(packet.qos ?? 0, 1),
      retain: packet.retain ?? false,
      dup: false,
      ...(client ? { clientId: client.id } : {}),
    }
    const handOut = () => new Promise<void>((resolve, reject) => {
      this.mq.emit(numbered, (e) => (e ? reject(e) : resolve()))
    })
    const kept = this.#store.keep(numbered, alongside)
    const handedOut = kept ? kept.then(handOut) : handOut()
    // Whoever waits for it hears a failure; nobody need.
    handedOut.catch(() => {})
    return { stored: kept ?? Promise.resolve(), handedOut }
  }
}
