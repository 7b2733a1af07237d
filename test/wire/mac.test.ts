import { expect, test } from 'vitest'
import { formatMac, parseMac, virtualMac } from '../../daemon/wire/mac.ts'
import { bytes } from './captures.ts'

test('RFC 9568 §7.3: the MAC address of a virtual router', () => {
  expect(virtualMac(4, 210)).toEqual(bytes('00005e0001d2'))
  expect(virtualMac(6, 1)).toEqual(bytes('00005e000201'))
})

test('formats as ip(8) prints', () => {
  expect(formatMac(bytes('00005e0001d2'))).toBe('00:00:5e:00:01:d2')
})

test.each(['00:00:5e:00:01:d2', '00-00-5E-00-01-D2'])('parses %s', (text) => {
  expect(parseMac(text)).toEqual({ ok: true, value: bytes('00005e0001d2') })
})

test.each([
  '', '00:00:5e:00:01', '00:00:5e:00:01:d2:00', '0:0:5e:0:1:d2', '00:00:5e:00:01:dg', '00005e0001d2', ' 00:00:5e:00:01:d2',
])('refuses "%s"', (text) => {
  expect(parseMac(text)).toMatchObject({ ok: false })
})
