/** Netlink messages with parts cut short, and those at the very edge: each part is left out alone. */
import { describe, expect, test } from 'vitest'
import { AddressFlag, newAddress, setLinkDown } from '../../daemon/wire/netlink.ts'
import { parseNetlink } from '../../daemon/wire/netlink.ts'
import { bytes } from './captures.ts'

const hexOf = (n: number) => [n & 255, n >> 8].map((b) => b.toString(16).padStart(2, '0')).join('')
/** A message of that type around a body, with the length that it has. */
const message = (type: string, body: string) => {
  const length = 16 + bytes(body).length
  return bytes(`${hexOf(length)}0000 ${type}00 0000 00000000 00000000 ${body}`)
}
const address = (attributes: string, header = '02200000 02000000') => parseNetlink(message('14', `${header} ${attributes}`))
const link = (attributes: string) => parseNetlink(message('10', `00000100 02000000 43100100 00000000 ${attributes}`))
const LOCAL = '08000200 0a000001'
const plain = {
  is: 'address', event: 'new', index: 2, family: 4, prefix: 32, address: 0x0a000001, flags: 0, scope: 0,
    validLifetimeSeconds: 'forever',
}

describe('an address', () => {
  test('with nothing but itself', () => expect(address(LOCAL)).toStrictEqual([plain]))
  test('by IFA_ADDRESS alone', () => expect(address('08000100 0a000001')).toStrictEqual([plain]))
  test.each([
    ['an IFA_ADDRESS of two bytes', '06000100 0a000000'], ['a lifetime of four bytes', '08000600 05000000'],
    ['flags of two bytes', '06000800 80000000'], ['a maker of no byte', '04000b00'],
    ['an attribute unknown', '08006300 01020304'],
  ])('beside %s, which is left out', (_, attribute) => {
    expect(address(`${LOCAL} ${attribute}`)).toStrictEqual([plain])
    expect(address(`${attribute} ${LOCAL}`)).toStrictEqual([plain])
  })
  test('with a lifetime of exactly eight bytes, flags of four, a maker of one', () => {
    expect(address(`${LOCAL} 0c000600 00000000 05000000`)).toStrictEqual([{ ...plain, validLifetimeSeconds: 5 }])
    expect(address(`${LOCAL} 08000800 00020000`)).toStrictEqual([{ ...plain, flags: 0x200 }])
    expect(address(`${LOCAL} 05000b00 2a000000`)).toStrictEqual([{ ...plain, protocol: 42 }])
  })
  test('with the flags of the header, where there is no attribute', () => {
    expect(address(LOCAL, '02208000 02000000')).toStrictEqual([{ ...plain, flags: 0x80 }])
  })
  test('with a label that fills its attribute, without a NUL', () => {
    expect(address(`${LOCAL} 06000300 76300000`)).toStrictEqual([{ ...plain, label: 'v0' }])
    expect(address(`${LOCAL} 08000300 76300041`)).toStrictEqual([{ ...plain, label: 'v0' }])
    expect(address(`06000300 76304142 ${LOCAL}`)).toStrictEqual([{ ...plain, label: 'v0' }])
  })
  test('of IPv6 with a prefix of 128 bits; 129 are too many', () => {
    const six = '14000100 fd530000000000000000000000000210'
    expect(address(six, '0a800000 02000000')).toMatchObject([{ family: 6, prefix: 128 }])
    expect(address(six, '0a810000 02000000')).toEqual([])
    expect(address(six, '1c400000 02000000')).toEqual([]) // neither family
  })
  test('as the first of two messages: attributes end with theirs', () => {
    const two = [...message('14', `02200000 02000000 ${LOCAL}`), ...message('14', '02200000 02000000 08000100 0a000002')]
    expect(parseNetlink(Uint8Array.from(two)).map((m) => (m.is === 'address' ? m.address : m)))
      .toEqual([0x0a000001, 0x0a000002])
    const lying = [...message('14', '02200000 02000000 0c000200'), ...message('14', `02200000 02000000 ${LOCAL}`)]
    expect(parseNetlink(Uint8Array.from(lying))).toStrictEqual([plain])
    expect(parseNetlink(message('14', '02200000 0200'))).toEqual([]) // a header cut short
  })
})

describe('a link', () => {
  const bare = { is: 'link', event: 'new', index: 2, name: '', mtu: 0, up: true, running: true }
  test('with nothing but its flags', () => expect(link('')).toStrictEqual([bare]))
  test.each([['an MTU of two bytes', '06000400 dc050000'], ['a parent of two bytes', '06000500 03000000'],
    ['a MAC address of eight', '0c000100 0102030405060708'], ['kind without a name', '08001200 04000200']])(
    'beside %s, which is left out', (_, attribute) => expect(link(attribute)).toStrictEqual([bare]))
  test('with an MTU of four bytes, a parent, a MAC address of six', () => {
    expect(link('08000400 dc050000 08000500 03000000 0a000100 00005e0001d20000'))
      .toStrictEqual([{ ...bare, mtu: 1500, parent: 3, mac: bytes('00005e0001d2') }])
  })
  test('of a kind', () => {
    expect(link('14001200 08000200 00000000 08000100 76657468')).toStrictEqual([{ ...bare, kind: 'veth' }])
  })
})

describe('answers', () => {
  test('an error of exactly four bytes', () => {
    expect(parseNetlink(message('02', 'f4ffffff'))).toEqual([{ is: 'ack', sequence: 0, errno: 12 }])
  })
  test('an end without an error code is whole', () => {
    expect(parseNetlink(message('03', ''))).toEqual([{ is: 'done', sequence: 0, whole: true }])
  })
  test('an end without one, before another message, does not take that for its code', () => {
    expect(parseNetlink(Uint8Array.from([...message('03', ''), ...message('04', '')])))
      .toEqual([{ is: 'done', sequence: 0, whole: true }, { is: 'overrun' }])
  })
})

describe('requests', () => {
  const request = { index: 3, address: 0x0a3500d2, prefix: 24, validLifetimeSeconds: 3, preferredLifetimeSeconds: 0,
    replace: true, sequence: 1 } as const
  test('255 is the last flag that fits the header', () => {
    expect([...newAddress({ ...request, flags: 0xff })].slice(16, 20)).toEqual([2, 24, 255, 0])
    expect([...newAddress({ ...request, flags: AddressFlag.noPrefixRoute })].slice(16, 20)).toEqual([2, 24, 0, 0])
  })
  test('ip link set mv0 down', () => {
    expect(setLinkDown({ index: 4, sequence: 0x6b02f6ec }))
      .toEqual(bytes('2000000010000500ecf6026b00000000 00000000 04000000 00000000 01000000'))
  })
})
