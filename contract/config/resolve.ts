/** The cluster file made ready for use: defaults applied, durations in milliseconds, addresses as integers. */
import { parseAddress, parsePrefixed, type Address, type Prefixed } from '../address.ts'
import { ms, seconds, type Ms } from '../time.ts'
import type { Result } from '../result.ts'
import type { ClusterFile, Secret } from './file.ts'

export interface Band { readonly first: number; readonly step: number }
export interface Bands { readonly healthy: Band; readonly degraded: Band; readonly failed: Band; readonly outOfService: Band }
export type Preempt = 'fast' | 'rfc' | 'off'
export interface Announce { readonly count: number; readonly repeatAfter: Ms; readonly refresh: Ms; /** 0: no limit. */ readonly perSecond: number }
export interface Unicast { readonly peers: Readonly<Record<string, Address>>; readonly minHopLimit: number }

/** A service address and how the kernel is to hold it. */
export interface ServiceAddress extends Prefixed {
  readonly advertise: boolean
  readonly label?: string
  readonly scope: 'global' | 'link' | 'host'
  readonly duplicateDetection: boolean
  readonly prefixRoute: boolean
  readonly source: boolean
}

export interface RouterConfig {
  readonly name: string
  readonly group: string
  readonly vrid: number
  readonly interface: string
  readonly version: 2 | 3
  readonly interval: Ms
  readonly addresses: readonly ServiceAddress[]
  readonly order: 'forward' | 'reverse'
  readonly owner?: string
  readonly preempt: Preempt
  readonly preemptDelay: Ms
  readonly missed: number
  readonly election: 'shared' | 'per-family'
  readonly mac: 'interface' | 'virtual'
  readonly unicast?: Unicast
  readonly checksum: 'rfc5798' | 'rfc9568'
  readonly password?: Secret
  /** Whole seconds, or undefined for addresses without a lifetime. */
  readonly leaseSeconds?: number
  readonly announce: Announce
}

export interface GroupConfig {
  readonly name: string
  readonly hosts: readonly string[]
  readonly checks: readonly string[]
  readonly bands: Bands
  readonly together: boolean
  readonly track: { readonly interfaces: readonly string[]; readonly downDelay: Ms; readonly upDelay: Ms }
  readonly routers: readonly RouterConfig[]
}

export interface DnsProbe {
  readonly server: Address
  readonly port: number
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SOA' | 'SRV' | 'TXT'
  readonly transport: 'udp' | 'tcp'
  /** Every one of these must be among the answers; empty: any answer will do. */
  readonly expect: readonly string[]
}

export interface CheckConfig {
  readonly name: string
  readonly dns: DnsProbe
  readonly interval: Ms
  readonly timeout: Ms
  readonly rise: number
  readonly fall: number
  readonly meaning: 'failed' | 'degraded'
}

export interface BrokerConfig { readonly url: string; readonly user?: string; readonly password?: Secret; readonly ca?: string }

export interface Config {
  readonly cluster: string
  readonly topicRoot: string
  readonly brokers: readonly BrokerConfig[]
  readonly hosts: ClusterFile['hosts']
  readonly groups: readonly GroupConfig[]
  readonly checks: readonly CheckConfig[]
  readonly handlers: ClusterFile['handlers']
  /** Names of the handlers whose receipt an event waits for. */
  readonly requiredHandlers: readonly string[]
  readonly broker: ClusterFile['broker']
  readonly startDelay: Ms
  readonly realtime: ClusterFile['realtime']
  readonly recorder: { readonly span: Ms; readonly mostBytes: number }
  readonly state: string
}

/** Steps of ten while they fit; with many hosts smaller ones, so that the last failed host is above the first out of service. */
function defaultBands(hosts: number): Bands {
  const step = Math.min(10, Math.floor(40 / Math.max(1, hosts - 1)))
  return { healthy: { first: 250, step }, degraded: { first: 150, step }, failed: { first: 50, step }, outOfService: { first: 9, step: hosts <= 9 ? 1 : 0 } }
}

export const DEFAULT_OPTIONS = {
  version: 3 as const, interval: 1, preempt: 'fast' as const, checksum: 'rfc5798' as const, lease: 'auto' as const,
  preemptDelay: 0, missed: 3, election: 'shared' as const, mac: 'interface' as const,
}

/** `file` has passed the schema and `rules.ts`, so nothing here can fail. */
export function resolve(file: ClusterFile): Config {
  return {
    cluster: file.cluster,
    topicRoot: file.topicRoot ?? `understudy/${file.cluster}`,
    brokers: file.brokers.map((b) => (typeof b === 'string' ? { url: b } : defined(b))),
    hosts: file.hosts,
    groups: Object.entries(file.groups).map(([name, group]) => ({
      name,
      hosts: group.hosts,
      checks: group.checks,
      bands: resolveBands(group.bands, group.hosts.length),
      together: group.together,
      track: {
        interfaces: group.track?.interfaces ?? [], downDelay: seconds(group.track?.downDelay ?? 0), upDelay: seconds(group.track?.upDelay ?? 0),
      },
      routers: Object.entries(group.routers).map(([router, r]) => resolveRouter(router, name, r, group.defaults)),
    })),
    checks: Object.entries(file.checks).map(([name, { dns, interval, timeout, ...rest }]) => ({
      name,
      ...rest,
      interval: seconds(interval),
      timeout: seconds(timeout),
      dns: { ...dns, server: taken(parseAddress(dns.server)), expect: dns.expect === undefined ? [] : [dns.expect].flat() },
    })),
    handlers: file.handlers,
    requiredHandlers: handlerEntries(file.handlers).filter(([, h]) => h.required).map(([name]) => name),
    broker: file.broker,
    startDelay: seconds(file.startDelay),
    realtime: file.realtime,
    recorder: { span: seconds(file.recorder.seconds), mostBytes: Math.round(file.recorder.megabytes * 1e6) },
    state: file.state,
  }
}

/** Every configured handler with its settings: the built-in ones, then the custom ones. */
export function handlerEntries({ custom, ...builtIn }: ClusterFile['handlers']) {
  return [...Object.entries(builtIn), ...Object.entries(custom)].flatMap(([name, h]) => (h ? [[name, h] as const] : []))
}

export const resolveBands = (given: ClusterFile['groups'][string]['bands'], hosts: number): Bands => ({ ...defaultBands(hosts), ...defined(given) })

type RouterFile = ClusterFile['groups'][string]['routers'][string]

/** The options of a router: its own, else its group's, else the product's. */
export function optionsOf(r: RouterFile, defaults: ClusterFile['groups'][string]['defaults']) {
  const o = { ...DEFAULT_OPTIONS, ...defined(defaults), ...defined(r) }
  return { ...o, announce: { count: 5, repeatAfter: 5, refresh: 0, perSecond: 0, ...defined(defaults.announce ?? {}), ...defined(r.announce ?? {}) } }
}

function resolveRouter(name: string, group: string, r: RouterFile, defaults: ClusterFile['groups'][string]['defaults']): RouterConfig {
  const o = optionsOf(r, defaults)
  const interval = ms(Math.round(o.interval * 1000)) // 0.29 * 1000 is not 290
  const leaseSeconds = o.lease === 'off' ? undefined : o.lease === 'auto' ? automaticLease(interval, o.missed) : o.lease
  return {
    name,
    group,
    vrid: r.vrid,
    interface: o.interface ?? '', // rules.ts has refused a router without one
    version: o.version,
    interval,
    addresses: r.addresses.map(resolveAddress),
    order: r.order,
    ...(r.owner === undefined ? {} : { owner: r.owner }),
    preempt: o.preempt,
    preemptDelay: seconds(o.preemptDelay),
    missed: o.missed,
    election: o.election,
    mac: o.mac,
    ...(o.unicast === undefined ? {} : { unicast: { ...o.unicast, peers: Object.fromEntries(Object.entries(o.unicast.peers).map(([host, text]) => [host, taken(parseAddress(text))])) } }),
    checksum: o.checksum,
    ...(o.authentication ? { password: o.authentication.pass } : {}),
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    announce: { count: o.announce.count, repeatAfter: seconds(o.announce.repeatAfter), refresh: seconds(o.announce.refresh), perSecond: o.announce.perSecond },
  }
}

/**
 * The slowest backup takes over after Active_Down_Interval: the missed advertisements and one more (RFC 9568 §6.1). A shorter lease would leave a
 * hole before the takeover, a longer one two holders after it; under 2 s a stalled host would lose addresses it serves.
 */
const automaticLease = (interval: Ms, missed: number): number => Math.max(2, Math.ceil(((missed + 1) * interval) / 1000))

function resolveAddress(written: RouterFile['addresses'][number]): ServiceAddress {
  const o = typeof written === 'string' ? { address: written } : written
  const parsed = taken(parsePrefixed(o.address))
  return { advertise: true, scope: 'global', duplicateDetection: false, prefixRoute: typeof parsed.address === 'number', source: false, ...defined(o), ...parsed }
}

function taken<T>(parsed: Result<T, string>): T {
  if (!parsed.ok) throw new Error(`the schema let through: ${parsed.error}`)
  return parsed.value
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> } & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
/** Without the keys whose value is undefined, so that a spread does not overwrite with nothing. */
function defined<T extends object>(o: T): Defined<T> {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>
}
