/** What strangers, liars and a bad network may do to a cluster, and for how long. Timers of one second. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { encode } from '../../daemon/wire/advertisement.ts'
import { clusterOf } from '../core/stage.ts'
import { lanOf } from '../sim/cluster.ts'
import type { SimHost } from '../sim/host.ts'
import { randomFrom } from '../sim/random.ts'

const LIAR = 0x0a0000c8, GROUP = 0xe0000012

function three(router = '') {
  const { lan, hosts } = lanOf(clusterOf('a, b, c', router))
  lan.run(seconds(10))
  return { lan, ...(hosts as Record<'a' | 'b' | 'c', SimHost>) }
}
type Lie = Partial<{ src: number; priority: number; interval: number; vrid: number; addresses: number[]; hopLimit: number }>
/** One packet to everybody, 0.2 ms on the wire. */
function send({ lan }: { lan: SimHost['lan'] }, lie: Lie = {}): void {
  const { src = LIAR, priority = 255, interval = 1000, vrid = 7, addresses = [0x0a000064], hopLimit = 255 } = lie
  const payload = encode({ version: 3, vrid, priority, interval: ms(interval), addresses,
    authentication: { type: 'none' } }, { src, dst: GROUP, checksum: 'rfc5798' })
  for (const h of lan.hosts) lan.at((lan.now + 0.2) as never,
    () => h.runtime.receive('eth0', undefined, { family: 4, src, dst: GROUP, hopLimit, payload }))
}
const rejected = (h: SimHost) =>
  h.told.map((e) => e.type).filter((type) => type === 'advertisement.rejected' || type === 'vrid.collision')
const steps = (h: SimHost) => h.told.flatMap((e) => (e.type === 'router.state' ? [e.data.to] : []))

describe('one false packet', () => {
  test.each([
    ['priority 255', {}], ['priority 255 that announces an interval of 40.95 s', { interval: 40_950 }],
    ['the same, as if from host b', { src: 0x0a000002, interval: 40_950 }],
    ['priority 254 of a host with no other address than ours', { priority: 254, src: 0x0a000002 }],
  ] as const)('%s: the addresses are back within 4 s, where they were', (_, lie) => {
    const all = three()
    send(all, lie)
    all.lan.run(ms(1))
    expect(all.lan.holders('r').length).toBeLessThanOrEqual(1)
    all.lan.run(seconds(4))
    expect(all.lan.holders('r')).toEqual(['a'])
    all.lan.run(seconds(60))
    expect(steps(all.a)).toEqual(['backup', 'active', 'backup', 'active'])
    expect([steps(all.b), steps(all.c)].flat().length).toBeLessThanOrEqual(6)
  })
  test('a false farewell of a stranger moves nothing', () => {
    const all = three()
    send(all, { priority: 0 })
    all.lan.run(seconds(10))
    expect([steps(all.a), steps(all.b), steps(all.c)]).toEqual([['backup', 'active'], ['backup'], ['backup']])
  })
  test('a false farewell in the name of the active host costs milliseconds of a second holder, and no outage', () => {
    const all = three()
    send(all, { priority: 0, src: 0x0a000001 })
    for (let i = 0; i < 200; i++) {
      all.lan.run(ms(1))
      expect(all.lan.holders('r')).toContain('a')
    }
    all.lan.run(seconds(5))
    expect(all.lan.holders('r')).toEqual(['a'])
    expect(steps(all.a)).toEqual(['backup', 'active'])
  })
})

describe('what is refused', () => {
  test('is shown by cause, with the next heartbeat', () => {
    const all = three()
    for (let i = 0; i < 3; i++) send(all, { hopLimit: 254 })
    send(all, { addresses: [0x0a0000fe] })
    all.lan.run(ms(1))
    expect(all.a.shown.get('r')?.refused).toBeUndefined()
    all.a.steering.tick()
    expect(all.a.shown.get('r')?.refused).toEqual({ 'hop-limit': 3, 'address-list': 1 })
    const at = all.a.shown.get('r')?.at
    all.lan.run(seconds(30))
    all.a.steering.tick()
    expect(all.a.shown.get('r')?.at).toBe(at)
  })
})

describe('the interval of the active host (§6.4.2)', () => {
  test('is learned from a second advertisement that says the same', () => {
    const all = three()
    for (const h of [all.a, all.b, all.c]) h.crash()
    all.b.boot()
    send(all, { priority: 250, interval: 3000 })
    all.lan.run(ms(500))
    expect(all.b.member('r').state).toMatchObject({ activeInterval: 1000 })
    send(all, { priority: 250, interval: 3000 })
    all.lan.run(ms(1))
    expect(all.b.member('r').state).toMatchObject({ activeInterval: 3000 })
    const heard = all.lan.now
    all.lan.run(ms(9180)) // 3 × 3 s and Skew_Time of 187.5 ms, from 0.8 ms ago
    expect(all.lan.holders('r')).toEqual([])
    all.lan.run(ms(10))
    expect(all.lan.holders('r')).toEqual(['b'])
    expect(all.lan.now - heard).toBeLessThan(9191)
  })
  test('is not learned from one, nor from two that differ', () => {
    const all = three()
    send(all, { priority: 255, interval: 40_950 })
    all.lan.run(ms(10))
    send(all, { priority: 255, interval: 40_940 })
    all.lan.run(ms(10))
    for (const h of [all.a, all.b, all.c]) expect(h.member('r').state).toMatchObject({ at: 'backup', activeInterval: 1000 })
  })
})

describe('strangers', () => {
  test.each<[string, Lie, readonly string[]]>([
    ['from beyond a router', { hopLimit: 254 }, ['advertisement.rejected']],
    ['with another address list', { addresses: [0x0a000065] }, ['vrid.collision']],
    ['with another VRID', { vrid: 8 }, []],
  ])('%s are refused, and told once', (_, lie, told) => {
    const all = three()
    for (let i = 0; i < 5; i++) {
      send(all, lie)
      all.lan.run(ms(300))
    }
    all.lan.run(seconds(5))
    expect(all.lan.holders('r')).toEqual(['a'])
    expect([steps(all.a), steps(all.b)]).toEqual([['backup', 'active'], ['backup']])
    for (const h of [all.a, all.b, all.c]) expect(rejected(h)).toEqual(told)
  })
  test('our own packet that a switch sends back to us is not somebody else', () => {
    const all = three()
    const own = all.a.sent.at(-1)?.payload ?? new Uint8Array()
    all.a.runtime.receive('eth0', undefined, { family: 4, src: 0x0a000001, dst: GROUP, hopLimit: 255, payload: own })
    all.lan.run(seconds(5))
    expect(steps(all.a)).toEqual(['backup', 'active'])
  })
  test('a packet on another interface, or sent to our own address, is not for this router', () => {
    const all = three()
    const payload = encode({ version: 3, vrid: 7, priority: 255, interval: seconds(1), addresses: [0x0a000064],
      authentication: { type: 'none' } }, { src: LIAR, dst: GROUP, checksum: 'rfc9568' })
    const d = { family: 4, src: LIAR, dst: GROUP, hopLimit: 255, payload } as const
    all.a.runtime.receive('eth1', undefined, d)
    all.a.runtime.receive('eth0', 255, d)
    expect(all.a.state('r')).toBe('active')
    all.a.runtime.receive('eth0', undefined, d)
    expect(all.a.state('r')).toBe('backup')
  })
})

describe('a network that repeats and reorders', () => {
  test('every packet three times, up to 900 ms late: one host stays active, nobody else tries', () => {
    const all = three()
    const random = randomFrom(9568)
    all.lan.carries = () => [ms(0.2), ms(random.next() * 900), ms(random.next() * 900)]
    all.lan.run(seconds(120))
    expect(all.lan.holders('r')).toEqual(['a'])
    expect([steps(all.a), steps(all.b), steps(all.c)]).toEqual([['backup', 'active'], ['backup'], ['backup']])
  })
  test('advertisements that arrive after the farewell of their sender make the takeover late, not wrong', async () => {
    const all = three()
    const random = randomFrom(5798)
    all.lan.carries = () => [ms(0.2), ms(random.next() * 900)]
    const stopped = all.a.stop()
    all.lan.run(seconds(10))
    await stopped
    expect(all.lan.holders('r')).toEqual(['b'])
  })
  test('two of three packets lost: nobody takes over; all lost: the next one does', () => {
    const all = three()
    let n = 0
    all.lan.carries = () => (Math.floor(n++ / 2) % 3 === 0 ? [ms(0.2)] : []) // each to b and c
    all.lan.run(seconds(60))
    expect([steps(all.b), steps(all.c)]).toEqual([['backup'], ['backup']])
    all.lan.carries = () => []
    all.lan.run(ms(3300))
    expect(steps(all.b)).toEqual(['backup', 'active'])
  })
})
