/** What leaves a host when it advertises, as others on the link see it. RFC 9568 §5.1, §7.2. */
import { afterEach, describe, expect, it } from 'vitest'
import { startCapture } from '../../lab/capture.ts'
import { until } from '../../lab/clock.ts'
import { clusterOf, SERVICE, startDaemon } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dumpcap')
const ETHERNET = 14
/** The link-local address that the hosts of these tests get: fe80::5a. */
const LINK_LOCAL = 'fe80000000000000000000000000005a'

/** In hexadecimal digits, but for the lifetime. */
interface Sent { readonly to: string; readonly source: string; readonly destination: string; readonly lifetime: number }

function read(frame: Buffer): Sent {
  const hex = (at: number, length: number) => frame.toString('hex', at, at + length)
  return frame.readUInt16BE(12) === 0x0800
    ? { to: hex(0, 6), source: hex(ETHERNET + 12, 4), destination: hex(ETHERNET + 16, 4), lifetime: frame.readUInt8(ETHERNET + 8) }
    : { to: hex(0, 6), source: hex(ETHERNET + 8, 16), destination: hex(ETHERNET + 24, 16), lifetime: frame.readUInt8(ETHERNET + 7) }
}

describe.skipIf(absent)(title('an advertisement on the wire'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  /** A host that is alone, whose interface has no link-local address, but a second IPv4 address; and what it sends. */
  async function begin() {
    stage = await stageOf([A, B], () => clusterOf([A, B], { election: 'per-family' }))
    const { lab } = stage
    const ip = (...words: string[]) => lab.output(lab.host(A), ['ip', ...words])
    ip('link', 'set', 'eth0', 'addrgenmode', 'none')
    ip('-6', 'address', 'flush', 'dev', 'eth0', 'scope', 'link')
    ip('address', 'add', '10.53.0.99/24', 'dev', 'eth0')
    const all = { ipv4: [] as Sent[], ipv6: [] as Sent[] }
    startCapture(lab, lab.client, 'proto 112', (frame) => {
      const sent = read(frame)
      all[sent.source.length === 8 ? 'ipv4' : 'ipv6'].push(sent)
    })
    return { ip, all, start: () => startDaemon(lab, lab.host(A), stage.file) }
  }

  it('comes from the primary IPv4 or the link-local IPv6 address, with TTL 255, and goes to the group', async () => {
    const { ip, all, start } = await begin()
    ip('address', 'add', 'fe80::5a/64', 'dev', 'eth0', 'nodad')
    start()
    expect(await until(() => all.ipv4.length >= 10 && all.ipv6.length >= 10, 20_000)).toBe(true)
    const own = Buffer.from(stage.host(A).ipv4.split('.').map(Number)).toString('hex')
    expect(new Set(all.ipv4.map((s) => JSON.stringify(s)))).toEqual(new Set([JSON.stringify(
      { to: '01005e000012', source: own, destination: 'e0000012', lifetime: 255 })]))
    expect(new Set(all.ipv6.map((s) => JSON.stringify(s)))).toEqual(new Set([JSON.stringify(
      { to: '333300000012', source: LINK_LOCAL, destination: 'ff020000000000000000000000000012', lifetime: 255 })]))
  })

  it('over IPv6 is not sent by an interface without a link-local address, until it has one', async () => {
    const { ip, all, start } = await begin()
    start()
    await stage.holders.settled(SERVICE.ipv4, [A])
    expect(await until(() => all.ipv4.length >= 10, 20_000)).toBe(true)
    expect(all.ipv6).toEqual([])
    expect(stage.lab.addresses(stage.host(A))).not.toContain(SERVICE.ipv6)
    ip('address', 'add', 'fe80::5a/64', 'dev', 'eth0', 'nodad')
    await stage.holders.settled(SERVICE.ipv6, [A])
    expect(await until(() => all.ipv6.length > 0, 20_000)).toBe(true)
    expect(all.ipv6[0]?.source).toBe(LINK_LOCAL)
  })
})
