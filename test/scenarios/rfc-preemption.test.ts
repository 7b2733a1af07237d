/** Whole clusters: who takes over from whom, and when (RFC 9568 §5.2.4, §6.1, §6.4). */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { clusterOf } from '../core/stage.ts'
import { lanOf } from '../sim/cluster.ts'
import type { SimHost } from '../sim/host.ts'

function lanWith(router: string, hosts = 'a, b, c') {
  const { lan, hosts: byName } = lanOf(clusterOf(hosts, router))
  lan.run(seconds(10))
  return { lan, ...(byName as Record<'a' | 'b' | 'c', SimHost>) }
}
const becameActive = (h: SimHost, since: number) =>
  (h.told.findLast((e) => e.type === 'router.state' && e.data.to === 'active')?.when ?? Number.NaN) - since
const takeovers = (h: SimHost) => h.told.filter((e) => e.type === 'router.state' && e.data.to === 'active').length

describe('preemptDelay', () => {
  test('a preferred host that returns waits so long, then takes over', () => {
    const { lan, a } = lanWith(', preemptDelay: 30')
    a.crash()
    lan.run(seconds(10))
    expect(lan.holders('r')).toEqual(['b'])
    a.boot()
    const at = lan.now
    lan.run(seconds(29))
    expect(lan.holders('r')).toEqual(['b'])
    lan.run(seconds(3))
    expect(lan.holders('r')).toEqual(['a'])
    expect(becameActive(a, at)).toBeGreaterThan(30_000)
    expect(becameActive(a, at)).toBeLessThan(31_100) // from the first advertisement that it hears
  })
  test('it does not wait when the active host falls silent', () => {
    const { lan, a, b } = lanWith(', preemptDelay: 30')
    a.crash()
    lan.run(seconds(10))
    a.boot()
    lan.run(seconds(2))
    b.crash()
    lan.run(seconds(4))
    expect(lan.holders('r')).toEqual(['a'])
  })
})

describe('the address owner, priority 255', () => {
  test('is active at its start, without waiting', () => {
    const { lan, a, b } = lanWith(', owner: b')
    expect(lan.holders('r')).toEqual(['b'])
    expect(becameActive(b, 0)).toBe(0)
    expect(b.sent[0]?.payload[2]).toBe(255)
    expect(takeovers(a)).toBe(0)
  })
  test('nobody else advertises 255', () => {
    const { lan, a, b, c } = lanWith(', owner: b')
    b.crash()
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['a'])
    expect([...a.sent, ...c.sent].some((s) => s.payload[2] === 255)).toBe(false)
  })
  test('takes its addresses back even with preempt: off', () => {
    const { lan, b } = lanWith(', owner: b, preempt: off')
    b.crash()
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['a'])
    b.boot()
    lan.run(ms(3))
    expect(lan.holders('r')).toEqual(['b'])
  })
})

describe('preempt: off', () => {
  test('the first of the order returns as a backup', () => {
    const { lan, a, b } = lanWith(', preempt: off')
    a.crash()
    lan.run(seconds(5))
    a.boot()
    lan.run(seconds(60))
    expect(lan.holders('r')).toEqual(['b'])
    expect(takeovers(a)).toBe(1)
    b.crash()
    lan.run(seconds(4))
    expect(lan.holders('r')).toEqual(['a'])
  })
})

describe('missed', () => {
  test('five missing advertisements instead of three', () => {
    const { lan, a, b } = lanWith(', missed: 5')
    const last = a.sent.at(-1)?.at ?? 0
    a.crash()
    lan.run(seconds(10))
    expect(becameActive(b, last)).toBeCloseTo(0.2 + 5000 + 62.5, 6)
  })
})

describe('equal priorities', () => {
  test('of two hosts that both serve, the one with the higher address stays', () => {
    const { lan, a, b, c } = lanWith('')
    lan.carries = () => []
    for (const h of [b, c]) h.order('g', ['b', 'a', 'c'])
    lan.run(seconds(10))
    expect(lan.holders('r')).toEqual(['a', 'b', 'c'])
    expect([a, b].map((h) => h.member('r').params.priority)).toEqual([250, 250]) // they know different orders
    lan.carries = () => [ms(0.2)]
    lan.run(ms(1100))
    expect(lan.holders('r')).toEqual(['b'])
  })
})
