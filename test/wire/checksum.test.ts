import { expect, test } from 'vitest'
import { checksum, sumBytes, sumPseudoHeader } from '../../daemon/wire/checksum.ts'
import { bytes } from './captures.ts'

test('RFC 1071 §3: the numerical example', () => {
  expect(sumBytes(bytes('0001 f203 f4f5 f6f7'))).toBe(0x2ddf0)
  expect(checksum(0x2ddf0)).toBe(0x220d)
})

test('an odd last byte counts as the high half of a word', () => {
  expect(sumBytes(bytes('0102 03'))).toBe(0x0102 + 0x0300)
})

test('sums beyond 32 bits fold too', () => {
  expect(checksum(0x1_0000_0000)).toBe(0xfffe)
  expect(checksum(sumBytes(new Uint8Array(1 << 18).fill(0xff)))).toBe(0)
})

test('the pseudo-header, as the bytes it stands for', () => {
  const ipv4 = sumBytes(bytes('0a35000b e0000012 0070 000c'))
  expect(checksum(sumPseudoHeader(0x0a35000b, 0xe0000012, 112, 12))).toBe(checksum(ipv4))
  const ipv6 = sumBytes(bytes('fe80000000000000784a81fffedaa7db ff020000000000000000000000000012 00000018 00000070'))
  const src = 0xfe80_0000_0000_0000_784a_81ff_feda_a7dbn, dst = 0xff02_0000_0000_0000_0000_0000_0000_0012n
  expect(checksum(sumPseudoHeader(src, dst, 112, 24))).toBe(checksum(ipv6))
})
