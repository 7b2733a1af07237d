/** What the election's thread and the worker say to each other. Plain data: it is copied from thread to thread. */
import type { BrokerAccess } from '../../link/link.ts'
import type { Order } from '../../contract/order.ts'
import type { Downlink, Numbered, Shown } from '../ports.ts'

export interface WorkerSetup {
  readonly cluster: string
  readonly topicRoot: string
  readonly host: string
  readonly bootId: string
  readonly brokers: readonly BrokerAccess[]
  readonly stateDirectory: string
  readonly requiredHandlers: readonly string[]
  /** Groups of this host with their members and the order in force at the start. */
  readonly groups: readonly { readonly name: string; readonly hosts: readonly string[]; readonly routers: readonly string[]; readonly order: Order }[]
  /** Most bytes that flight records take on disk. */
  readonly flightBytes: number
}

export type ToWorker =
  | { readonly is: 'event'; readonly event: Numbered }
  | { readonly is: 'show'; readonly shown: Shown }
  | { readonly is: 'keep'; readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }
  | { readonly is: 'close' }

export type FromWorker =
  | { readonly is: 'down'; readonly down: Downlink }
  | { readonly is: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly fields: object; readonly text: string }
  | { readonly is: 'gap'; readonly lost: number }
  | { readonly is: 'closed' }
