/** How a host holds a service address, as its kernel tells it; when and how often it announces it; when it begins. */
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { startSniffer, type Sniffer } from '../../lab/sniffer.ts'
import { clusterOf, groupOf, ROUTER, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dumpcap')
const SECOND = { ipv4: '10.54.0.1', ipv6: 'fd54::1' }
/** What `ip` prints for a lifetime without an end. */
const FOREVER = 4294967295
interface Held {
  readonly local: string; readonly prefixlen: number; readonly scope: string; readonly label?: string
  readonly deprecated?: boolean; readonly nodad?: boolean; readonly noprefixroute?: boolean
  readonly valid_life_time: number; readonly preferred_life_time: number
}

describe.skipIf(absent)(title('a service address'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  /** One host with these addresses beside the usual two, which it holds at the end. */
  async function hold(options: Readonly<Record<string, unknown>>, ...more: (object | string)[]): Promise<void> {
    const addresses = [`${SERVICE.ipv4}/24`, `${SERVICE.ipv6}/64`, ...more]
    stage = await stageOf([A], () => clusterOf([A], {}, { groups: { dns: groupOf([A], options, { routers: { [ROUTER]: { vrid: 210, addresses } } }) } }))
    await stage.elect(A)
    expect(await until(() => kernel().length >= 3 + addresses.length, 10_000)).toBe(true) // link-local, and two of its own
  }
  const output = (...words: string[]) => stage.lab.output(stage.host(A), words)
  const kernel = () => (JSON.parse(output('ip', '-j', '-d', 'address', 'show', 'dev', 'eth0')) as [{ addr_info: Held[] }])[0].addr_info
  const held = (address: string) => kernel().find((a) => a.local === address)
  const route = (network: string) => output('ip', network.includes(':') ? '-6' : '-4', 'route', 'show', network, 'dev', 'eth0').trim()
  /** The address that the host's kernel gives a program which asks for none. */
  const source = (to: string) => output(process.execPath, '-e', `
    const socket = require('dgram').createSocket('${to.includes(':') ? 'udp6' : 'udp4'}')
    socket.connect(53, '${to}', () => { console.log(socket.address().address); socket.close() })`).trim()

  it('is held for two seconds at a time, and deprecated, so that the host never speaks from it', async () => {
    await hold({})
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) {
      const { valid_life_time: valid, ...rest } = held(address) ?? { valid_life_time: -1 }
      expect(rest).toMatchObject({ deprecated: true, preferred_life_time: 0, scope: 'global' })
      expect(valid).toBeGreaterThanOrEqual(0)
      expect(valid).toBeLessThanOrEqual(2)
    }
    expect(held(SERVICE.ipv4)).toMatchObject({ prefixlen: 24, label: 'eth0' })
    expect(held(SERVICE.ipv6)).toMatchObject({ prefixlen: 64, nodad: true, noprefixroute: true })
    expect([source('10.53.0.90'), source('fd53::90')]).toEqual(['10.53.0.11', 'fd53::11'])
  })

  it('is not what a host speaks from that has got another address of its own', async () => {
    await hold({})
    for (const change of [['del', '10.53.0.11/24'], ['add', '10.53.0.31/24']] as const) output('ip', 'address', ...change, 'dev', 'eth0')
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 2000 })
    expect(source('10.53.0.90')).toBe('10.53.0.31')
  })

  it('with `source` may be what the host speaks from, over IPv6', async () => {
    await hold({}, { address: 'fd53::211/64', source: true })
    expect(held('fd53::211')?.preferred_life_time).toBeGreaterThan(0)
    expect(source('fd53::90')).toBe('fd53::211')
  })

  it('has the label, the prefix length, the scope and the route that the cluster file gives it', async () => {
    await hold({},
      { address: '10.53.0.211/25', label: 'eth0:dns' }, { address: '10.53.0.212/32', scope: 'link' }, { address: '10.53.0.213/32', scope: 'host' },
      `${SECOND.ipv4}/24`, { address: '10.55.0.1/24', prefixRoute: false },
      `${SECOND.ipv6}/64`, { address: 'fd55::1/64', prefixRoute: true }, { address: 'fd53::212/64', duplicateDetection: true })
    expect(held('10.53.0.211')).toMatchObject({ prefixlen: 25, label: 'eth0:dns', scope: 'global' })
    expect(held('10.53.0.212')).toMatchObject({ prefixlen: 32, scope: 'link' })
    expect(held('10.53.0.213')).toMatchObject({ scope: 'host' })
    expect(held(SECOND.ipv4)?.noprefixroute).toBeUndefined()
    expect(held('10.55.0.1')?.noprefixroute).toBe(true)
    expect(held('fd53::212')?.nodad).toBeUndefined()
    expect([route('10.54.0.0/24'), route('10.55.0.0/24')]).toEqual([expect.stringContaining('proto kernel'), ''])
    expect([route('fd54::/64'), route('fd55::/64')]).toEqual(['', expect.stringContaining('proto kernel')])
    // The route of the host's own address stays as it was: it does not end with a lease.
    expect(route('fd53::/64')).not.toContain('expires')
  })

  it('over IPv4 is what the host speaks from in a network where it has no other, unless it makes no route to it', async () => {
    await hold({}, `${SECOND.ipv4}/24`, { address: '10.55.0.1/24', prefixRoute: false })
    output('ip', 'route', 'add', 'default', 'via', '10.53.0.90')
    expect([source('10.54.0.90'), source('10.55.0.90'), source('192.0.2.1')]).toEqual([SECOND.ipv4, '10.53.0.11', '10.53.0.11'])
  })

  it('without a lease has no end, and stays deprecated', async () => {
    await hold({ lease: 'off' })
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) expect(held(address)).toMatchObject({ valid_life_time: FOREVER, deprecated: true })
    expect([source('10.53.0.90'), source('fd53::90')]).toEqual(['10.53.0.11', 'fd53::11'])
  })

  it('with a lease of a minute has that', async () => {
    await hold({ lease: 60 })
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) expect(held(address)?.valid_life_time).toBeGreaterThan(50)
  })
})

describe.skipIf(absent)(title('announcements'), { timeout: 60_000 }, () => {
  let stage: Stage, sniffer: Sniffer
  afterEach(() => stage?.close())

  async function listen(hosts: readonly string[], document: object): Promise<void> {
    stage = await stageOf(hosts, () => document)
    const { lab } = stage, heard = startSniffer(lab, lab.client)
    if (!heard) throw new Error('there is no dumpcap')
    sniffer = heard
    const listens = () => lab.output(lab.client, ['cat', '/proc/net/packet']).trim().split('\n').length > 1
    if (!await until(listens, 10_000)) throw new Error('dumpcap does not listen')
  }
  /** When each burst began, in seconds after the first one, and of how many frames it was. */
  function bursts(address: string): { readonly after: number; readonly frames: number }[] {
    const times = sniffer.announcements.filter((a) => a.address === address).map((a) => a.at), [first = 0] = times
    const begins = times.filter((t, i) => i === 0 || t - (times[i - 1] ?? 0) > 300)
    return begins.map((begin, i) => ({
      after: (begin - first) / 1000, frames: times.filter((t) => t >= begin && t < (begins[i + 1] ?? Infinity)).length,
    }))
  }
  const many = (n: number) => ({ [ROUTER]: { vrid: 210, addresses: Array.from({ length: n }, (_, i) => `10.53.0.${210 + i}/24`) } })

  it('come in bursts: `count` frames at the takeover, again after `repeatAfter`, then every `refresh`', async () => {
    await listen([A], clusterOf([A], { interval: 1, announce: { count: 3, repeatAfter: 1, refresh: 2 } }))
    await stage.start(A)
    expect(await until(() => bursts(SERVICE.ipv6).length >= 5, 30_000)).toBe(true)
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) {
      const four = bursts(address).slice(0, 4)
      expect(four.map((b) => b.frames)).toEqual([3, 3, 3, 3])
      for (const [i, after] of [0, 1, 3, 5].entries()) {
        expect(four[i]?.after).toBeGreaterThanOrEqual(after - 0.05)
        expect(four[i]?.after).toBeLessThan(after + 0.8)
      }
    }
  })

  it('come once where `repeatAfter` is 0 and `refresh` is not set, five of them', async () => {
    await listen([A], clusterOf([A], { interval: 1, announce: { repeatAfter: 0 } }))
    await stage.elect(A)
    await stage.holds(A, { calm: 7000, within: 20_000 })
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) expect(bursts(address)).toEqual([{ after: 0, frames: 5 }])
  })

  for (const perSecond of [20, 150]) {
    it(`are no more than ${perSecond} a second where \`perSecond\` says so, and none is left out`, async () => {
      const count = perSecond / 5, announce = { count, perSecond, repeatAfter: 0 }
      await listen([A], clusterOf([A], {}, { groups: { dns: groupOf([A], { interval: 1, announce }, { routers: many(10) }) } }))
      await stage.start(A)
      const times = () => sniffer.announcements.map((a) => a.at)
      expect(await until(() => times().length >= 10 * count, 30_000)).toBe(true)
      expect(times().length).toBe(10 * count)
      const [first = 0] = times(), last = times().at(-1) ?? 0
      // Two seconds' worth of frames; timers and slices have a grain.
      expect(last - first).toBeGreaterThan(1800)
      expect(last - first).toBeLessThan(4000)
    })
  }

  it('that still wait are not sent by a host that has handed the addresses over', async () => {
    const announce = { count: 60, perSecond: 100, repeatAfter: 0 }
    await listen([A, B], clusterOf([B, A], {}, { groups: { dns: groupOf([B, A], { interval: 0.1, announce }, { routers: many(10) }) } }))
    const mac = stage.lab.mac(stage.host(A))
    await stage.start(A)
    await stage.holders.settled(SERVICE.ipv4, [A])
    await stage.start(B)
    const at = await stage.holders.settled(SERVICE.ipv4, [B], { calm: 1500 })
    const ofA = sniffer.announcements.filter((a) => a.mac === mac)
    expect(ofA.length).toBeGreaterThan(0)
    expect(ofA.filter((a) => a.at > at + 50).length).toBe(0)
  })
})

describe.skipIf(absent)(title('startDelay'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  it('keeps a host from taking part until it is over, also when its cable comes and goes', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B], {}, { startDelay: 4 }))
    const { lab, holders } = stage
    await stage.start(B)
    await stage.holds(B)
    const heard = startSniffer(lab, lab.client)
    await until(() => (heard?.advertisements.length ?? 0) > 0, 10_000)
    const began = monotonic(), mac = lab.mac(stage.host(A)), starting = stage.start(A)
    await until(() => stage.daemon(A).lines.some((l) => /does not take part yet: startDelay is not over/.test(l.msg)), 20_000)
    lab.cut(stage.host(A), 'carrier')
    await stage.daemon(A).said(/^interface eth0 is down$/)
    lab.plug(stage.host(A))
    await starting
    await stage.holds(A, { within: 20_000, calm: 300 })
    const first = heard?.advertisements.find((a) => a.mac === mac)?.at ?? 0
    expect(first - began).toBeGreaterThan(4000)
    expect(await holders.change({ host: A, address: SERVICE.ipv4, held: true }, began) - began).toBeGreaterThan(4000)
    expect(holders.gap(SERVICE.ipv4, began)).toBeLessThan(50)
  })
})
