/** What the election is made of: its parameters, states, inputs and effects. Plain data, without behaviour of its own. */
import type { Address } from '../../contract/address.ts'
import type { Instant, Ms } from '../../contract/time.ts'
import type { Advertisement } from '../wire/advertisement.ts'

export interface Params {
  /** 1–254 from order and health, or 255 for the address owner. */
  readonly priority: number
  /** Why the priority is what it is: the code of the last change, used to say why a state was left. */
  readonly cause: Why
  /** Our Advertisement_Interval. */
  readonly interval: Ms
  /** Other routers of this host have the same interval: they all advertise at its multiples, with one wake-up. */
  readonly inStep: boolean
  readonly version: 2 | 3
  /** `fast`: a better backup waits its Skew_Time only. `rfc`: Preempt_Mode true (§6.1). `off`: false, but see `bandFloor`. */
  readonly preempt: 'fast' | 'rfc' | 'off'
  /** Our primary address; breaks ties (§6.4.3). */
  readonly primary: Address
  /** How long a better backup leaves a host alone that serves well. */
  readonly preemptDelay: Ms
  /** Place in the order, 0 = first. */
  readonly rank: number
  /** Healthy, in service, and nobody in service stands before us: no need to wait for a better one. */
  readonly foremost: boolean
  /** A host that advertises less than this is not ranked below us, it fails: it is replaced even with `preempt: off`. */
  readonly bandFloor: number
  /** Advertisements missed before the active host counts as gone (§6.1 has 3). */
  readonly missed: number
  readonly announce: { readonly repeatAfter: Ms; readonly refresh: Ms }
}

/** What the election needs of an advertisement. */
export type Advert = Pick<Advertisement, 'priority' | 'interval'>

/** Whom a backup follows: what its last advertisement said. */
export interface Heard { readonly from: Address; readonly priority: number; readonly at: Instant }

export interface Backup {
  readonly at: 'backup'
  /** When the active host counts as gone, or our turn has come: Active_Down_Timer. */
  readonly downAt: Instant
  /** Why we would step in when `downAt` comes. */
  readonly because: Why
  /** The interval of the active host (§6.1), believed only when a second advertisement confirmed it. */
  readonly activeInterval: Ms
  readonly unconfirmedInterval?: Ms
  readonly heard?: Heard
  /** A worse host serves well: when its `preemptDelay` is over. */
  readonly preemptAt?: Instant
}
export interface Active {
  readonly at: 'active'
  readonly advertiseAt: Instant
  /** When the addresses are announced again, earliest first. */
  readonly announceAt: readonly Instant[]
  readonly announcedAt: Instant
  /** We were stalled: what waits in the sockets is listened to before we speak again. */
  readonly listening?: true
}
/** Stopping: still answering, at the lowest priority, until somebody better is heard. */
export interface Leaving { readonly at: 'leaving'; readonly advertiseAt: Instant; readonly until: Instant }

export type State = { readonly at: 'initialize' } | Backup | Active | Leaving

export type Input =
  | { readonly is: 'startup' }
  | { readonly is: 'shutdown' }
  | { readonly is: 'tick' }
  /** `patient`: a worse host is not replaced at once, since a router that moves together with this one knows nobody yet. */
  | { readonly is: 'heard'; readonly from: Address; readonly advert: Advert; readonly patient?: boolean }
  /** The parameters given with this step differ from those of the last one. */
  | { readonly is: 'retuned' }
  /** The process did not run for longer than a backup waits; packets may be queued. */
  | { readonly is: 'resumed' }
  /** A router that moves together with this one has stepped in. */
  | { readonly is: 'summoned' }
  /** The interface is unusable; `startup` brings the router back. */
  | { readonly is: 'lost'; readonly why: Why }

/** What the shell must do, in this order. Plain data, so that tests compare it and logs print it. */
export type Effect =
  | { readonly do: 'advertise'; readonly priority: number }
  /** Add the service addresses and announce each. */
  | { readonly do: 'claim' }
  | { readonly do: 'announce' }
  | { readonly do: 'release' }
  | { readonly do: 'report'; readonly from: Visible; readonly to: Visible; readonly why: Why; readonly active?: Address }

/** RFC 9568's three states; a leaving host is still active for everybody else. */
export type Visible = 'initialize' | 'backup' | 'active'
export const visible = (s: State): Visible => (s.at === 'leaving' ? 'active' : s.at)

export type Why =
  | 'started' | 'stopped' | 'nobody-active' | 'active-silent' | 'active-left' | 'active-worse' | 'active-failing' | 'address-owner'
  | 'outranked' | 'check-failed' | 'check-degraded' | 'check-recovered' | 'order-changed' | 'maintenance' | 'interface-down' | 'reloaded'

export interface Step { readonly state: State; readonly effects: readonly Effect[] }

/** When the shell must next send `tick`. */
export function deadline(s: State): Instant | undefined {
  switch (s.at) {
    case 'initialize': return undefined
    case 'backup': return Math.min(s.downAt, s.preemptAt ?? Infinity) as Instant
    case 'active': return Math.min(s.advertiseAt, s.announceAt[0] ?? Infinity) as Instant
    case 'leaving': return Math.min(s.advertiseAt, s.until) as Instant
  }
}
