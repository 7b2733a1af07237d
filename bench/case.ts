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
  /** Once more, after the host has crashed. */
  restart(host: Machine): void
  /** To all its processes there at once, when it has several. */
  signal(host: Machine, name: NodeJS.Signals): void
  /** Makes another order known to all; the instant that was done. */
  reorder(order: readonly string[]): Promise<Instant>
  /** Ends all daemons; what they leave behind is undone by the caller. */
  stop(): Promise<void>
}

/** A cluster that has settled, with one active host. */
export interface Stage {
  readonly lab: Lab
  readonly cluster: Cluster
  readonly order: readonly string[]
  /** While a case is prepared, the first host of `order`; then the one that serves. */
  readonly active: Machine
  nameServer(host: Machine): Running
  startNameServer(host: Machine): Promise<void>
}

/** What only some cases have to tell; all in milliseconds. */
export interface Special {
  /** Two hosts held a service address; and how much of that was after the end of what happened. */
  readonly shared?: number | undefined
  readonly sharedAfter?: number | undefined
  /** From the removal of an address to its return, as the kernel told both. */
  readonly back4?: number | undefined
  readonly back6?: number | undefined
  /**
   * First gratuitous ARP, less what the protocol allows: last advertisement of the silent host on the wire, three intervals,
   * and the skew of the host that takes over.
   */
  readonly above?: number | undefined
}

export interface Happening {
  readonly at: Instant
  /** When it was over, if it passes. */
  readonly over?: Promise<Instant>
}

export interface Case {
  readonly name: string
  /** For the heading of its table. */
  readonly title: string
  readonly setting: Setting
  /** Figures of its own, beside those that every case has. */
  readonly special?: readonly (keyof Special)[]
  /** Milliseconds by which it must be over (another host answers, or the address is back), or the round has failed. */
  readonly patience: number
  /** Nobody else need take over: it is over when the address is back. */
  readonly stays?: true
  /** Milliseconds to go on measuring after that. Default: a second and an interval. */
  readonly aftermath?: number
  /** Before anything is measured; the host that shall serve then. Default: the first, as it is. */
  prepare?(stage: Stage): Promise<Machine>
  /** Makes it happen. */
  happen(stage: Stage): Promise<Happening>
}

/** The service of the bench: one virtual router with an address of each family. */
export const SERVICE = { router: 'testdns0', vrid: 210, ipv4: '10.53.0.210', ipv6: 'fd53::210' } as const
export const HOSTS = ['recdns-cnh', 'recdns-wcdc', 'recdns-rnb', 'recdns-sby'] as const
