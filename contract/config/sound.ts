/**
 * What is sound in a raw cluster file, for the rules that join several places. A value that the schema refuses is
 * `undefined` here, so a rule that needs it keeps silent: its problem has been told already.
 */
import type { z } from 'zod'
import { parseAddress, parsePrefixed, type Address, type Prefixed } from '../address.ts'
import { AddressText, CheckFile, EmbeddedBrokerFile, GroupFile, RouterFile } from './file.ts'
import { knownKeys, misspelt, type Path } from './keys.ts'
import { DEFAULT_OPTIONS, resolveBands, type Bands } from './resolve.ts'

/** A text in a list, with its place there. */
export interface Listed { readonly at: number; readonly text: string }

export interface SoundRouter {
  readonly name: string
  readonly path: Path
  /** Keys that stand in the router itself, not in its group's defaults. */
  readonly own: ReadonlySet<string>
  readonly vrid: number | undefined
  readonly addresses: readonly (Listed & { readonly value: Prefixed })[]
  /** Every address is sound. */
  readonly allAddresses: boolean
  /** Null: written nowhere. */
  readonly interface: string | null | undefined
  readonly version: 2 | 3 | undefined
  readonly interval: number | undefined
  readonly lease: number | 'auto' | 'off' | undefined
  readonly authentication: boolean
  readonly missed: number | undefined
  readonly election: 'shared' | 'per-family' | undefined
  readonly owner: string | undefined
  readonly order: 'forward' | 'reverse' | undefined
  /** Hosts named as unicast peers with their addresses; null: multicast. */
  readonly peers: readonly { readonly host: string; readonly address: Address }[] | null | undefined
}

export interface SoundGroup {
  readonly path: Path
  readonly hosts: readonly Listed[]
  readonly allHosts: boolean
  readonly checks: readonly Listed[]
  readonly bands: Bands | undefined
  readonly ownBands: boolean
  readonly together: boolean
  /** Undefined: no block of routers at all. */
  readonly routers: readonly SoundRouter[] | undefined
}

export interface SoundFile {
  readonly groups: readonly SoundGroup[]
  /** What a failing check means, by its name. */
  readonly checks: ReadonlyMap<string, 'failed' | 'degraded' | undefined>
  /** Undefined: the place is not readable, so nothing can be said about references to it. */
  readonly allChecks: boolean
  readonly hostSettings: readonly string[]
  readonly listen: readonly Listed[]
  readonly tls: boolean
}

type Block = Readonly<Record<string, unknown>>

export function soundFile(raw: Block): SoundFile {
  const lost = missingBySlip(raw, [])
  const broker = block(raw.broker)
  return {
    groups: Object.entries(block(raw.groups)).map(([name, group]) => soundGroup(block(group), ['groups', name])),
    checks: new Map(Object.entries(block(raw.checks)).map(([name, check]) => [name, meaningOf(block(check))])),
    allChecks: !lost.has('checks') && (raw.checks === undefined || isBlock(raw.checks)),
    hostSettings: Object.keys(block(raw.hosts)),
    listen: texts(broker.listen, EmbeddedBrokerFile.shape.listen.unwrap().element),
    tls: Object.hasOwn(broker, 'tls') || missingBySlip(broker, ['broker']).has('tls'),
  }
}

function soundGroup(group: Block, path: Path): SoundGroup {
  const hosts = texts(group.hosts, GroupFile.shape.hosts.element)
  const bands = sound(GroupFile.shape.bands, group.bands)
  return {
    path,
    hosts,
    allHosts: Array.isArray(group.hosts) && hosts.length === group.hosts.length,
    checks: texts(group.checks, GroupFile.shape.checks.unwrap().element),
    bands: bands && resolveBands(bands, Math.max(1, hosts.length)),
    ownBands: Object.keys(block(group.bands)).length > 0,
    together: group.together === true,
    routers: isBlock(group.routers)
      ? Object.entries(group.routers).map(([name, r]) => soundRouter(name, block(r), group.defaults, [...path, 'routers', name])) : undefined,
  }
}

function soundRouter(name: string, router: Block, defaults: unknown, path: Path): SoundRouter {
  const lost = missingBySlip(router, path)
  const lostDefaults = missingBySlip(block(defaults), [...path.slice(0, 2), 'defaults'])
  const { shape } = RouterFile
  /** The option as written here, else in the defaults, else the product's; undefined if that place is not sound. */
  function option<T, D>(key: string, schema: z.ZodType<T>, otherwise: D): T | D | undefined {
    if (Object.hasOwn(router, key)) return sound(schema, router[key])
    if (lost.has(key) || (defaults !== undefined && !isBlock(defaults))) return undefined
    if (Object.hasOwn(block(defaults), key)) return sound(schema, block(defaults)[key])
    return lostDefaults.has(key) ? undefined : otherwise
  }
  const written = Array.isArray(router.addresses) ? router.addresses.map((a: unknown) => (isBlock(a) ? a.address : a)) : undefined
  const listed = texts(written, AddressText)
  const addresses = listed.flatMap((a) => {
    const parsed = parsePrefixed(a.text)
    return parsed.ok ? [{ ...a, value: parsed.value }] : []
  })
  return {
    name,
    path,
    own: new Set(Object.keys(router)),
    vrid: sound(shape.vrid, router.vrid),
    addresses,
    allAddresses: Array.isArray(router.addresses) && router.addresses.length === addresses.length,
    interface: option('interface', shape.interface, null),
    version: option('version', shape.version, DEFAULT_OPTIONS.version),
    interval: option('interval', shape.interval, DEFAULT_OPTIONS.interval),
    lease: option('lease', shape.lease, DEFAULT_OPTIONS.lease),
    authentication: Object.hasOwn(router, 'authentication') || Object.hasOwn(block(defaults), 'authentication'),
    missed: option('missed', shape.missed, DEFAULT_OPTIONS.missed),
    election: option('election', shape.election, DEFAULT_OPTIONS.election),
    owner: sound(shape.owner, router.owner),
    order: sound(shape.order, router.order),
    peers: peersOf(option('unicast', shape.unicast, null)),
  }
}

function peersOf(unicast: z.output<typeof RouterFile.shape.unicast> | null): SoundRouter['peers'] {
  if (!unicast) return unicast
  return Object.entries(unicast.peers).flatMap(([host, text]) => {
    const parsed = parseAddress(text)
    return parsed.ok ? [{ host, address: parsed.value }] : []
  })
}

const meaningOf = (check: Block) => sound(CheckFile.shape.meaning, check.meaning)

const missingBySlip = (b: Block, path: Path): ReadonlySet<string> => misspelt(Object.keys(b), knownKeys(path))

function sound<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

function texts(value: unknown, element: z.ZodType<string>): Listed[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((v, at) => {
    const text = sound(element, v)
    return text === undefined ? [] : [{ at, text }]
  })
}

const isBlock = (value: unknown): value is Block => typeof value === 'object' && value !== null && !Array.isArray(value)
const block = (value: unknown): Block => (isBlock(value) ? value : {})
