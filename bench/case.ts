/**
 * What is compared, and who competes. A case is one file in `cases/`; a contestant knows how to run one product on the
 * lab's hosts.
 */
import type { Instant } from '../contract/time.ts'
import type { Lab, Machine } from '../lab/net.ts'
import type { Running } from '../lab/process.ts'

export interface Setting {
  readonly version: 2 | 3
  /** Seconds between advertisements. */
  readonly interval: number
  /** Version 2 with a password, as the configuration this project started from had it. */
  readonly pass?: string
  /** Are the name servers checked (every second, one second to answer), or are priorities fixed? */
  readonly checked: boolean
}

export interface Contestant {
  readonly name: string
  /** Starts it on every host, the first of `order` preferred. Returns before anybody is active. */
  start(lab: Lab, setting: Setting, order: readonly string[]): Promise<Cluster>
}

export interface Cluster {
  daemon(host: Machine): Running
  /** To all its processes there at once, when it has several. */
  signal(host: Machine, name: NodeJS.Signals): void
  /** Makes another order known to all; the instant that was done. */
  reorder(order: readonly string[]): Promise<Instant>
  /** Ends all daemons; what they leave behind is undone by the caller. */
  stop(): Promise<void>
}

/** A cluster that has settled, with the first host of `order` active. */
export interface Stage {
  readonly lab: Lab
  readonly cluster: Cluster
  readonly order: readonly string[]
  readonly active: Machine
  nameServer(host: Machine): Running
}

export interface Case {
  readonly name: string
  /** For the heading of its table. */
  readonly title: string
  readonly setting: Setting
  /** Milliseconds by which another host must answer, or the round has failed. */
  readonly patience: number
  /** Milliseconds to go on measuring after that. Default: a second and an interval. */
  readonly aftermath?: number
  /** Only played when named: it takes long, or a contestant does not survive it. */
  readonly onRequest?: true
  /** Makes it happen; the instant it did. */
  happen(stage: Stage): Promise<Instant>
}

/** The service of the bench: one virtual router with an address of each family. */
export const SERVICE = { router: 'testdns0', vrid: 210, ipv4: '10.53.0.210', ipv6: 'fd53::210' } as const
export const HOSTS = ['recdns-cnh', 'recdns-wcdc', 'recdns-rnb', 'recdns-sby'] as const
