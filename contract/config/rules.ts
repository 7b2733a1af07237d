/** What a schema cannot say: rules that join several places of the cluster file. Each yields a path and a remedy. */
import { familyOf, formatAddress } from '../address.ts'
import { shown } from '../phrases.ts'
import { nearest, type Path } from './keys.ts'
import type { Band, Bands } from './resolve.ts'
import type { SoundFile, SoundGroup, SoundRouter } from './sound.ts'

export interface Complaint { readonly path: Path; readonly message: string; readonly ofKey?: boolean }

export function complaints(file: SoundFile): Complaint[] {
  const routers = file.groups.flatMap((g) => g.routers ?? [])
  return [
    ...file.groups.flatMap((g) => groupProblems(g, file)),
    ...sharedNames(routers), ...vrids(routers), ...addresses(routers), ...hostSettings(file), ...brokerSettings(file),
  ]
}

function groupProblems(group: SoundGroup, file: SoundFile): Complaint[] {
  const { path } = group
  const found: Complaint[] = repeated(group.hosts, (h) => h.text).map(({ at, text }) =>
    ({ path: [...path, 'hosts', at], message: `host ${text} stands twice: a host has one place in the order` }))
  for (const { at, text } of file.allChecks ? group.checks : []) {
    if (!file.checks.has(text)) found.push({ path: [...path, 'checks', at], message: `there is no check ${shown(text)}: ${choices(text, [...file.checks.keys()], 'checks')}` })
  }
  if (group.routers?.length === 0) found.push({ path: [...path, 'routers'], message: 'the group has no router: name at least one' })
  const degrading = group.checks.some((c) => file.checks.get(c.text) === 'degraded')
  if (group.bands && group.allHosts) {
    found.push(...bandProblems(group.bands, group.hosts.length, degrading).map((message) => ({ path: [...path, group.ownBands ? 'bands' : 'hosts'], message, ofKey: true })))
  }
  return [...found, ...hostProblems(group), ...(group.routers ?? []).flatMap(routerProblems)]
}

function routerProblems(r: SoundRouter): Complaint[] {
  const found: Complaint[] = []
  const say = (key: string, message: string) =>
    found.push(r.own.has(key) ? { path: [...r.path, key], message } : { path: r.path, message, ofKey: true })
  const { version, interval, lease } = r
  const ipv4 = r.addresses.filter((a) => familyOf(a.value.address) === 4).length, ipv6 = r.addresses.length - ipv4
  if (r.interface === null) say('interface', 'the router has no interface: write interface: eth0 here or in the defaults of the group')
  if (version === 2 && interval !== undefined && !Number.isInteger(interval)) say('interval', `VRRP version 2 carries whole seconds only, not ${interval}: write 1, or version: 3`)
  if (version === 3 && interval !== undefined && interval > 40.95) say('interval', `the packet holds at most 40.95 seconds (RFC 9568 §5.2.7), not ${interval}`)
  else if (version === 3 && interval !== undefined && Math.abs(interval * 100 - Math.round(interval * 100)) > 1e-6) {
    say('interval', `the packet carries steps of 0.01 seconds, not ${interval}: write ${(Math.round(interval * 100) / 100) || 0.01}`)
  }
  if (version === 2 && ipv4 === 0 && r.allAddresses && ipv6 > 0) say('addresses', 'VRRP version 2 knows IPv4 only: add an IPv4 address, or write version: 3')
  if (version === 3 && r.authentication) say('authentication', 'VRRP version 3 has no authentication (RFC 9568 §9): take it out, or write version: 2')
  if (ipv4 === 0 && r.allAddresses && ipv6 > 90) say('addresses', `${ipv6} IPv6 addresses do not fit one packet: at most 90`)
  const slowest = interval === undefined || r.missed === undefined ? undefined : Math.ceil((r.missed + 1) * interval)
  if (typeof lease === 'number' && slowest !== undefined && lease < slowest) say('lease', `shorter than the slowest takeover: want at least ${slowest}, or auto`)
  if (version === 2 && r.election === 'per-family') say('election', 'VRRP version 2 knows IPv4 only: write election: shared, or version: 3')
  if (r.peers && r.election === 'per-family') say('unicast', 'has one address for each host, and election: per-family needs two: write election: shared')
  return found
}

/** What routers and hosts of one group must agree on. */
function hostProblems(group: SoundGroup): Complaint[] {
  if (!group.allHosts) return []
  const hosts = group.hosts.map((h) => h.text), routers = group.routers ?? []
  const found: Complaint[] = []
  for (const r of routers) {
    if (r.owner !== undefined && !hosts.includes(r.owner)) found.push({ path: [...r.path, 'owner'], message: `the group has no host ${shown(r.owner)}: ${choices(r.owner, hosts, 'hosts')}` })
    if (!r.peers) continue
    const at = r.own.has('unicast') ? [...r.path, 'unicast', 'peers'] : r.path
    const absent = hosts.filter((h) => !r.peers?.some((p) => p.host === h))
    if (absent.length > 0) found.push({ path: at, message: `no address for ${absent.join(', ')}: list every host of the group`, ofKey: true })
    for (const p of r.peers) if (!hosts.includes(p.host)) found.push({ path: at, message: `the group has no host ${shown(p.host)}: ${choices(p.host, hosts, 'hosts')}`, ofKey: true })
    const family = r.addresses.some((a) => familyOf(a.value.address) === 4) ? 4 : 6
    if (r.allAddresses && r.peers.some((p) => familyOf(p.address) !== family)) found.push({ path: at, message: `the election of this router runs over IPv${family}: give IPv${family} addresses`, ofKey: true })
    for (const p of r.peers) {
      const why = isMulticast(p.address) ? 'is no unicast address' : r.addresses.some((a) => a.value.address === p.address) ? 'is a service address of this router' : undefined
      if (why !== undefined) found.push({ path: [...at, p.host], message: `${formatAddress(p.address)} ${why}: write the host's own address` })
    }
    for (const p of repeated(r.peers, (x) => formatAddress(x.address))) found.push({ path: at, message: `address ${formatAddress(p.address)} stands twice: every host has its own`, ofKey: true })
  }
  if (group.together && new Set(routers.map((r) => r.interval)).size > 1) {
    found.push({ path: [...group.path, 'together'], message: 'routers with different intervals notice a dead host at different times: give them one interval, or take together out' })
  }
  if (group.together && new Set(routers.map((r) => r.order ?? 'forward')).size > 1) {
    found.push({ path: [...group.path, 'together'], message: 'routers with opposite orders cannot move together: make two groups, or take together out' })
  }
  return found
}

function bandProblems(bands: Bands, hosts: number, degrading: boolean): string[] {
  const used: readonly (keyof Bands)[] = degrading ? ['healthy', 'degraded', 'failed', 'outOfService'] : ['healthy', 'failed', 'outOfService']
  const lowest = (b: Band) => b.first - b.step * (hosts - 1)
  const problems = used.filter((k) => lowest(bands[k]) < 1)
    .map((k) => `the last of ${hosts} hosts would have the ${k} priority ${lowest(bands[k])}: want at least 1, so use a smaller step`)
  for (const [i, worse] of used.entries()) {
    const better = used[i - 1]
    if (better === undefined) continue
    const least = lowest(bands[better]), most = bands[worse].first
    // Failed and out of service may share a priority: such a host serves only when nobody healthy is left either way.
    if (worse === 'outOfService' ? least < most && lowest(bands.failed) >= 1 : least <= most) {
      problems.push(`the last ${better} host would have ${least}, no more than the first ${worse} one (${most}): health must beat rank, so use smaller steps or lower ${worse}`)
    }
  }
  return problems
}

/** A router's name is a level of its topics, whatever group it is in. */
const sharedNames = (all: readonly SoundRouter[]): Complaint[] => repeated(all, (r) => r.name).map((r) =>
  ({ path: r.path, message: `another group has a router ${shown(r.name)} already: give it another name`, ofKey: true }))

function vrids(all: readonly SoundRouter[]): Complaint[] {
  const known = all.filter((r) => r.vrid !== undefined && typeof r.interface === 'string')
  return repeated(known, (r) => `${r.interface} ${r.vrid}`).map((r) =>
    ({ path: [...r.path, 'vrid'], message: `VRID ${r.vrid} is in use on ${r.interface} by another router: every router on a link has its own` }))
}

function addresses(routers: readonly SoundRouter[]): Complaint[] {
  const all = routers.flatMap((r) => r.addresses.map((a) =>
    ({ path: [...r.path, 'addresses', a.at], text: formatAddress(a.value.address), multicast: isMulticast(a.value.address) })))
  return [
    ...repeated(all, (a) => a.text).map(({ path, text }) => ({ path, message: `address ${text} stands twice: one router holds it` })),
    ...all.filter((a) => a.multicast).map(({ path, text }) => ({ path, message: `${text} is no unicast address: write the address that clients ask` })),
  ]
}

function isMulticast(a: number | bigint): boolean {
  return familyOf(a) === 4 ? Number(a) === 0 || Number(a) >>> 28 >= 14 : BigInt(a) === 0n || BigInt(a) >> 120n === 0xffn
}

function hostSettings(file: SoundFile): Complaint[] {
  if (file.groups.length === 0 || !file.groups.every((g) => g.allHosts)) return []
  const known = [...new Set(file.groups.flatMap((g) => g.hosts.map((h) => h.text)))]
  return file.hostSettings.filter((h) => !known.includes(h))
    .map((h) => ({ path: ['hosts', h], message: `no group has a host ${shown(h)}: ${choices(h, known, 'hosts')}`, ofKey: true }))
}

function brokerSettings(file: SoundFile): Complaint[] {
  const secure = file.listen.find((l) => l.text.startsWith('mqtts:') || l.text.startsWith('wss:'))
  return secure && !file.tls
    ? [{ path: ['broker', 'listen', secure.at], message: 'TLS needs a certificate: write tls: {certificate: …, key: …} in the block broker' }] : []
}

function choices(text: string, names: readonly string[], what: string): string {
  const near = nearest(text, names)
  // dns3 is no slip of dns1: names that differ in their numbers are different names.
  if (near !== undefined && near.replace(/\d/g, '') !== text.replace(/\d/g, '')) return `write ${near}`
  return names.length === 0 ? `the file defines no ${what}` : `known are ${names.join(', ')}`
}

/** The second and later items of each key that occurs more than once. */
function repeated<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(item)
    const again = seen.has(key)
    seen.add(key)
    return again
  })
}
