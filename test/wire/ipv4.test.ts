import { describe, expect, test } from 'vitest'
import { parseIpv4, sameIpv4 } from '../../daemon/wire/ipv4.ts'
import { bytes, KEEPALIVED_V3 } from './captures.ts'

const HEADER = '45c00020 0001 0000 ff70 d05a 0a35000b e0000012', MESSAGE = '31d2fa010064ddf10a3500d2'

describe('RFC 791 §3.1: the header of a received packet', () => {
  test('source, destination, TTL and payload', () => {
    expect(parseIpv4(KEEPALIVED_V3.subarray(14))).toEqual({
      ok: true, value: { family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload: bytes(MESSAGE) },
    })
  })

  test('Ethernet padding behind Total Length is cut off', () => {
    const packet = bytes(`${HEADER} ${MESSAGE} 000000000000000000000000`)
    expect(parseIpv4(packet)).toMatchObject({ ok: true, value: { payload: bytes(MESSAGE) } })
  })

  test('options before the payload are skipped', () => {
    const packet = bytes(`46c00024 0001 0000 ff70 0000 0a35000b e0000012 94040000 ${MESSAGE}`)
    expect(parseIpv4(packet)).toMatchObject({ ok: true, value: { dst: 0xe0000012, payload: bytes(MESSAGE) } })
  })

  test('Don\'t Fragment is no fragment', () => {
    expect(parseIpv4(bytes(`45c00020 0001 4000 ff70 905a 0a35000b e0000012 ${MESSAGE}`))).toMatchObject({ ok: true })
  })

  test('a header and nothing behind it', () => {
    expect(parseIpv4(bytes('45c00014 0001 0000 ff70 0000 0a35000b e0000012')))
      .toMatchObject({ ok: true, value: { payload: new Uint8Array(0) } })
  })

  test.each([
    ['truncated', ''],
    ['truncated', '45c00020 0001 0000 ff70 d05a 0a35000b e00000'],
    ['truncated', `${HEADER} 31d2fa010064ddf10a3500`],
    ['ip-header', `65c00020 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['ip-header', `44c00020 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['ip-header', `45c00013 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['ip-header', `4fc00020 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['ip-header', `45c00020 0001 0000 ff11 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['fragment', `45c00020 0001 2000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['fragment', `45c00020 0001 0001 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
  ])('rejects %s: %s', (reject, hex) => {
    expect(parseIpv4(bytes(hex))).toMatchObject({ ok: false, error: { reject } })
  })
})

describe('the same packet again, at the front of a buffer', () => {
  const words = (hex: string) => new Uint32Array(bytes(hex).slice().buffer)
  const heard = words(`${HEADER} ${MESSAGE}`)
  const again = (hex: string, length = 32) => sameIpv4(heard, words(`${hex} ffffffff`), length)

  test('with another Identification and header checksum, and whatever an earlier packet left behind it', () => {
    expect(again(`45c00020 a731 0000 ff70 293a 0a35000b e0000012 ${MESSAGE}`)).toBe(true)
  })
  test.each([
    ['type of service', `45000020 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['total length', `45c0001f 0001 0000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['fragment', `45c00020 0001 2000 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['fragment offset', `45c00020 0001 0001 ff70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['TTL', `45c00020 0001 0000 fe70 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['protocol', `45c00020 0001 0000 ff11 d05a 0a35000b e0000012 ${MESSAGE}`],
    ['source', `45c00020 0001 0000 ff70 d05a 0a35000c e0000012 ${MESSAGE}`],
    ['destination', `45c00020 0001 0000 ff70 d05a 0a35000b e0000013 ${MESSAGE}`],
    ['first byte of the message', `${HEADER} 21d2fa010064ddf10a3500d2`],
    ['priority', `${HEADER} 31d200010064ddf10a3500d2`],
    ['last byte', `${HEADER} 31d2fa010064ddf10a3500d3`],
  ])('not with another %s', (_, hex) => expect(again(hex)).toBe(false))
  test('not when it is longer or shorter', () => {
    expect(again(`${HEADER} ${MESSAGE}`, 31)).toBe(false)
    expect(again(`${HEADER} ${MESSAGE}`, 33)).toBe(false)
  })
})
