/**
 * The one door to MQTT, for all rooms: several brokers at once, sessions that are kept, acknowledgement after the work.
 * `mqtt.ts` opens it to real brokers, `memory.ts` to a twin for tests; both pass the same suite.
 */
export interface BrokerAccess {
  readonly url: string
  readonly user?: string
  readonly password?: string
  /** PEM text of the authority that signed the broker's certificate. */
  readonly ca?: string
}

export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  /** The broker had it in store when we subscribed. */
  readonly retained: boolean
  /** URL of the broker it came from. The same message may come from several, and more than once from each (QoS 1). */
  readonly broker: string
}

export interface LinkOptions {
  readonly brokers: readonly BrokerAccess[]
  /** Stable over restarts: a broker keeps session and queue under this name. Unique: a broker disconnects its twin. */
  readonly clientId: string
  /** `kept`: what arrives while we are away is delivered later (MQTT 3.1.1 clean session = 0). */
  readonly session: 'kept' | 'clean'
  /** Filters, all at QoS 1. Exact topics for what is retained: not every broker sends retained messages for wildcards. */
  readonly subscriptions: readonly string[]
  /**
   * Acknowledged when the promise resolves; if it rejects, or we die before, the broker sends the message again.
   * One at a time per broker.
   */
  receive(message: Message): Promise<void>
  /** A broker has accepted us and the subscriptions stand; called again after every reconnection. */
  connected?(broker: string): void
  /** A broker has lost us, or was not to be reached at the first attempt. Attempts go on, silently. */
  disconnected?(broker: string, why: string): void
  /** Published by a broker, retained, when it loses us without a goodbye. */
  readonly will?: { readonly topic: string; readonly payload: string }
}

export interface Link {
  /**
   * Offers the message to every connected broker. Resolves when at least one acknowledged it (QoS 1; for QoS 0 when sent),
   * rejects when none did within the time. It proves nothing about consumers: only a receipt does.
   */
  publish(topic: string, payload: string, o: { readonly retained: boolean; readonly qos: 0 | 1 }): Promise<void>
  readonly brokers: readonly { readonly url: string; readonly connected: boolean }[]
  /** Says goodbye (no will), keeps sessions. */
  close(): Promise<void>
}
