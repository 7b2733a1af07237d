/** The flight recorder: what it keeps, that it is bounded, that no password gets out, that other programs read it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { after, ms, seconds } from '../../contract/time.ts'
import { createFlightRecorder, withoutPassword, type Flight } from '../../daemon/flight.ts'
import type { Datagram } from '../../daemon/wire/advertisement.ts'
import { bytes, KEEPALIVED_V2, KEEPALIVED_V2_NO_PASSWORD, KEEPALIVED_V3 } from '../wire/captures.ts'
import type { Lan } from '../sim/lan.ts'
import { clusterOf, stage, wallOf, type StagedHost } from './stage.ts'

const SECRET = bytes('7365637265743132') // secret12
const tshark = new URL('../../.runtime/bin/tshark', import.meta.url).pathname

/** Two hosts; the recorder is b's. */
interface Recorded { readonly lan: Lan; readonly a: StagedHost; readonly b: StagedHost; readonly flights: Flight[] }
function recorded(router = '', span = seconds(60), password?: Uint8Array): Recorded {
  const flights: Flight[] = []
  let lan: Lan | undefined
  const staged = stage(clusterOf('a, b', router), {
    witnesses: (host) => (host === 'b' ? [createFlightRecorder({
      span, host, now: () => lan?.now ?? (0 as never), wall: () => wallOf(lan as Lan), keep: (f) => flights.push(f),
      later: (wait, run) => lan?.at(after(lan.now, wait), run),
    })] : []),
    ...(password ? { password } : {}),
  })
  lan = staged.lan
  const [a, b] = staged.hosts as [StagedHost, StagedHost]
  a.start()
  b.start()
  return { lan, a, b, flights }
}
/** a falls silent. */
const silence = (a: StagedHost) => { for (const m of a.members) m.socket = undefined }
function takeover(router = '', password?: Uint8Array): Flight[] {
  const { lan, a, flights } = recorded(router, seconds(60), password)
  lan.run(seconds(10))
  silence(a)
  lan.run(seconds(5))
  return flights
}

describe('a takeover', () => {
  test('makes one record, a second after; the start made another', () => {
    const flights = takeover()
    expect(flights.map((f) => f.name)).toEqual(['2023-11-14T22-13-21-000Z-r', '2023-11-14T22-13-33-086Z-r'])
    expect(flights[0]?.timeline).toContain('initialize → backup, started')
  })
  test('the timeline says what was heard, decided and done, in order, with wall times', () => {
    const lines = takeover()[1]?.timeline.split('\n') ?? []
    expect(lines[0]).toMatch(/^2023-11-14T22:13:(20.000|19.999)Z {2}b {2}r: startup → initialize → backup, started$/)
    const said = 'v3 from 10.0.0.1 to 224.0.0.18: VRID 7 priority 250 every 1000 ms, 1 addresses'
    expect(lines.slice(1, 8)).toEqual([3, 4, 5, 6, 7, 8, 9].map((s) => `2023-11-14T22:13:2${s}.023Z  b  r: heard ${said}`))
    expect(lines.slice(8)).toEqual([
      '2023-11-14T22:13:32.086Z  b  r: tick → claim; backup → active, active-silent',
      '2023-11-14T22:13:32.086Z  b  r: sent v3 from 10.0.0.2 to 224.0.0.18: VRID 7 priority 240 every 1000 ms, 1 addresses',
      '',
    ])
  })
  test('the capture: a header, then every packet as a frame', () => {
    const pcap = takeover()[1]?.pcap ?? new Uint8Array()
    expect(pcap.slice(0, 24)).toEqual(bytes('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000'))
    expect(pcap.length).toBe(24 + 8 * (16 + 46))
    // The first was heard 3,023.6375 ms after the start, by a wall clock of whole milliseconds.
    const view = new DataView(pcap.buffer)
    expect(view.getUint32(24, true)).toBe(1_700_000_003)
    expect(Math.abs(view.getUint32(28, true) - 23_638)).toBeLessThan(1000)
  })
  test.skipIf(!existsSync(tshark))('tshark opens it and finds nothing wrong', () => {
    expect(dissected(takeover()[1]?.pcap ?? new Uint8Array()))
      .toEqual([...Array.from({ length: 7 }, () => '10.0.0.1\t3\t7\t250\t1'), '10.0.0.2\t3\t7\t240\t1'])
  })
})

describe('passwords', () => {
  test('are in no capture and in no timeline', () => {
    const flights = takeover(', version: 2', SECRET)
    expect(flights.at(-1)?.timeline).toContain('heard v2 from 10.0.0.1')
    for (const one of flights.map((f) => Buffer.concat([f.pcap, Buffer.from(f.timeline)]))) {
      expect(one.includes(Buffer.from(SECRET))).toBe(false)
      expect(one.toString('latin1')).not.toMatch(/secret|7365637265743132|cret12/)
    }
  })
  test('what sends them is otherwise as it was, with a checksum that fits', () => {
    const d: Datagram = { family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload: KEEPALIVED_V2.slice(34) }
    expect(withoutPassword(d)).toEqual({ ...d, payload: bytes('21 d2 fa 01 01 01 d823 0a3500d2 0000000000000000') })
    expect(d.payload).toEqual(KEEPALIVED_V2.slice(34))
  })
  test('version 3 has none and stays as it is', () => {
    const d: Datagram = { family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload: KEEPALIVED_V3.slice(34) }
    expect(withoutPassword(d)).toBe(d)
  })
  test('version 2 without a password stays readable', () => {
    const d: Datagram = { family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload: KEEPALIVED_V2_NO_PASSWORD }
    expect(withoutPassword(d).payload).toEqual(KEEPALIVED_V2_NO_PASSWORD)
  })
  test.each(['21d2fa010101000000000000 7365637265743132', '21d2fa01 0101 6aa5 0a3500d2 73656372657431',
    '20d2fa01 0101 6aa5 0a3500d2 7365637265743132', '217365'])(
    'a damaged packet of version 2 keeps its header alone: %s', (hex) => {
      const payload = bytes(hex), kept = withoutPassword({ family: 4, src: 1, dst: 2, hopLimit: 255, payload }).payload
      expect(kept.length).toBe(payload.length)
      expect([...kept.subarray(0, 8)]).toEqual([...payload.subarray(0, 8)])
      expect([...kept.subarray(8)].every((b) => b === 0)).toBe(true)
    })
  test.skipIf(!existsSync(tshark))('tshark finds the checksums right', () => {
    expect(dissected(takeover(', version: 2', SECRET).at(-1)?.pcap ?? new Uint8Array())).toContain('10.0.0.1\t2\t7\t250\t1')
  })
})

describe('bounds', () => {
  test('what is older than the span has gone', () => {
    const { lan, a, flights } = recorded('', seconds(5))
    lan.run(seconds(60))
    silence(a)
    lan.run(seconds(5))
    // The takeover came at 62.086 s, the record a second later; it begins with what was heard at 59.023 s.
    expect(flights.at(-1)?.timeline.slice(0, 24)).toBe('2023-11-14T22:14:19.023Z')
  })
  test('however busy the network, 20,000 entries', () => {
    const { lan, a, b, flights } = recorded()
    lan.run(seconds(5))
    const noise: Datagram = { family: 4, src: 0x0a0000c8, dst: 0xe0000012, hopLimit: 255,
      payload: bytes('31 07 fa 01 0064 0000 0a000064') }
    for (let i = 0; i < 70_000; i++) b.runtime.receive('eth0', undefined, noise)
    silence(a)
    lan.run(seconds(5))
    const lines = flights.at(-1)?.timeline.trimEnd().split('\n') ?? []
    expect(lines.length).toBe(20_000)
    const times = lines.map((l) => l.slice(0, 24))
    expect(times).toEqual(times.toSorted())
    expect(lines.filter((l) => l.includes('→ active')).length).toBe(1)
    expect(flights.at(-1)?.pcap.length).toBeLessThan(24 + 20_000 * 62)
  })
  test('transitions within the same second make one record', () => {
    const { lan, b, flights } = recorded()
    lan.run(seconds(5))
    const before = flights.length
    for (const m of b.members) b.runtime.input(m, { is: 'lost', why: 'interface-down' })
    lan.run(ms(400))
    b.start()
    lan.run(ms(700))
    expect(flights.length).toBe(before + 1)
    expect(flights.at(-1)?.timeline).toContain('backup → initialize, interface-down')
    expect(flights.at(-1)?.timeline).toContain('initialize → backup, started')
  })
})

/** Sender, version, VRID, priority and the verdict on the checksum (1 = good), as another program sees them. */
function dissected(pcap: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-flight-'))
  try {
    writeFileSync(join(folder, 'flight.pcap'), pcap)
    const fields = ['ip.src', 'vrrp.version', 'vrrp.virt_rtr_id', 'vrrp.prio',
      'vrrp.checksum.status'].flatMap((f) => ['-e', f])
    const out = execFileSync(tshark, ['-r', join(folder, 'flight.pcap'), '-Y', 'vrrp', '-T', 'fields', ...fields],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return out.trim().split('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
