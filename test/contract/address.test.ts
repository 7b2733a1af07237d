import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressAt, addressBytes, compareAddresses, familyOf, formatAddress, formatPrefixed, isLinkLocal, parseAddress, parsePrefixed } from '../../contract/address.ts'

const value = (text: string) => {
  const parsed = parseAddress(text)
  return parsed.ok ? parsed.value : parsed.error
}

describe('reading', () => {
  test.each([
    ['0.0.0.0', 0], ['192.0.2.53', 3221226037], ['255.255.255.255', 4294967295],
    ['::', 0n], ['::1', 1n], ['1::', 0x0001_0000_0000_0000_0000_0000_0000_0000n],
    ['2001:db8::53', 0x2001_0db8_0000_0000_0000_0000_0000_0053n], ['FE80::A', 0xfe80_0000_0000_0000_0000_0000_0000_000an],
    ['1:2:3:4:5:6:7:8', 0x0001_0002_0003_0004_0005_0006_0007_0008n],
  ])('%s', (text, expected) => expect(value(text)).toBe(expected))

  test.each([
    ['', 'is not an IP address'], ['192.0.2', 'is not an IP address'], ['192.0.2.256', 'is not an IP address'],
    ['192.0.02.1', 'is not an IP address'], ['192.0.2.1 ', 'is not an IP address'], ['1::2::3', 'is not an IP address: "::" stands twice'],
    ['1:2:3', 'is not an IP address: want eight groups'], ['1:2:3:4:5:6:7:8:9', 'is not an IP address: want eight groups'],
    ['1:2:3:4::5:6:7:8', 'is not an IP address: want eight groups'], ['fe80::1%eth0', 'is not an IP address'], ['12345::', 'is not an IP address'],
    ['::ffff:192.0.2.1', 'is not an IP address'], [':', 'is not an IP address'],
  ])('%s is refused', (text, error) => expect(value(text)).toBe(error))

  test.each([
    ['192.0.2.53', 'has no prefix length: write 192.0.2.53/24'], ['2001:db8::1', 'has no prefix length: write 2001:db8::1/64'],
    ['192.0.2.53/33', 'has the prefix length "33": want 1 to 32'], ['192.0.2.53/0', 'has the prefix length "0": want 1 to 32'],
    ['::1/129', 'has the prefix length "129": want 1 to 128'], ['192.0.2.53/24/8', 'has the prefix length "24/8": want 1 to 32'],
    ['192.0.2.53/', 'has the prefix length "": want 1 to 32'], ['x/24', 'is not an IP address'],
  ])('%s is refused', (text, error) => expect(parsePrefixed(text)).toEqual({ ok: false, error }))
})

describe('writing', () => {
  // The rules of RFC 5952 §4: no leading zeros, the longest run, the first of equals, never a single group, lower case.
  test.each([
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['2001:DB8::AB', '2001:db8::ab'],
    ['0:0:0:0:0:0:0:0', '::'], ['0:0:0:0:0:0:0:1', '::1'], ['1:0:0:0:0:0:0:0', '1::'], ['192.0.2.53', '192.0.2.53'],
  ])('%s → %s', (text, expected) => {
    const parsed = parseAddress(text)
    expect(parsed.ok && formatAddress(parsed.value)).toBe(expected)
  })

  test('with a prefix', () => expect(formatPrefixed({ address: 3221226037, prefix: 24 })).toBe('192.0.2.53/24'))
})

test('bytes are in network order', () => {
  expect([...addressBytes(0xc0000235)]).toEqual([192, 0, 2, 53])
  expect([...addressBytes(0x20010db8_00000000_00000000_00000053n)]).toEqual([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53])
})

test('addresses compare as unsigned integers, IPv4 before IPv6', () => {
  expect(compareAddresses(0xc0000201, 0x0a000001)).toBe(1)
  expect(compareAddresses(1n, 2n)).toBe(-1)
  expect(compareAddresses(0xffffffff, 0n)).toBe(-1)
  expect(compareAddresses(7, 7)).toBe(0)
})

test('link-local is fe80::/10', () => {
  expect(['fe80::1', 'febf::1', 'fec0::1', '2001:db8::1', '169.254.0.1'].map((t) => isLinkLocal(value(t) as bigint))).toEqual([true, true, false, false, false])
})

const any = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }))
test('what is written is read back, as text and as bytes', () => fc.assert(fc.property(any, (a) => {
  expect(value(formatAddress(a))).toBe(a)
  expect(addressAt(new DataView(addressBytes(a).buffer as ArrayBuffer), 0, familyOf(a))).toBe(a)
})))
test('any text gets an answer', () => fc.assert(fc.property(fc.string(), (text) => {
  expect(typeof parseAddress(text).ok).toBe('boolean')
  expect(typeof parsePrefixed(text).ok).toBe('boolean')
})))
