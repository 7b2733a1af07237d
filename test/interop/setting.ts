/** What an encounter is about: the version, the family, how fast, and whose host is the better one. */
import type { Machine } from '../../lab/net.ts'
import { ROUTER, SERVICE } from '../system/cluster.ts'

/** Host names, and whose it is. */
export const OURS = 'ours', THEIRS = 'theirs'
export type Side = typeof OURS | typeof THEIRS
export const other = (side: Side): Side => (side === OURS ? THEIRS : OURS)

export interface Setting {
  readonly version: 2 | 3
  readonly family: 4 | 6
  /** Seconds. */
  readonly interval: number
  readonly pass?: string
  /** Each sends to the other alone. */
  readonly unicast?: true
  /**
   * Understudy's way to take over from a worse host; `fast` where nothing is said. keepalived knows two: the RFC's, and
   * `nopreempt`, which it gets where this is `off`.
   */
  readonly preempt?: 'rfc' | 'off'
  /** Two routers, each on a link of its own: `together: true` here, `vrrp_sync_group` there. */
  readonly together?: true
  readonly higher: Side
}

export const describeSetting = (s: Omit<Setting, 'higher'>) => [
  `VRRPv${s.version}`, `IPv${s.family}`, ...(s.version === 2 ? [s.pass === undefined ? 'no password' : 'PASS'] : []),
  ...(s.unicast ? ['unicast'] : []), ...(s.preempt ? [`preempt: ${s.preempt}`] : []), ...(s.together ? ['together'] : []),
  `${s.interval} s`,
].join(', ')

export interface Router {
  readonly name: string
  readonly vrid: number
  readonly interface: string
  /** With prefix lengths, the one that the election is about first. */
  readonly addresses: readonly string[]
}

export const routersOf = (s: Pick<Setting, 'family' | 'together'>): readonly Router[] => [
  { name: ROUTER, vrid: 210, interface: 'eth0', addresses: inFamily(s, `${SERVICE.ipv4}/24`, `${SERVICE.ipv6}/64`) },
  ...(s.together ? [{ ...SECOND, addresses: inFamily(s, '10.54.0.211/24', 'fd54::211/64') }] : []),
]

const SECOND = { name: 'testdns1', vrid: 211, interface: 'eth1' } as const

/** IPv4 carries the IPv6 address along; over IPv6 there is no IPv4 address at all. */
const inFamily = ({ family }: Pick<Setting, 'family'>, ipv4: string, ipv6: string) => (family === 4 ? [ipv4, ipv6] : [ipv6])

/** What a host sends from and hears at, in the family of the election. */
export const ownAddress = (host: Machine, family: 4 | 6) => (family === 4 ? host.ipv4 : host.ipv6)

/** Milliseconds that the slowest election may take: four intervals, a skew, and a machine that is busy with other things. */
export const patience = ({ interval }: Setting) => 5000 * interval + 8000
/** So long nothing changes hands any more once it has settled. */
export const calm = ({ interval }: Setting) => Math.max(150, 1200 * interval)
