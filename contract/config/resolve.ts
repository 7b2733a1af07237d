/** The cluster file made ready for use: defaults applied, durations in milliseconds, addresses as integers. */
import { parseAddress, parsePrefixed, type Address, type Prefixed } from '../address.ts'
import { ms, seconds, type Ms } from '../time.ts'
import type { Result } from '../result.ts'
import type { ClusterFile, Secret } from './file.ts'

export interface Band { readonly first: number; readonly step: number }
export interface Bands { readonly healthy: Band; readonly degraded: Band; readonly failed: Band; readonly outOfService: Band }
export type Preempt = 'fast' | 'rfc' | 'off'
export interface Announce { readonly count: number; readonly repeatAfter: Ms; readonly refresh: Ms }

export interface RouterConfig {
  readonly name: string
  readonly group: string
  readonly vrid: number
  readonly interface: string
  readonly version: 2 | 3
  readonly interval: Ms
  readonly addresses: readonly Prefixed[]
  readonly order: 'forward' | 'reverse'
  readonly preempt: Preempt
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
  readonly state: string
}

const DEFAULT_BANDS: Bands = {
  healthy: { first: 250, step: 10 }, degraded: { first: 150, step: 10 }, failed: { first: 50, step: 10 }, outOfService: { first: 9, step: 1 },
}

export const DEFAULT_OPTIONS = {
  version: 3 as const, interval: 1, preempt: 'fast' as const, checksum: 'rfc5798' as const, lease: 'auto' as const,
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
      bands: resolveBands(group.bands),
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
    state: file.state,
  }
}

/** Every configured handler with its settings: the built-in ones, then the custom ones. */
export function handlerEntries({ custom, ...builtIn }: ClusterFile['handlers']) {
  return [...Object.entries(builtIn), ...Object.entries(custom)].flatMap(([name, h]) => (h ? [[name, h] as const] : []))
}

export const resolveBands = (given: ClusterFile['groups'][string]['bands']): Bands => ({ ...DEFAULT_BANDS, ...defined(given) })

type RouterFile = ClusterFile['groups'][string]['routers'][string]

/** The options of a router: its own, else its group's, else the product's. */
export function optionsOf(r: RouterFile, defaults: ClusterFile['groups'][string]['defaults']) {
  const o = { ...DEFAULT_OPTIONS, ...defined(defaults), ...defined(r) }
  return { ...o, announce: { count: 5, repeatAfter: 5, refresh: 0, ...defined(defaults.announce ?? {}), ...defined(r.announce ?? {}) } }
}

function resolveRouter(name: string, group: string, r: RouterFile, defaults: ClusterFile['groups'][string]['defaults']): RouterConfig {
  const o = optionsOf(r, defaults)
  const interval = ms(Math.round(o.interval * 1000)) // 0.29 * 1000 is not 290
  const leaseSeconds = o.lease === 'off' ? undefined : o.lease === 'auto' ? automaticLease(interval) : o.lease
  return {
    name,
    group,
    vrid: r.vrid,
    interface: o.interface ?? '', // rules.ts has refused a router without one
    version: o.version,
    interval,
    addresses: r.addresses.map((text) => taken(parsePrefixed(text))),
    order: r.order,
    preempt: o.preempt,
    checksum: o.checksum,
    ...(o.authentication ? { password: o.authentication.pass } : {}),
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    announce: { count: o.announce.count, repeatAfter: seconds(o.announce.repeatAfter), refresh: seconds(o.announce.refresh) },
  }
}

/**
 * The slowest backup takes over after Active_Down_Interval < 4 intervals (RFC 9568 §6.1). A shorter lease would leave a
 * hole before the takeover, a longer one two holders after it; under 2 s a stalled host would lose addresses it serves.
 */
const automaticLease = (interval: Ms): number => Math.max(2, Math.ceil((4 * interval) / 1000))

function taken<T>(parsed: Result<T, string>): T {
  if (!parsed.ok) throw new Error(`the schema let through: ${parsed.error}`)
  return parsed.value
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> } & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
/** Without the keys whose value is undefined, so that a spread does not overwrite with nothing. */
function defined<T extends object>(o: T): Defined<T> {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>
}
