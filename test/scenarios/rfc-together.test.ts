/** Routers that move together, and interfaces without which a host cannot serve. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { parsed } from '../core/stage.ts'
import { lanOf } from '../sim/cluster.ts'
import type { SimHost } from '../sim/host.ts'

function two(group: string) {
  const { lan, hosts } = lanOf(parsed(`cluster: t
groups:
  g:
    hosts: [a, b]${group}
    defaults: {interface: eth0}
    routers:
      r1: {vrid: 1, addresses: [10.0.0.101/24]}
      r2: {vrid: 2, addresses: [10.0.0.102/24], missed: 10}`))
  lan.run(seconds(20))
  return { lan, ...(hosts as Record<'a' | 'b', SimHost>), holders: () => ['r1', 'r2'].map((r) => lan.holders(r).join()) }
}
const TOGETHER = '\n    together: true'

describe('together', () => {
  test('a host that falls silent loses all its routers when the first is missed', () => {
    const { lan, a, holders } = two(TOGETHER)
    expect(holders()).toEqual(['a', 'a'])
    a.crash()
    lan.run(ms(3100)) // Active_Down_Interval of r1; r2 alone would wait for ten advertisements
    expect(holders()).toEqual(['b', 'b'])
  })
  test('without it, each waits for itself', () => {
    const { lan, a, holders } = two('')
    a.crash()
    lan.run(ms(3100))
    expect(lan.holders('r1')).toEqual(['b'])
    expect(a.config.groups[0]?.routers.map((r) => r.leaseSeconds)).toEqual([4, 11])
    expect(lan.holders('r2')).toEqual([])
    lan.run(seconds(7))
    expect(holders()).toEqual(['b', 'b'])
  })
  test('a router whose active host is still heard is not taken along', () => {
    const { lan, a, holders } = two(TOGETHER)
    a.member('r1').socket = undefined
    lan.run(seconds(2))
    expect(holders()).toEqual(['a', 'a'])
    lan.run(seconds(2))
    // r1 is missed; r2 of a was heard within 1.5 intervals, so b steps in for r1 alone.
    expect(holders()).toEqual(['a,b', 'a'])
  })
  test('an interface that one router cannot use makes the host fail for all', () => {
    const { lan, a, holders } = two(TOGETHER)
    a.steering.link('eth0', false)
    lan.run(ms(500))
    expect(holders()).toEqual(['b', 'b'])
    expect(a.runtime.members.map((m) => m.params.priority)).toEqual([50, 50])
  })
  test('a router that cannot take part makes the host fail for all, until it can and has listened for two intervals', () => {
    const { lan, a, holders } = two(TOGETHER)
    const [r1] = a.runtime.members
    if (!r1) throw new Error('no router')
    a.runtime.input(r1, { is: 'lost', why: 'interface-down' })
    a.steering.takesPart(r1, false)
    lan.run(ms(500))
    expect(lan.holders('r2')).toEqual(['b'])
    lan.run(ms(2700)) // of r1 nothing more is heard
    expect(holders()).toEqual(['b', 'b'])
    a.runtime.input(r1, { is: 'startup' })
    a.steering.takesPart(r1, true)
    lan.run(ms(1999))
    expect(holders()).toEqual(['b', 'b'])
    lan.run(seconds(2))
    expect(holders()).toEqual(['a', 'a'])
  })
  test('without it, the others stay', () => {
    const { lan, a, holders } = two('')
    const [r1] = a.runtime.members
    if (!r1) throw new Error('no router')
    a.runtime.input(r1, { is: 'lost', why: 'interface-down' })
    a.steering.takesPart(r1, false)
    lan.run(seconds(5))
    expect(holders()).toEqual(['b', 'a'])
  })
})

describe('a tracked interface', () => {
  const TRACKED = '\n    track: {interfaces: [up0], downDelay: 2, upDelay: 10}'
  test('down for downDelay: the host fails, and the addresses move make before break', () => {
    const { lan, a, b, holders } = two(TRACKED)
    a.steering.link('up0', false)
    lan.run(ms(1999))
    expect(holders()).toEqual(['a', 'a'])
    lan.run(ms(300))
    expect(holders()).toEqual(['b', 'b'])
    expect(b.told.findLast((e) => e.type === 'router.state')?.data).toMatchObject({ to: 'active', reason: 'active-failing' })
  })
  test('up for upDelay: it takes them back', () => {
    const { lan, a, holders } = two(TRACKED)
    a.steering.link('up0', false)
    lan.run(seconds(5))
    a.steering.link('up0', true)
    lan.run(ms(9999))
    expect(holders()).toEqual(['b', 'b'])
    lan.run(seconds(4))
    expect(holders()).toEqual(['a', 'a'])
  })
  test('a flap shorter than downDelay moves nothing', () => {
    const { lan, a, b, holders } = two(TRACKED)
    a.steering.link('up0', false)
    lan.run(seconds(1))
    a.steering.link('up0', true)
    lan.run(seconds(30))
    expect(holders()).toEqual(['a', 'a'])
    expect(b.told.filter((e) => e.type === 'router.state' && e.data.to === 'active')).toEqual([])
  })
  test('an interface that nobody named does not matter', () => {
    const { lan, a, holders } = two(TRACKED)
    a.steering.link('eth7', false)
    lan.run(seconds(10))
    expect(holders()).toEqual(['a', 'a'])
  })
})
