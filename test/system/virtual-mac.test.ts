/** `mac: virtual` on the wire: from which MAC address hosts speak, and which one neighbours learn. RFC 9568 §7.2, §7.3, §8. */
import { afterEach, describe, expect, it } from 'vitest'
import { startCapture } from '../../lab/capture.ts'
import { until } from '../../lab/clock.ts'
import { clusterOf, groupOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dumpcap')
/** VRID 210 is d2. */
const OVER_IPV4 = '00:00:5e:00:01:d2', OVER_IPV6 = '00:00:5e:00:02:d2'
const ETHERNET = 14

/** What the client sees. `ethernet`: who sent the frame; `inside`: what the message says. */
interface Seen {
  readonly what: 'advertisement' | 'arp' | 'na'
  readonly ethernet: string
  /** Sender hardware address of ARP, target link-layer address of a Neighbor Advertisement. */
  readonly inside?: string
  /** The address that ARP or a Neighbor Advertisement is about, in hexadecimal digits. */
  readonly about?: string
  readonly priority?: number
  /** Sent to the client alone. */
  readonly answer: boolean
}
const HEX = { ipv4: '0a3500d2', ipv6: 'fd530000000000000000000000000210' } as const

function read(frame: Buffer): Seen | undefined {
  const mac = (at: number) => [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  const text = (at: number, length: number) => frame.toString('hex', at, at + length)
  const type = frame.readUInt16BE(12), ethernet = mac(6), answer = ((frame[0] ?? 0) & 1) === 0
  if (type === 0x0806) return { what: 'arp', ethernet, inside: mac(22), about: text(28, 4), answer }
  const advertisement = (at: number): Seen => ({ what: 'advertisement', ethernet, priority: frame.readUInt8(at + 2), answer })
  if (type === 0x0800) return frame[ETHERNET + 9] === 112 ? advertisement(ETHERNET + 20) : undefined
  if (frame[ETHERNET + 6] === 112) return advertisement(ETHERNET + 40)
  return { what: 'na', ethernet, inside: mac(80), about: text(62, 16), answer }
}

describe.skipIf(absent)(title('with the virtual MAC address'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())
  const seen: Seen[] = []
  const of = (what: Seen['what'], about?: string) => seen.filter((s) => s.what === what && s.about === about)
  const senders = (list: readonly Seen[]) => [...new Set(list.map((s) => s.ethernet))]
  const told = (list: readonly Seen[]) => [...new Set(list.map((s) => s.inside))]

  async function begin(document: object, carrier: string, service: string): Promise<{ holds(name: string): Promise<void> }> {
    stage = await stageOf([A, B], () => document)
    const { lab } = stage
    seen.length = 0
    startCapture(lab, lab.client, 'proto 112 or arp or (icmp6 and ip6[40] == 136)', (frame) => {
      const one = read(frame)
      if (one) seen.push(one)
    })
    // It listens when it hears a question that somebody asks.
    const asks = () => lab.output(lab.client, ['bash', '-c', 'exec 3<>/dev/udp/10.53.0.98/9; echo x >&3'])
    expect(await until(() => {
      asks()
      return seen.length > 0
    }, 10_000, 200)).toBe(true)
    const has = (name: string) => lab.output(lab.host(name), ['ip', '-o', 'address', 'show', 'to', service]).includes(` ${carrier} `)
    const holds = async (name: string) => {
      const other = name === A ? B : A
      expect(await until(() => has(name) && !has(other), 20_000, 50)).toBe(true)
    }
    await stage.start(A)
    await holds(A)
    await stage.start(B)
    return { holds }
  }

  /** Sends a datagram there, so that the client must know the way. */
  const ask = (address: string) =>
    stage.lab.output(stage.lab.client, ['bash', '-c', `exec 3<>/dev/udp/${address}/9; echo x >&3`])
  const neighbours = (address: string) =>
    stage.lab.output(stage.lab.client, ['ip', 'neigh', 'show', address]).match(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/)?.[0]
  async function learnsAnew(address: string): Promise<string | undefined> {
    stage.lab.output(stage.lab.client, ['ip', 'neigh', 'flush', 'to', address])
    await until(() => {
      ask(address)
      return neighbours(address) !== undefined
    }, 10_000, 100)
    return neighbours(address)
  }

  it('advertisements, farewells and announcements over IPv4 come from it, whichever host sends them', async () => {
    const { holds } = await begin(clusterOf([A, B], { mac: 'virtual' }), 'us210v4-eth0', SERVICE.ipv4)
    await until(() => of('advertisement').length >= 20 && of('arp', HEX.ipv4).length >= 5, 10_000)
    stage.lab.crash(stage.host(A))
    await holds(B)
    const before = of('advertisement').length
    await until(() => of('advertisement').length >= before + 20 && of('arp', HEX.ipv4).length >= 10, 10_000)
    await stage.daemon(B).stop()
    expect(await until(() => of('advertisement').some((s) => s.priority === 0), 5000)).toBe(true)
    expect(senders(of('advertisement'))).toEqual([OVER_IPV4])
    expect(of('arp', HEX.ipv4).length).toBeGreaterThanOrEqual(10)
    expect([senders(of('arp', HEX.ipv4)), told(of('arp', HEX.ipv4))]).toEqual([[OVER_IPV4], [OVER_IPV4]])
    expect(of('na', HEX.ipv6).length).toBeGreaterThanOrEqual(10)
    expect([senders(of('na', HEX.ipv6)), told(of('na', HEX.ipv6))]).toEqual([[OVER_IPV4], [OVER_IPV4]])
  })

  it('over IPv6 neighbours learn that of the family, and it stays across a crash', async () => {
    const router = { vrid: 210, addresses: [`${SERVICE.ipv6}/64`] }
    const document = { cluster: 'test', groups: { dns: groupOf([A, B], { mac: 'virtual' }, { routers: { testdns0: router } }) } }
    const { holds } = await begin(document, 'us210v6-eth0', SERVICE.ipv6)
    expect(await learnsAnew(SERVICE.ipv6)).toBe(OVER_IPV6)
    const own = [A, B].map((name) => stage.lab.mac(stage.host(name)))
    stage.lab.crash(stage.host(A))
    await holds(B)
    expect(neighbours(SERVICE.ipv6)).toBe(OVER_IPV6)
    expect(await learnsAnew(SERVICE.ipv6)).toBe(OVER_IPV6)
    // One from each host.
    expect(await until(() => of('na', HEX.ipv6).filter((s) => s.answer).length >= 2, 5000)).toBe(true)
    expect([senders(of('na', HEX.ipv6)), told(of('na', HEX.ipv6))]).toEqual([[OVER_IPV6], [OVER_IPV6]])
    // Their source address is that of the interface, and so is the MAC address.
    expect(senders(of('advertisement'))).toEqual(own)
  })
})
