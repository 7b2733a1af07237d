/** What the loop makes of the election's effects: their order, and what an interface should have. */
import { describe, expect, test } from 'vitest'
import { after, ms, seconds } from '../../contract/time.ts'
import type { Input } from '../../daemon/core/election.ts'
import { heard } from './params.ts'
import { clusterOf, parsed, stage, type StagedHost, type StageOptions } from './stage.ts'

const V4 = 0x0a000064, V6 = 0xfd00_0000_0000_0000_0000_0000_0000_0100n
function two(router = '', options: StageOptions = {}) {
  const { lan, hosts } = stage(clusterOf('a, b', router), options)
  const [a, b] = hosts as [StagedHost, StagedHost]
  a.start()
  b.start()
  lan.run(seconds(10))
  return { lan, a, b }
}
const input = (h: StagedHost, what: Input) => { for (const m of h.members) h.runtime.input(m, what) }

describe('a backup', () => {
  test('has the addresses nowhere, announces nothing and says nothing', () => {
    const { a, b } = two()
    expect([...a.held]).toEqual([V4, V6])
    expect([...b.held]).toEqual([])
    expect(b.done).toEqual([])
  })
  test('takes away what somebody else has put on its interface', () => {
    const { b } = two()
    b.held.add(V6)
    b.runtime.reconcile(b.members)
    expect([...b.held]).toEqual([])
    expect(b.told.at(-1))
      .toMatchObject({ type: 'addresses.repaired', data: { reason: 'address-extra', addresses: ['fd00::100/64'] } })
  })
})

describe('routers of one host', () => {
  test('with the same interval advertise at the same moments, another at its own', () => {
    const config = parsed(`cluster: stage
groups:
  g:
    hosts: [a]
    defaults: {interface: eth0}
    routers:
      slow: {vrid: 1, interval: 1, addresses: [10.0.0.101/24]}
      late: {vrid: 2, interval: 1, addresses: [10.0.0.102/24]}
      fast: {vrid: 3, interval: 0.3, addresses: [10.0.0.103/24]}`)
    const sent = new Map<string, number[]>()
    const { lan, hosts } = stage(config, {
      witnesses: () => [{ sent: (m, _, now) => void sent.set(m.name, [...(sent.get(m.name) ?? []), now]) }],
    })
    const [a] = hosts as [StagedHost]
    const start = (i: number) => { for (const m of a.members.slice(i, i + 1)) a.runtime.input(m, { is: 'startup' }) }
    start(0)
    lan.run(ms(310))
    start(1)
    lan.run(ms(10))
    start(2)
    lan.run(ms(5000))
    const times = (name: string) => (sent.get(name) ?? []).map((t) => Math.round(t * 10) / 10)
    // Each one's first comes when nobody has been heard for 3 intervals and Skew_Time.
    expect(times('slow')).toEqual([3023.4, 4000, 5000])
    expect(times('late')).toEqual([3333.4, 4000, 5000])
    expect(times('fast').slice(0, 3)).toEqual([1227, 1527, 1827])
  })
})

describe('a bad packet', () => {
  test('is told again when the same good one came in between, and only then', () => {
    const { lan, a, b } = two(', preempt: off')
    const good = a.sent.at(-1)
    if (!good) throw new Error('nothing was sent')
    const rejected = () => b.told.filter((e) => e.type === 'advertisement.rejected').length
    const hear = (hopLimit: number) => b.runtime.receive('eth0', undefined, { ...good, hopLimit })
    hear(255)
    for (const hopLimit of [254, 254, 255, 255]) hear(hopLimit)
    expect(rejected()).toBe(1)
    hear(254)
    expect(rejected()).toBe(2)
    lan.run(seconds(5))
    expect(b.members[0]?.state.at).toBe('backup')
  })
})

describe('an active host', () => {
  test('has the addresses before it announces them, and announces them before it advertises', () => {
    const { lan, a, b } = two()
    input(a, { is: 'lost', why: 'interface-down' })
    lan.run(ms(3100))
    expect(b.done.slice(0, 3)).toEqual(['hold', 'announce', 240])
  })
  test('that cannot have the addresses never announces them, and says nothing', () => {
    const { lan, a, b } = two('', { refusedOn: ['b'] })
    input(a, { is: 'lost', why: 'interface-down' })
    lan.run(seconds(30))
    expect([b.done, b.members.map((m) => m.state.at)]).toEqual([['release'], ['initialize']])
  })
  test('that loses to a host that comes unasked says farewell, and lets go 2 ms later', () => {
    const { lan, a } = two()
    a.done.length = 0
    input(a, heard(255, 0x0a000009))
    lan.run(ms(1.9))
    a.runtime.reconcile(a.members)
    expect([a.done, [...a.held]]).toEqual([[0], [V4, V6]])
    lan.run(ms(0.2))
    expect([a.done, [...a.held]]).toEqual([[0, 'release'], []])
  })
  test('that gives way as it was told keeps the addresses for the 8 ms in which queries of before are answered', () => {
    const { lan, a } = two()
    for (const m of a.members) m.params = { ...m.params, priority: 100, rank: 1, foremost: false, cause: 'order-changed' }
    a.done.length = 0
    input(a, heard(255, 0x0a000009))
    lan.run(ms(7.9))
    expect([a.done, [...a.held]]).toEqual([[0], [V4, V6]])
    lan.run(ms(0.2))
    expect([a.done, [...a.held]]).toEqual([[0, 'release'], []])
  })
  test('that must give way without an interface lets go at once', () => {
    const { a } = two()
    input(a, heard(255, 0x0a000009))
    a.done.length = 0
    input(a, { is: 'lost', why: 'interface-down' })
    expect([a.done, [...a.held]]).toEqual([['release'], []])
  })
  test('that has stalled and hears a better one lets go at once', () => {
    const { lan, a } = two('', { drain: ms(50) })
    a.freeze(ms(1500))
    lan.run(ms(1510))
    a.done.length = 0
    input(a, heard(255, 0x0a000009))
    expect(a.done).toEqual(['release', 0])
  })
  test('that serves again before it has let go keeps the addresses', () => {
    const { lan, a } = two(', interval: 0.1')
    for (const m of a.members) m.params = { ...m.params, cause: 'order-changed' }
    input(a, heard(255, 0x0a000009))
    input(a, heard(0, 0x0a000009)) // a farewell: it is back after its Skew_Time, 2.3 ms
    a.done.length = 0
    lan.run(ms(20))
    expect(a.done.slice(0, 3)).toEqual(['hold', 'announce', 250])
    expect(a.done).not.toContain('release')
    expect([...a.held]).toEqual([V4, V6])
  })
  test('puts back what is missing, and announces it', () => {
    const { a } = two()
    a.done.length = 0
    a.held.delete(V4)
    a.runtime.reconcile(a.members)
    expect([...a.held].length).toBe(2)
    expect(a.done).toEqual(['hold', 'announce'])
    expect(a.told.at(-1))
      .toMatchObject({ type: 'addresses.repaired', data: { reason: 'address-missing', addresses: ['10.0.0.100/24'] } })
  })
  test('that did not run for a while puts nothing back before it has heard what waits', () => {
    const { lan, a } = two()
    a.held.clear()
    lan.now = after(lan.now, seconds(5))
    a.runtime.reconcile(a.members)
    expect([...a.held]).toEqual([])
    lan.run(ms(0))
    expect(a.done.slice(-2)).toEqual(['renew', 250])
    expect([...a.held]).toEqual([V4, V6])
  })
  test('that did not run for a while says nothing before it has heard all that waits, however long that takes', () => {
    const { lan, a } = two('', { drain: ms(50) })
    a.done.length = 0
    while (a.done.at(-1) !== 250) lan.run(ms(1))
    a.done.length = 0
    a.freeze(ms(2500))
    lan.run(ms(2549))
    expect(a.done).toEqual([])
    lan.run(ms(2))
    expect(a.done).toEqual(['hold', 'announce', 250])
  })
  test('that did not run for a while answers no packet that comes before its late timer', () => {
    const { lan, a, b } = two('', { drain: ms(50) })
    a.freeze(seconds(10))
    a.done.length = 0
    while (!b.done.includes(240)) lan.run(ms(1))
    lan.run(ms(40))
    expect(a.done).toEqual([])
    lan.run(ms(12))
    expect(a.done.slice(0, 3)).toEqual(['hold', 'announce', 250])
  })
  test('does chores after the next advertisement, in their order, if that is due within 5 ms, else at once', () => {
    const { lan, a } = two()
    while (a.done.at(-1) !== 250) lan.run(ms(1))
    const chore = (name: string) => a.runtime.between(() => void a.done.push(name))
    a.done.length = 0
    chore('at once')
    lan.run(ms(996))
    chore('later')
    chore('and then this')
    lan.run(ms(10))
    expect(a.done.filter((d) => d !== 'renew')).toEqual(['at once', 250, 'later', 'and then this'])
  })
  test('whose interface is as it should be does nothing', () => {
    const { a } = two()
    const before = a.done.length
    a.runtime.reconcile(a.members)
    expect(a.done.length).toBe(before)
  })
  test('renews the lease as it advertises, at most every half second', () => {
    const { lan, a } = two(', interval: 0.1')
    a.done.length = 0
    lan.run(seconds(2))
    expect(a.done.filter((x) => x === 250).length).toBe(20)
    expect(a.done.filter((x) => x === 'renew').length).toBe(4)
  })
  test('that has let go does not renew what it let go', () => {
    const { lan, a, b } = two()
    for (const m of b.members) m.params = { ...m.params, priority: 250, rank: 0, foremost: true }
    for (const m of a.members) m.params = { ...m.params, priority: 240, rank: 1, foremost: false }
    input(a, { is: 'retuned' }) // advertises, so it renews; a moment later b takes over
    lan.run(ms(3))
    expect([...a.held]).toEqual([])
    lan.run(seconds(1))
    expect([...a.held]).toEqual([])
  })
  test('without a lease has nothing to renew', () => {
    const { lan, a } = two(', lease: off')
    a.done.length = 0
    lan.run(seconds(2))
    expect(a.done).toEqual([250, 250])
  })
})

describe('a stop', () => {
  test('offers, and lets go when the successor is heard', () => {
    const { lan, a, b } = two()
    a.done.length = 0
    input(a, { is: 'shutdown' })
    expect(a.done).toEqual(['renew', 1])
    lan.run(ms(100))
    expect(a.done).toEqual(['renew', 1, 'release'])
    expect(b.done.slice(0, 3)).toEqual(['hold', 'announce', 240])
  })
  test('with nobody there: farewell, then it lets go', () => {
    const { lan, a, b } = two()
    input(b, { is: 'shutdown' })
    a.done.length = 0
    input(a, { is: 'shutdown' })
    lan.run(seconds(5))
    expect(a.done.filter((x) => x !== 'renew')).toEqual([1, 1, 1, 1, 1, 0, 'release'])
    expect(a.done.slice(-2)).toEqual([0, 'release'])
  })
})

describe('unicast', () => {
  const unicast = ', unicast: {peers: {a: 10.0.0.1, b: 10.0.0.2}}'
  test('sends to each other host, not to the group', () => {
    const { a } = two(unicast)
    expect(a.sent.length).toBeGreaterThan(5)
    expect(a.sent.every((d) => d.dst === 0x0a000002)).toBe(true)
  })
  test('hears named hosts only', () => {
    const { a } = two(unicast)
    const better = (src: number) => a.runtime.receive('eth0', 255, { family: 4, src, dst: 0x0a000001, hopLimit: 255,
      payload: Uint8Array.from([0x31, 7, 255, 1, 0, 100, 0xc5, 0x2e, 10, 0, 0, 100]) })
    better(0x0a000009)
    expect(a.members[0]?.state.at).toBe('active')
    expect(a.told.at(-1)).toMatchObject({ type: 'advertisement.rejected', data: { reject: 'peer' } })
    better(0x0a000002)
    expect(a.members[0]?.state.at).toBe('backup')
  })
})
