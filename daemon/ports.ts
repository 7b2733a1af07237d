/** What the loop needs from the world. `io/` and `uplink/` implement it for real, the simulated LAN of the tests in virtual time. */
import type { Address, Family, Prefixed } from '../contract/address.ts'
import type { CheckConfig, ServiceAddress } from '../contract/config.ts'
import type { EventData, EventType, OrderResult, RouterSnapshot, CheckSnapshot } from '../contract/events.ts'
import type { Order, OrderRefusal } from '../contract/order.ts'
import type { Instant, WallTime } from '../contract/time.ts'
import type { Datagram } from './wire/advertisement.ts'

export interface Clock {
  /** Monotonic. */
  now(): Instant
  /** For people only. */
  wall(): WallTime
  /** Calls `wake` once, at `at` or a little later; a new call replaces the last. undefined: never. */
  wakeAt(at: Instant | undefined, wake: () => void): void
  /** Calls `then` when everything that already waits in the sockets has been delivered. */
  afterDrain(then: () => void): void
}

/** One VRRP socket for one interface and family. */
export interface AdvertSocket {
  readonly family: Family
  /** Our address on that interface, the source of what we send: the first IPv4 address, or the link-local IPv6 one. */
  readonly source: Address
  /** 224.0.0.18 or ff02::12. */
  readonly group: Address
  /** False when the kernel refused; the reason has been logged once. */
  send(payload: Uint8Array, to: Address): boolean
  close(): void
}
/** `unicast`: it came to our own address, not to the group, with that hop limit at least; routers that differ in it have a socket each. */
export type Receive = (interfaceName: string, unicast: number | undefined, d: Datagram) => void

/** At most 15 bytes: the VRID is unique on its link, the family tells two elections of one router apart. */
export const macvlanName = (parent: string, family: Family, vrid: number): string => `us${vrid}v${family}-${parent}`.slice(0, 15)

/** The service addresses on one interface. All calls are synchronous and take microseconds. */
export interface AddressTable {
  /** Adds, or renews the lifetime of what is there. Returns those that the kernel refused, in words. */
  hold(interfaceName: string, addresses: readonly ServiceAddress[], leaseSeconds: number | undefined): readonly string[]
  /** Renews what is held, together with all others at the next `flush`; refusals are noticed when addresses are compared. */
  renew(interfaceName: string, addresses: readonly ServiceAddress[], leaseSeconds: number): void
  flush(): void
  release(interfaceName: string, addresses: readonly Prefixed[]): void
  /** What is on the interface now. One question for all routers of an interface: it lists every address of the host. */
  present(interfaceName: string): ReadonlySet<Address>
  /** Gratuitous ARP or unsolicited NA, `count` for each address, interleaved. */
  announce(interfaceName: string, addresses: readonly Prefixed[], o: { readonly count: number; readonly perSecond: number }): void
}

export interface LinkState { readonly name: string; readonly usable: boolean }
export interface LinkMonitor {
  /** `changed`: an interface came, went, or changed its state. `removed`: an address has gone, by whomever. `readdressed`: another MAC address. */
  watch(o: {
    changed(link: LinkState): void; removed(interfaceName: string, address: Address): void; readdressed(interfaceName: string): void
    overrun(): void
  }): void
  state(interfaceName: string): LinkState
  close(): void
}

export interface ProbeResult { readonly ok: boolean; readonly tookMs: number; readonly detail: string }
/** Starts asking, calls `result` after every answer or timeout, until stopped. */
export type Probe = (check: CheckConfig, result: (r: ProbeResult) => void) => { stop(): void }

/** An event before it gets its number. */
export type Told = { [T in EventType]: { readonly type: T; readonly subject?: string; readonly data: EventData<T> } }[EventType]
export interface Numbered { readonly told: Told; readonly sequence: number; readonly at: WallTime }

/** What comes down from MQTT, already validated. */
export type Downlink =
  | { readonly is: 'order'; readonly group: string; readonly order: Order }
  | { readonly is: 'order-refused'; readonly group: string; readonly refusal: OrderRefusal; readonly revision?: number }
  | { readonly is: 'maintenance'; readonly host: string; readonly maintenance: { readonly until?: string; readonly reason: string; readonly by: string } | undefined }
  | { readonly is: 'gap'; readonly lost: number }
  /** What another host publishes about a router that it shares with us. */
  | { readonly is: 'peer'; readonly host: string; readonly router: string; readonly state: string }
  | { readonly is: 'connected' }

export type Shown =
  | { readonly is: 'router'; readonly document: RouterSnapshot }
  | { readonly is: 'check'; readonly document: CheckSnapshot }
  | { readonly is: 'order'; readonly document: OrderResult }

/** The way to MQTT. No call waits or throws, whatever the broker or the disk does. */
export interface Uplink {
  tell(event: Numbered): void
  /** The latest of each is published as a retained document, again after every reconnection. */
  show(snapshot: Shown): void
  receive(handle: (d: Downlink) => void): void
  /** Keeps a flight record below the state directory, within the cap on their size. */
  keep(f: { readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }): void
  /** Sends what it can within the time, then says goodbye. */
  close(): Promise<void>
}

export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}
