import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Advertisement, type Datagram, decode, encode } from '../../daemon/wire/advertisement.ts'
import { parseIpv4 } from '../../daemon/wire/ipv4.ts'
import { ms } from '../../contract/time.ts'
import * as captured from './captures.ts'
import { bytes } from './captures.ts'

const SENDER = 0x0a35000b, GROUP = 0xe0000012
const SENDER6 = 0xfe80_0000_0000_0000_784a_81ff_feda_a7dbn, GROUP6 = 0xff02_0000_0000_0000_0000_0000_0000_0012n
const ipv4 = (payload: Uint8Array): Datagram => ({ family: 4, src: SENDER, dst: GROUP, hopLimit: 255, payload })
const ipv6 = (payload: Uint8Array): Datagram => ({ family: 6, src: SENDER6, dst: GROUP6, hopLimit: 255, payload })

const none = { type: 'none' } as const
const secret12 = { type: 'pass', password: bytes('7365637265743132') } as const
const v2: Advertisement = {
  version: 2, vrid: 210, priority: 250, interval: ms(1000), addresses: [0x0a3500d2], authentication: secret12,
}
const v3: Advertisement = {
  version: 3, vrid: 210, priority: 250, interval: ms(1000), addresses: [0x0a3500d2], authentication: none,
}
const FD53_210 = 0xfd53_0000_0000_0000_0000_0000_0000_0210n, FE80_210 = 0xfe80_0000_0000_0000_0000_0000_0000_0210n

describe('what keepalived sends is understood, and sent again byte for byte', () => {
  test('version 2 with a password, from the whole frame', () => {
    const d = parseIpv4(captured.KEEPALIVED_V2.subarray(14))
    expect(d).toEqual({ ok: true, value: ipv4(captured.KEEPALIVED_V2.slice(34)) })
    expect(d.ok && decode(d.value)).toEqual({ ok: true, value: v2 })
  })

  test('version 3 over IPv4, from the whole frame', () => {
    const d = parseIpv4(captured.KEEPALIVED_V3.subarray(14))
    expect(d).toEqual({ ok: true, value: ipv4(captured.KEEPALIVED_V3.slice(34)) })
    expect(d.ok && decode(d.value)).toEqual({ ok: true, value: v3 })
  })

  test.each<[string, Datagram, Advertisement]>([
    ['v2', ipv4(captured.KEEPALIVED_V2.slice(34)), v2],
    ['v2, leaving', ipv4(captured.KEEPALIVED_V2_STOP), { ...v2, priority: 0 }],
    ['v2, two addresses in the sender\'s order, no password', ipv4(captured.KEEPALIVED_V2_NO_PASSWORD),
      { ...v2, addresses: [0x0a3500d3, 0x0a3500d2], authentication: none }],
    ['v3', ipv4(captured.KEEPALIVED_V3.slice(34)), v3],
    ['v3, leaving', ipv4(captured.KEEPALIVED_V3_STOP), { ...v3, priority: 0 }],
    ['v3 over IPv6', ipv6(captured.KEEPALIVED_V3_IPV6.slice(54)), { ...v3, addresses: [FD53_210] }],
    // The captured checksum fixes the sum of the lost sender's address: fe80::398 stands in for it.
    ['v3 over IPv6, link-local first',
      { ...ipv6(captured.KEEPALIVED_V3_TWO_ADDRESSES), src: 0xfe80_0000_0000_0000_0000_0000_0000_0398n },
      { ...v3, addresses: [FE80_210, FD53_210] }],
  ])('%s', (_, d, value) => {
    expect(decode(d)).toEqual({ ok: true, value })
    expect(encode(value, { src: d.src, dst: d.dst, checksum: 'rfc5798' })).toEqual(d.payload)
  })

  test('a short password is padded with NUL', () => {
    const payload = bytes('21 d2 fa 01 01 01 8148 0a3500d2 73686f7274000000')
    expect(decode(ipv4(payload))).toMatchObject({ value: { authentication: { password: bytes('73686f7274000000') } } })
  })

  test('version 2 over IPv6 is refused by name', () => {
    expect(decode(ipv6(captured.KEEPALIVED_V2_OVER_IPV6))).toMatchObject({ ok: false, error: { reject: 'family' } })
  })

  test('a message inside a larger buffer is read at its own place', () => {
    expect(decode(ipv4(captured.KEEPALIVED_V3.subarray(34)))).toEqual({ ok: true, value: v3 })
    expect(decode(ipv4(captured.KEEPALIVED_V2.subarray(34)))).toEqual({ ok: true, value: v2 })
  })
})

describe('RFC 9568 §5.2.8: two readings of the IPv4 checksum', () => {
  const alone = bytes('31 d2 fa 01 0064 c8c0 0a3500d2'), withPseudoHeader = bytes('31 d2 fa 01 0064 ddf1 0a3500d2')

  test('both are understood', () => {
    expect(decode(ipv4(alone))).toEqual({ ok: true, value: v3 })
    expect(decode(ipv4(withPseudoHeader))).toEqual({ ok: true, value: v3 })
  })

  test('the one asked for is sent', () => {
    expect(encode(v3, { src: SENDER, dst: GROUP, checksum: 'rfc9568' })).toEqual(alone)
    expect(encode(v3, { src: SENDER, dst: GROUP, checksum: 'rfc5798' })).toEqual(withPseudoHeader)
  })

  test('a pseudo-header of another sender or another group is not', () => {
    expect(decode({ ...ipv4(withPseudoHeader), src: SENDER + 1 })).toMatchObject({ error: { reject: 'checksum' } })
    expect(decode({ ...ipv4(withPseudoHeader), dst: GROUP + 1 })).toMatchObject({ error: { reject: 'checksum' } })
  })

  test('version 2 never has the pseudo-header (RFC 3768 §5.3.8)', () => {
    const alone = '21 d2 fa 01 01 01 6aa5 0a3500d2 7365637265743132', withOne = '21 d2 fa 01 01 01 7fce 0a3500d2 7365637265743132'
    expect(decode(ipv4(bytes(alone)))).toMatchObject({ ok: true })
    expect(decode(ipv4(bytes(withOne)))).toMatchObject({ error: { reject: 'checksum' } })
  })

  test('IPv6 always has the pseudo-header, whatever the reading', () => {
    const o = { src: SENDER6, dst: GROUP6, checksum: 'rfc9568' } as const
    expect(encode({ ...v3, addresses: [FD53_210] }, o)).toEqual(captured.KEEPALIVED_V3_IPV6.slice(54))
    const without = bytes('31 d2 fa 01 0064 d463 fd530000000000000000000000000210')
    expect(decode(ipv6(without))).toMatchObject({ error: { reject: 'checksum' } })
  })

  test('a sum that comes to nothing leaves a checksum of 0000', () => {
    const payload = bytes('31 d2 fa 01 0064 0000 0a35c992')
    expect(decode(ipv4(payload))).toMatchObject({ ok: true })
    expect(encode({ ...v3, addresses: [0x0a35c992] }, { src: SENDER, dst: GROUP, checksum: 'rfc9568' })).toEqual(payload)
  })
})

describe('RFC 9568 §7.1 and RFC 3768 §7.1: each reject by one packet', () => {
  test.each<[string, string]>([
    ['truncated', ''],
    ['truncated', '31'],
    ['truncated', '31 d2 fa 01 0064 dd'],
    ['truncated', '21 d2 fa 01 0101 6a'],
    ['version', '41 d2 fa 01 0064 ddf1 0a3500d2'],
    ['version', '11'],
    ['type', '32 d2 fa 01 0064 ddf1 0a3500d2'],
    ['type', '20 d2 fa 01 01 01 6aa5 0a3500d2 7365637265743132'],
    ['vrid', '31 00 fa 01 0064 ddf1 0a3500d2'],
    ['no-addresses', '31 d2 fa 00 0064 ddf1'],
    ['no-addresses', '21 d2 fa 00 01 01 6aa5 7365637265743132'],
    ['length', '31 d2 fa 02 0064 ddf1 0a3500d2'],
    ['length', '31 d2 fa 01 0064 ddf1 0a3500d2 00'],
    ['length', '31 d2 fa 01 0064 ddf1 fd530000000000000000000000000210'],
    ['length', '21 d2 fa 01 01 01 6aa5 0a3500d2 73656372657431'],
    ['length', '21 d2 fa 01 01 01 6aa5 0a3500d2 7365637265743132 00'],
    ['length', '21 d2 fa 01 00 01 6aa5 0a3500d2'],
    ['interval', '31 d2 fa 01 f000 ddf1 0a3500d2'],
    ['interval', '21 d2 fa 01 01 00 6aa6 0a3500d2 7365637265743132'],
    ['checksum', '31 d2 fa 01 0064 ddf2 0a3500d2'],
    ['checksum', '21 d2 fa 01 01 01 6aa4 0a3500d2 7365637265743132'],
    ['authentication-type', '21 d2 fa 01 02 01 69a5 0a3500d2 7365637265743132'],
  ])('%s: %s', (reject, hex) => {
    const answer = decode(ipv4(bytes(hex)))
    expect(answer).toMatchObject({ ok: false, error: { reject } })
    expect(!answer.ok && answer.error.detail).toMatch(/^.{8,80}$/)
  })

  test('hop limit 254: the packet crossed a router (§5.1.1.3, §5.1.2.3)', () => {
    const from = (d: Datagram, hopLimit: number) => decode({ ...d, hopLimit })
    const refused = { ok: false, error: { reject: 'hop-limit' } }
    expect(from(ipv4(captured.KEEPALIVED_V3.slice(34)), 254)).toMatchObject(refused)
    expect(from(ipv4(captured.KEEPALIVED_V2.slice(34)), 0)).toMatchObject(refused)
    expect(from(ipv6(captured.KEEPALIVED_V3_IPV6.slice(54)), 254)).toMatchObject(refused)
  })

  test('with several faults, the cheapest check names it', () => {
    const wrong = (hex: string) => decode({ ...ipv4(bytes(hex)), hopLimit: 1 })
    expect(wrong('42 00 fa 00')).toMatchObject({ error: { reject: 'version' } })
    expect(wrong('32 00 fa 00 0000 0000')).toMatchObject({ error: { reject: 'type' } })
    expect(wrong('31 00 fa 00 0000 0000')).toMatchObject({ error: { reject: 'hop-limit' } })
  })

  test('§5.2.6 reserved bits are ignored, and RFC 3768 §5.3.10 the data of authentication type 0', () => {
    expect(decode(ipv4(bytes('31 d2 fa 01 f064 d8bf 0a3500d2')))).toEqual({ ok: true, value: v3 })
    const payload = bytes('21 d2 fa 01 00 01 6ba5 0a3500d2 7365637265743132')
    expect(decode(ipv4(payload))).toEqual({ ok: true, value: { ...v2, authentication: none } })
  })

  test('the largest of everything', () => {
    expect(decode(ipv4(bytes('31 01 01 01 0fff bdfe ffffffff'))))
      .toMatchObject({ ok: true, value: { vrid: 1, priority: 1, interval: 40_950, addresses: [0xffffffff] } })
  })
})

describe('decode is the inverse of encode', () => {
  const byte = (min: number) => fc.integer({ min, max: 255 })
  const word = fc.integer({ min: 0, max: 0xffffffff })
  const long = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
  const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 255, size: 'max' })
  const centiseconds = fc.integer({ min: 1, max: 4095 }).map((n) => ms(n * 10))
  const shared = { vrid: byte(1), priority: byte(0) }
  const password = fc.uint8Array({ minLength: 8, maxLength: 8 })

  test('version 3 over IPv4, both readings', () => {
    const advertisement = fc.record({
      version: fc.constant(3 as const), ...shared, interval: centiseconds, addresses: list(word),
      authentication: fc.constant(none),
    })
    const reading = fc.constantFrom('rfc5798' as const, 'rfc9568' as const)
    fc.assert(fc.property(advertisement, word, word, reading, (value, src, dst, checksum) => {
      const payload = encode(value, { src, dst, checksum })
      expect(decode({ family: 4, src, dst, hopLimit: 255, payload })).toEqual({ ok: true, value })
    }), { numRuns: 500 })
  })

  test('version 3 over IPv6', () => {
    const advertisement = fc.record({
      version: fc.constant(3 as const), ...shared, interval: centiseconds, addresses: list(long),
      authentication: fc.constant(none),
    })
    fc.assert(fc.property(advertisement, long, long, (value, src, dst) => {
      const payload = encode(value, { src, dst, checksum: 'rfc5798' })
      expect(decode({ family: 6, src, dst, hopLimit: 255, payload })).toEqual({ ok: true, value })
    }), { numRuns: 500 })
  })

  test('version 2', () => {
    const advertisement = fc.record({
      version: fc.constant(2 as const), ...shared, interval: byte(1).map((n) => ms(n * 1000)), addresses: list(word),
      authentication: fc.oneof(fc.constant(none), password.map((p) => ({ type: 'pass' as const, password: p }))),
    })
    fc.assert(fc.property(advertisement, (value) => {
      const payload = encode(value, { src: SENDER, dst: GROUP, checksum: 'rfc5798' })
      expect(decode(ipv4(payload))).toEqual({ ok: true, value })
    }), { numRuns: 500 })
  })
})
