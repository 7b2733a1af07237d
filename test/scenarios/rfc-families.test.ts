/** RFC 9568 §1: the virtual routers of the two families are independent of each other. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { clusterOf } from '../core/stage.ts'
import { lanOf } from '../sim/cluster.ts'
import type { SimHost } from '../sim/host.ts'
import { GROUP } from '../sim/lan.ts'

function twoFamilies(router = '') {
  const { lan, hosts } = lanOf(clusterOf('a, b', `, election: per-family${router}`))
  const { a, b } = hosts as Record<'a' | 'b', SimHost>
  lan.run(seconds(10))
  return { lan, a, b, states: () => ['r-ipv4', 'r-ipv6'].map((name) => [a, b].map((h) => h.state(name))) }
}

describe('election: per-family', () => {
  test('two elections with one VRID, each with the addresses of its family', () => {
    const { a, states } = twoFamilies()
    expect(states()).toEqual([['active', 'backup'], ['active', 'backup']])
    const lists = a.sent.slice(-2).map(({ payload }) => [payload[1], payload[3], payload.length])
    expect(lists).toContainEqual([7, 1, 12])
    expect(lists).toContainEqual([7, 1, 24])
  })
  test('an advertisement of one family says nothing to the election of the other', () => {
    const { lan, a, b, states } = twoFamilies()
    const better = Uint8Array.from(a.sent.findLast((s) => s.payload.length === 12)?.payload ?? [])
    for (const h of [a, b]) h.runtime.receive('eth0', undefined,
      { family: 6, src: 0xfe80n << 112n, dst: GROUP[6], hopLimit: 255, payload: better })
    lan.run(seconds(1))
    expect(states()).toEqual([['active', 'backup'], ['active', 'backup']])
  })
  test('when the active host falls silent in one family only, both move: they are tied together', () => {
    const { lan, a, states } = twoFamilies()
    for (const m of a.runtime.members) m.socket = undefined
    lan.run(seconds(4))
    expect(states().map((s) => s[1])).toEqual(['active', 'active'])
  })
  test('a fault of one family leaves the other where it is heard', () => {
    const { lan, a, states } = twoFamilies()
    for (const m of a.runtime.members) if (m.family === 6) m.socket = undefined
    lan.run(seconds(4))
    // The IPv4 advertisements of a still arrive: nothing is missing there, so nobody steps in for it.
    expect(states()).toEqual([['active', 'backup'], ['active', 'active']])
  })
  test('the successor in both families is active within the same millisecond', () => {
    const { lan, a, b } = twoFamilies()
    a.crash()
    lan.run(seconds(5))
    const times = b.told.flatMap((e) => (e.type === 'router.state' && e.data.to === 'active' ? [e.when] : []))
    expect(times.length).toBe(2)
    expect(Math.abs((times[0] ?? 0) - (times[1] ?? 0))).toBeLessThan(1)
  })
})

describe('election: shared', () => {
  test('the IPv6 addresses follow the election over IPv4', () => {
    const { lan, hosts } = lanOf(clusterOf('a, b', ''))
    lan.run(seconds(10))
    const { a, b } = hosts as Record<'a' | 'b', SimHost>
    expect(a.sent.every((s) => s.payload.length === 12)).toBe(true)
    expect(a.announced.some((x) => x.address === 'fd00::100')).toBe(true)
    a.crash()
    lan.run(seconds(4))
    expect(b.announced.filter((x) => x.at > ms(10_000)).map((x) => x.address)).toContain('fd00::100')
  })
})
