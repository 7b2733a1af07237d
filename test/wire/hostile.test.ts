/** Any bytes get an answer: never an exception, never an endless loop, never a value outside its documented range. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address, Family } from '../../contract/address.ts'
import { type Datagram, decode } from '../../daemon/wire/advertisement.ts'
import { parseArp } from '../../daemon/wire/arp.ts'
import { parseIpv4 } from '../../daemon/wire/ipv4.ts'
import { parseMac } from '../../daemon/wire/mac.ts'
import { type NetlinkMessage, parseNetlink } from '../../daemon/wire/netlink.ts'
import * as captured from './captures.ts'

const RUNS = { numRuns: 20_000 }
const random = fc.uint8Array({ maxLength: 120, size: 'max' })

/** A capture with bits flipped, bytes overwritten (lengths and counts too), cut short or made longer. */
const mutated = (...captures: readonly Uint8Array[]) => fc.tuple(
  fc.constantFrom(...captures),
  fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean()), { maxLength: 4 }),
  fc.option(fc.nat({ max: 140 }), { freq: 3 }),
).map(([capture, changes, length]) => {
  const bytes = new Uint8Array(length ?? capture.length)
  bytes.set(capture.subarray(0, bytes.length))
  for (const [at, value, flip] of changes) {
    const i = at % Math.max(1, bytes.length)
    if (i < bytes.length) bytes[i] = flip ? (bytes[i] ?? 0) ^ (1 << (value & 7)) : value
  }
  return bytes
})

describe('advertisements', () => {
  const SENDER6 = 0xfe80_0000_0000_0000_784a_81ff_feda_a7dbn, GROUP6 = 0xff02_0000_0000_0000_0000_0000_0000_0012n
  const ipv4 = (payload: Uint8Array): Datagram => ({ family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload })
  const ipv6 = (payload: Uint8Array): Datagram => ({ family: 6, src: SENDER6, dst: GROUP6, hopLimit: 255, payload })
  const messages4 = [
    captured.KEEPALIVED_V2.slice(34), captured.KEEPALIVED_V2_STOP, captured.KEEPALIVED_V2_NO_PASSWORD,
    captured.KEEPALIVED_V3.slice(34), captured.KEEPALIVED_V3_STOP,
  ]
  const messages6 = [
    captured.KEEPALIVED_V3_IPV6.slice(54), captured.KEEPALIVED_V3_TWO_ADDRESSES, captured.KEEPALIVED_V2_OVER_IPV6,
  ]

  test('random bytes', () => {
    fc.assert(fc.property(random, fc.constantFrom(ipv4, ipv6), (bytes, datagram) => { expectSound(datagram(bytes)) }), RUNS)
  })

  test('mutated captures', () => {
    fc.assert(fc.property(mutated(...messages4), (bytes) => { expectSound(ipv4(bytes)) }), RUNS)
    fc.assert(fc.property(mutated(...messages6), (bytes) => { expectSound(ipv6(bytes)) }), RUNS)
  })

  test('mutated captures with the checksum put right', () => {
    let taken = 0
    fc.assert(fc.property(mutated(...messages4), (bytes) => { taken += expectSound(ipv4(repaired(bytes, []))) }), RUNS)
    expect(taken).toBeGreaterThan(1000)
    taken = 0
    const words = (a: bigint) => Array.from({ length: 8 }, (_, i) => Number((a >> BigInt(16 * i)) & 0xffffn))
    const pseudo = [...words(SENDER6), ...words(GROUP6)]
    fc.assert(fc.property(mutated(...messages6), (bytes) => {
      taken += expectSound(ipv6(repaired(bytes, [...pseudo, 112, bytes.length])))
    }), RUNS)
    expect(taken).toBeGreaterThan(1000)
  })

  /** Counts what was taken. */
  function expectSound(d: Datagram): number {
    const answer = decode(d)
    if (!answer.ok) {
      if (answer.error.detail.length > 80) throw new Error(`not short: ${answer.error.detail}`)
      return 0
    }
    const a = answer.value, size = d.family === 4 ? 4 : 16
    const steps = a.version === 3 ? a.interval / 10 : a.interval / 1000
    const within = [
      a.version === 3 || (a.version === 2 && d.family === 4),
      whole(a.vrid, 1, 255), whole(a.priority, 0, 255), whole(steps, 1, a.version === 3 ? 4095 : 255),
      whole(a.addresses.length, 1, 255), a.addresses.every((address) => isAddress(address, d.family)),
      d.payload.length === 8 + size * a.addresses.length + (a.version === 2 ? 8 : 0),
      a.authentication.type === 'none' || (a.version === 2 && a.authentication.password.length === 8),
    ]
    if (within.includes(false)) throw new Error(`outside its range: ${within}`)
    return 1
  }

  /** Written apart from the code under test: the checksum that makes all words, with those of `pseudo`, add up. */
  function repaired(bytes: Uint8Array, pseudo: readonly number[]): Uint8Array {
    if (bytes.length < 8) return bytes
    bytes.set([0, 0], 6)
    let sum = pseudo.reduce((a, b) => a + b, 0)
    bytes.forEach((byte, i) => { sum += i % 2 === 0 ? byte * 256 : byte })
    const remainder = sum % 65535, field = remainder === 0 ? 0 : 65535 - remainder
    bytes.set([field >> 8, field & 255], 6)
    return bytes
  }
})

describe('IPv4 headers', () => {
  test.each([['random bytes', random], ['mutated captures', mutated(
    captured.KEEPALIVED_V2.slice(14), captured.KEEPALIVED_V3.slice(14))]])('%s', (_, input) => {
    fc.assert(fc.property(input, (bytes) => {
      const answer = parseIpv4(bytes)
      if (!answer.ok) return true
      const d = answer.value
      return isAddress(d.src, 4) && isAddress(d.dst, 4) && whole(d.hopLimit, 0, 255) && d.payload.length <= bytes.length - 20
    }), RUNS)
  })
})

describe('ARP', () => {
  test.each([
    ['random bytes', random], ['mutated captures', mutated(captured.KEEPALIVED_GRATUITOUS_ARP)],
  ])('%s', (_, input) => {
    fc.assert(fc.property(input, (bytes) => {
      const answer = parseArp(bytes)
      if (!answer.ok) return true
      const { senderMac, targetMac, senderAddress, targetAddress } = answer.value
      return senderMac.length === 6 && targetMac.length === 6 && isAddress(senderAddress, 4) && isAddress(targetAddress, 4)
    }), RUNS)
  })
})

describe('netlink', () => {
  test.each([['random bytes', random], ['mutated captures', mutated(
    captured.LINUX_ADDRESSES, captured.LINUX_ADDRESS_DELETED, captured.LINUX_ACK, captured.LINUX_REFUSAL,
    captured.LINUX_DONE, shortLink())]])('%s', (_, input) => {
    fc.assert(fc.property(input, (bytes) => parseNetlink(bytes).every(isSound)), RUNS)
  })

  test('mutated links, whole', () => {
    const change = fc.tuple(fc.nat({ max: captured.LINUX_MACVLAN.length - 1 }), fc.nat({ max: 255 }))
    fc.assert(fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
      const bytes = captured.LINUX_MACVLAN.slice()
      for (const [at, value] of changes) bytes[at] = value
      return parseNetlink(bytes).every(isSound)
    }), RUNS)
  })

  function isSound(m: NetlinkMessage): boolean {
    const u32 = (n: number) => whole(n, 0, 0xffff_ffff)
    switch (m.is) {
      case 'address':
        return isAddress(m.address, m.family) && whole(m.prefix, 0, m.family === 4 ? 32 : 128) && u32(m.index) &&
          u32(m.flags) && whole(m.scope, 0, 255) &&
          (m.validLifetimeSeconds === 'forever' || whole(m.validLifetimeSeconds, 0, 0xffff_fffe))
      case 'link':
        return u32(m.index) && u32(m.mtu) && (m.mac?.length ?? 6) === 6 && m.parent !== 0 && !m.name.includes('\0')
      case 'ack': return u32(m.sequence) && whole(m.errno, 0, 2 ** 31)
      case 'done': case 'route': return u32(m.sequence)
      case 'overrun': return true
    }
  }

  /** A link with the attributes that are read, and no others. */
  function shortLink(): Uint8Array {
    return captured.bytes(`5c0000001000050606f7026b00000000 00000000030000004310010000000000 0a00010000005e0001d20000
      0800050003000000 0c0003006d62726964676500 1c001200 0b0001006d6163766c616e00 0c000200 0800010004000000`)
  }
})

test('MAC addresses: any text', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const answer = parseMac(text)
    return answer.ok ? answer.value.length === 6 : answer.error.length > 0
  }), RUNS)
})

const whole = (n: number, min: number, max: number): boolean => Number.isInteger(n) && n >= min && n <= max
const isAddress = (a: Address, family: Family): boolean =>
  family === 4 ? typeof a === 'number' && whole(a, 0, 0xffff_ffff) : typeof a === 'bigint' && a >= 0n && a < 1n << 128n
