import { describe, expect, test } from 'vitest'
import { sameDatagram, type Datagram } from '../../daemon/wire/advertisement.ts'

const heard: Datagram = { family: 4, src: 0x0a000001, dst: 0xe0000012, hopLimit: 255, payload: Uint8Array.of(0x31, 7, 250, 1) }

describe('the same packet again', () => {
  test('the very same, or equal bytes elsewhere in memory', () => {
    expect(sameDatagram(heard, heard)).toBe(true)
    expect(sameDatagram(heard, { ...heard, payload: Uint8Array.of(9, 0x31, 7, 250, 1).subarray(1) })).toBe(true)
    expect(sameDatagram({ ...heard, payload: new Uint8Array() }, { ...heard, payload: new Uint8Array() })).toBe(true)
  })
  test.each<[string, Partial<Datagram>]>([
    ['source', { src: 0x0a000002 }],
    ['destination', { dst: 0x0a000003 }],
    ['hop limit', { hopLimit: 254 }],
    ['first byte', { payload: Uint8Array.of(0x21, 7, 250, 1) }],
    ['last byte', { payload: Uint8Array.of(0x31, 7, 250, 2) }],
    ['length: shorter', { payload: Uint8Array.of(0x31, 7, 250) }],
    ['length: longer', { payload: Uint8Array.of(0x31, 7, 250, 1, 0) }],
  ])('not with another %s', (_, change) => {
    expect(sameDatagram(heard, { ...heard, ...change })).toBe(false)
    expect(sameDatagram({ ...heard, ...change }, heard)).toBe(false)
  })
})
