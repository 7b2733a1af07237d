/**
 * A million hostile packets through the real runtime: captures mutated, noise, lies field by field; the checksum put right
 * in a third of them, by other code than the one under test. Nothing throws, nothing that is refused changes anything, and
 * memory stays where it was. `PACKETS` sets another number, `SEED` other packets.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { seconds } from '../../contract/time.ts'
import type { Member } from '../../daemon/member.ts'
import { type Datagram, decode } from '../../daemon/wire/advertisement.ts'
import { mismatch } from '../../daemon/wire/match.ts'
import { parsed } from '../core/stage.ts'
import { SimHost } from '../sim/host.ts'
import { Lan } from '../sim/lan.ts'
import { randomFrom, type Random } from '../sim/random.ts'
import * as captured from '../wire/captures.ts'

const PACKETS = Number(process.env.PACKETS ?? 1_000_000), SEED = Number(process.env.SEED ?? 9568)
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const SENDERS = [0x0a0000c8, 0x0a000003, 0x0a000001, 0x7f000001, 0, 0xffffffff]
const GROUP = 0xe0000012
/** Ours are VRID 210 with 10.53.0.210 in version 3, and 211 with 10.53.0.211 and .212 in version 2. */
const CAPTURES = [
  captured.bytes('21 d3 fa 02 00 01 ce17 0a3500d3 0a3500d4 0000000000000000'),
  captured.KEEPALIVED_V3.slice(34), captured.KEEPALIVED_V3_STOP, captured.KEEPALIVED_V2.slice(34),
    captured.KEEPALIVED_V2_STOP,
  captured.KEEPALIVED_V2_NO_PASSWORD, captured.KEEPALIVED_V2_OVER_IPV6, captured.KEEPALIVED_V3_IPV6.slice(54),
]

const cluster = parsed(`cluster: fuzz
groups:
  g:
    hosts: [h, other]
    defaults: {interface: eth0}
    routers:
      r3: {vrid: 210, addresses: [10.53.0.210/24]}
      r2: {vrid: 211, addresses: [10.53.0.211/24, 10.53.0.212/24], version: 2}`)

/** One host, and nobody else on its wire. */
function host(role: 'active' | 'backup'): SimHost {
  const lan = new Lan(), h = new SimHost(lan, cluster, 'h')
  h.boot()
  if (role === 'active') lan.run(seconds(10))
  return h
}

/** Written apart from the code under test. */
function repair(p: Uint8Array, pseudo: number): void {
  if (p.length < 8) return
  p[6] = 0
  p[7] = 0
  let sum = pseudo
  for (let i = 0; i < p.length; i++) sum += (p[i] as number) * (i % 2 === 0 ? 256 : 1)
  while (sum >= 65_536) sum = (sum % 65_536) + Math.floor(sum / 65_536)
  p[6] = (65_535 - sum) >> 8
  p[7] = (65_535 - sum) & 255
}

/** The one's complement sum of all words and `pseudo` is sound when it comes to all ones. */
function sums(p: Uint8Array, pseudo: number): boolean {
  let sum = pseudo
  for (let i = 0; i < p.length; i++) sum += (p[i] as number) * (i % 2 === 0 ? 256 : 1)
  while (sum >= 65_536) sum = (sum % 65_536) + Math.floor(sum / 65_536)
  return sum === 65_535
}
const pseudoHeader = (src: number, length: number) => (src >>> 16) + (src & 0xffff) + 0xe000 + 0x0012 + 112 + length

/** What RFC 9568 §7.1 and RFC 3768 §7.1 leave for our two routers, written out for them alone. */
function acceptable(p: Uint8Array, src: number, hopLimit: number, ours: number): boolean {
  if (hopLimit !== 255 || src === ours) return false
  if (p[0] === 0x31 && p[1] === 210) {
    return p.length === 12 && p[3] === 1 && ((p[4] ?? 0) % 16 > 0 || p[5] !== 0) && hex(p.subarray(8)) === '0a3500d2' &&
      (sums(p, 0) || sums(p, pseudoHeader(src, 12)))
  }
  return p[0] === 0x21 && p[1] === 211 && p.length === 24 && p[3] === 2 && p[4] === 0 && p[5] === 1 &&
    ['0a3500d30a3500d4', '0a3500d40a3500d3'].includes(hex(p.subarray(8, 16))) && sums(p, 0)
}

function payload(random: Random): Uint8Array {
  const kind = random.int(0, 3)
  if (kind === 0) return Uint8Array.from({ length: random.int(0, 60) }, () => random.int(0, 255))
  if (kind === 1) return lie(random)
  const capture = random.pick(CAPTURES)
  const p = new Uint8Array(random.chance(0.2) ? random.int(0, 60) : capture.length)
  p.set(capture.subarray(0, p.length))
  if (p.length > 1 && random.chance(0.5)) p[1] = random.pick([210, 211])
  for (let n = random.int(0, 3); n > 0; n--) if (p.length > 0) p[random.int(0, p.length - 1)] = random.int(0, 255)
  return p
}

/** A message made field by field, each of them now and then at its edge. */
function lie(random: Random): Uint8Array {
  const edge = () => random.pick([0, 1, 2, 127, 128, 254, 255])
  const count = random.chance(0.7) ? random.int(1, 2) : random.int(0, 255)
  const version = random.pick([0x31, 0x31, 0x21, 0x21, 0x11, 0x32, 0xf1])
  const addresses = random.chance(0.9) ? count : random.int(0, 20), trailer = version >> 4 === 2 ? 8 : 0
  const p = new Uint8Array(Math.max(0, 8 + 4 * addresses + trailer + (random.chance(0.9) ? 0 : random.int(-8, 8))))
  const vrid = random.pick([210, 211, edge()]), type = random.pick([0, 0, 1, edge()])
  const interval = random.pick([1, 100, edge()])
  p.set([version, vrid, edge(), count, type, interval].slice(0, p.length))
  for (let at = 8; at + 4 <= p.length && at < 8 + 4 * count; at += 4) {
    p.set([10, 53, 0, random.pick([210, 211, 212, edge()])], at)
  }
  return p
}

const whole = (n: number, from: number, to: number) => Number.isInteger(n) && n >= from && n <= to
/** What the state of an election may be at all. */
function sane(m: Member, now: number): boolean {
  const s = m.state
  if (s.at === 'active') return s.advertiseAt >= now && s.announceAt.length <= 8
  return s.at === 'backup' && whole(s.activeInterval, 10, 40_950) && s.downAt > now - 1 &&
    s.downAt < now + 4 * 40_950 + 1000 && whole(s.heard?.priority ?? 1, 1, 255)
}

describe.each(['active', 'backup'] as const)('a host that is %s', (role) => {
  test('obeys every sound packet and no other', { timeout: 120_000 }, () => {
    const random = randomFrom(SEED + (role === 'active' ? 1 : 2))
    let h = host(role), taken = 0, refused = 0, told = 0, memory = 0
    const wrong: string[] = []
    for (let i = 0; i < PACKETS / 2 && wrong.length < 5; i++) {
      const p = payload(random), src = random.pick(SENDERS), family = random.chance(0.95) ? 4 : 6
      if (random.chance(0.34)) repair(p, (p[0] ?? 0) >> 4 === 3 && random.chance(0.5) ? pseudoHeader(src, p.length) : 0)
      const d: Datagram = family === 4
        ? { family, src, dst: GROUP, hopLimit: random.chance(0.98) ? 255 : random.int(0, 254), payload: p }
        : { family, src: 0xfe80n << 112n, dst: 0xff02000000000000000000000000_0012n, hopLimit: 255, payload: p }
      const members = h.runtime.members, before = members.map((m) => m.state), sent = h.sent.length
      try {
        h.runtime.receive('eth0', undefined, d)
      } catch (error) {
        wrong.push(`threw ${String(error)}: ${hex(p)}`)
      }
      const fits = family === 4 && acceptable(p, src, d.hopLimit, 0x0a000001), decoded = decode(d)
      if (fits) taken++
      else refused++
      const understood = decoded.ok && src !== 0x0a000001 && members.some((m) =>
        m.family === family && m.config.vrid === decoded.value.vrid && !mismatch(decoded.value, m.expected))
      if (understood !== fits) wrong.push(`${understood ? 'taken' : 'refused'} wrongly: ${hex(p)}, ${src}, ${d.hopLimit}`)
      const changed = members.some((m, k) => m.state !== before[k]) || h.sent.length !== sent
      if (!fits && changed) wrong.push(`changed something: ${hex(p)}`)
      if (!members.every((m) => sane(m, h.lan.now))) wrong.push(`made a state that cannot be: ${hex(p)}`)
      if (i === Math.floor(PACKETS / 8)) memory = heap()
      // What was obeyed may have changed the role, and the harness keeps what was sent: once in a while another host.
      if (members.some((m) => m.state.at !== role) || i % 20_000 === 0) {
        told += h.told.length
        h = host(role)
      }
    }
    expect(wrong).toEqual([])
    expect(refused).toBeGreaterThan(PACKETS / 4)
    expect(taken).toBeGreaterThan(PACKETS / 500) // the packets are near enough to be dangerous
    expect(told).toBeLessThan(taken * 20 + 100_000) // refusals are told once a cause and sender
    expect(heap() - memory).toBeLessThan(20e6)
  })
})

test('what the runtime remembers of strangers is bounded', () => {
  const h = host('active'), random = randomFrom(SEED)
  for (let i = 0; i < 100_000; i++) {
    h.runtime.receive('eth0', undefined, { family: 4, src: random.int(1, 0xfffffffe), dst: GROUP, hopLimit: 255,
      payload: captured.bytes('31 d2 fa 01 0064 0000 0a3500d2') })
  }
  expect(h.told.filter((e) => e.type === 'advertisement.rejected').length).toBe(256)
})

const hex = (p: Uint8Array) => Buffer.from(p).toString('hex')
function heap(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
