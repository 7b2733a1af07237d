/** A changed cluster file: which routers go on, which start anew. */
import { describe, expect, test } from 'vitest'
import { firstOrder } from '../../contract/order.ts'
import type { Instant, WallTime } from '../../contract/time.ts'
import { adopt, createMembers, type Member } from '../../daemon/member.ts'
import { planReload } from '../../daemon/reload.ts'
import { parsed } from './stage.ts'

interface Wish {
  readonly group?: string; readonly r?: string; readonly s?: string; readonly addresses?: string; readonly vrid?: number
  readonly password?: string; readonly interface?: string
}
const S = '\n      s: {vrid: 8, interface: eth0, addresses: [10.0.0.101/24]}'

function members(w: Wish = {}): Member[] {
  const addresses = w.addresses ?? '10.0.0.100/24, "fd00::100/64"'
  const config = parsed(`cluster: t
checks: {dns: {dns: {name: example.org}}}
groups:
  g:
    hosts: [a, b]${w.group ?? ''}
    routers:
      r: {vrid: ${w.vrid ?? 7}, interface: eth0, addresses: [${addresses}]${w.r ?? ''}}${w.s ?? S}`)
  return config.groups.flatMap((group) => group.routers.flatMap((router) => createMembers({
    config: router, group, interface: w.interface ?? 'eth0', host: 'a', order: firstOrder(group.hosts), health: 'healthy',
    password: w.password === undefined ? undefined : new TextEncoder().encode(w.password), now: 0 as Instant,
      wall: '' as WallTime,
  })))
}
/** What becomes of the first file's routers under the second. */
function plan(first: Wish, second: Wish) {
  const { keep, end, begin } = planReload(members(first), members(second))
  const names = (ms: readonly Member[]) => ms.map((m) => m.name)
  return { keep: keep.map((k) => k.old.name), end: names(end), begin: names(begin) }
}
const BOTH = { keep: ['r', 's'], end: [], begin: [] }
const R_ANEW = { keep: ['s'], end: ['r'], begin: ['r'] }

describe('goes on undisturbed', () => {
  test('the same file', () => expect(plan({}, {})).toEqual(BOTH))
  test('a running router keeps its state and takes the new group', () => {
    const old = members(), fresh = members({ group: '\n    checks: [dns]' })
    const { keep } = planReload(old, fresh)
    expect(keep.map((k) => [k.old === old[0] || k.old === old[1], k.fresh.group.checks]))
      .toEqual([[true, ['dns']], [true, ['dns']]])
  })
  test.each([
    ['checks', '\n    checks: [dns]'], ['bands', '\n    bands: {healthy: {first: 200, step: 5}}'],
    ['track', '\n    track: {interfaces: [eth1]}'],
  ])('%s only tune it', (_, group) => expect(plan({}, { group })).toEqual(BOTH))
  test.each<[string, Wish]>([
    ['another lease', { r: ', lease: 7' }], ['preempt', { r: ', preempt: rfc' }], ['preemptDelay', { r: ', preemptDelay: 60' }],
    ['missed', { r: ', missed: 5' }], ['announce', { r: ', announce: {count: 2}' }], ['the other direction', { r: ', order: reverse' }],
  ])('%s only tunes it', (_, second) => expect(plan({}, second)).toEqual(BOTH))
  test('a running router goes by the new settings', () => {
    const [old] = members() as [Member], [fresh] = members({ r: ', preempt: rfc, preemptDelay: 60, missed: 5, lease: 7, announce: {refresh: 30}' }) as [Member]
    adopt(old, fresh)
    expect(old.params).toMatchObject({ preempt: 'rfc', preemptDelay: 60_000, missed: 5, announce: { refresh: 30_000 } })
    expect(old.config.leaseSeconds).toBe(7)
  })
  test('the same password', () => expect(plan({ password: 'secret12' }, { password: 'secret12' })).toEqual(BOTH))
})

describe('starts anew', () => {
  test.each<[string, Wish]>([
    ['another interval', { r: ', interval: 2' }], ['another version', { r: ', version: 2' }], ['another VRID', { vrid: 9 }],
    ['one address more', { addresses: '10.0.0.100/24, "fd00::100/64", 10.0.0.102/24' }],
    ['another prefix length', { addresses: '10.0.0.100/25, "fd00::100/64"' }],
    ['an IPv6 address more', { addresses: '10.0.0.100/24, "fd00::100/64", "fd00::101/64"' }],
    ['without a lease', { r: ', lease: off' }],
    ['virtual MAC', { r: ', mac: virtual' }],
    ['unicast', { r: ', unicast: {peers: {a: 10.0.0.1, b: 10.0.0.2}}' }],
  ])('%s', (_, second) => expect(plan({}, second)).toEqual(R_ANEW))

  test('an election for each family has other routers', () => {
    expect(plan({}, { r: ', election: per-family' })).toEqual({ keep: ['s'], end: ['r'], begin: ['r-ipv4', 'r-ipv6'] })
  })
  test('a peer with another address', () => {
    const unicast = (b: string) => ({ r: `, unicast: {peers: {a: 10.0.0.1, b: ${b}}}` })
    expect(plan(unicast('10.0.0.2'), unicast('10.0.0.3'))).toEqual(R_ANEW)
  })
  test.each<[string, Wish, Wish]>([
    ['another password', { password: 'secret12' }, { password: 'secret13' }],
    ['a password where there was none', {}, { password: 'secret12' }],
    ['another interface', {}, { interface: 'eth1' }], ['together', {}, { group: '\n    together: true' }],
  ])('all of them: %s', (_, first, second) =>
    expect(plan(first, second)).toEqual({ keep: [], end: ['r', 's'], begin: ['r', 's'] }))
})

describe('comes and goes', () => {
  test('a router that is gone from the file ends', () => {
    expect(plan({}, { s: '' })).toEqual({ keep: ['r'], end: ['s'], begin: [] })
  })
  test('a new one begins', () => expect(plan({ s: '' }, {})).toEqual({ keep: ['r'], end: [], begin: ['s'] }))
})
