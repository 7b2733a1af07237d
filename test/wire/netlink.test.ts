import { describe, expect, test } from 'vitest'
import { parseNetlink } from '../../daemon/wire/netlink.ts'
import * as captured from './captures.ts'
import { bytes } from './captures.ts'

describe('what Linux sent', () => {
  test('a dump of addresses', () => {
    const dump = bytes(hex(captured.LINUX_ADDRESSES) + hex(captured.LINUX_DONE))
    expect(parseNetlink(dump)).toEqual([
      {
        is: 'address', event: 'new', index: 1, family: 4, prefix: 8, address: 0x7f000001, flags: 0x80, scope: 254,
        label: 'lo', validLifetimeSeconds: 'forever',
      },
      {
        is: 'address', event: 'new', index: 3, family: 4, prefix: 24, address: 0x0a3500d2, flags: 0x220, scope: 0,
        label: 'v0', validLifetimeSeconds: 3,
      },
      {
        is: 'address', event: 'new', index: 3, family: 6, prefix: 64, address: 0xfd53_0000_0000_0000_0000_0000_0000_0210n,
        flags: 0x22, scope: 0, validLifetimeSeconds: 30,
      },
      { is: 'done', sequence: 0x6b02f6ed, whole: true },
    ])
  })

  test('the notice of an address that is gone', () => {
    expect(parseNetlink(captured.LINUX_ADDRESS_DELETED)).toEqual([{
      is: 'address', event: 'deleted', index: 3, family: 4, prefix: 24, address: 0x0a3500d3, flags: 0x20, scope: 0,
      label: 'v0:vip', validLifetimeSeconds: 3,
    }])
  })

  test('acknowledgement and refusal', () => {
    expect(parseNetlink(captured.LINUX_ACK)).toEqual([{ is: 'ack', sequence: 0x6b02f6ec, errno: 0 }])
    expect(parseNetlink(captured.LINUX_REFUSAL)).toEqual([{ is: 'ack', sequence: 0, errno: 19 }])
  })

  test('a link', () => {
    expect(parseNetlink(captured.LINUX_MACVLAN)).toEqual([{
      is: 'link', event: 'new', index: 4, name: 'vrrp4.210', up: false, running: false, mac: bytes('00005e0001d2'),
      mtu: 1500, kind: 'macvlan', parent: 3,
    }])
  })
})

test('what is read stays when the buffer is used again', () => {
  const buffer = captured.LINUX_MACVLAN.slice(), messages = parseNetlink(buffer)
  buffer.fill(0)
  expect(messages).toMatchObject([{ name: 'vrrp4.210', mac: bytes('00005e0001d2') }])
})

describe('messages put together by hand', () => {
  const link = (changes: { type?: string; family?: string; flags?: string }) =>
    parseNetlink(bytes(`2c000000 ${changes.type ?? '1000'} 0000 00000000 00000000 ${changes.family ?? '00'}00 0100 02000000
      ${changes.flags ?? '43100100'} 00000000 09000300 6574683000 000000`))

  test('up and running; neither; up without a carrier; a carrier, but not ready', () => {
    expect(link({})).toEqual([{ is: 'link', event: 'new', index: 2, name: 'eth0', up: true, running: true, mtu: 0 }])
    expect(link({ flags: '02100000' })).toMatchObject([{ up: false, running: false }])
    expect(link({ flags: '03100000' })).toMatchObject([{ up: true, running: false }])
    expect(link({ flags: '03100100' })).toMatchObject([{ up: true, running: false }])
    expect(link({ flags: '43100000' })).toMatchObject([{ up: true, running: false }])
  })

  test('a link that is gone', () => {
    expect(link({ type: '1100' })).toMatchObject([{ event: 'deleted', index: 2 }])
  })

  test('a port that left its bridge is no link that is gone', () => {
    expect(link({ type: '1100', family: '07' })).toEqual([])
  })

  test('point to point: IFA_ADDRESS is the other end, IFA_LOCAL ours, in either order', () => {
    const message = (first: string, second: string) =>
      parseNetlink(bytes(`28000000 1400 0000 00000000 00000000 02200000 02000000 ${first} ${second}`))
    const far = '08000100 0a000002', near = '08000200 0a000001'
    expect(message(far, near)).toMatchObject([{ address: 0x0a000001 }])
    expect(message(near, far)).toMatchObject([{ address: 0x0a000001 }])
  })

  test('who made an address; the flag bits of an attribute\'s type are ignored', () => {
    expect(parseNetlink(bytes(`28000000 1400 0000 00000000 00000000 02200000 02000000 08000280 0a000001 05000b00 2a000000`)))
      .toEqual([{
        is: 'address', event: 'new', index: 2, family: 4, prefix: 32, address: 0x0a000001, flags: 0, scope: 0,
        validLifetimeSeconds: 'forever', protocol: 42,
      }])
  })

  test('a dump that is not whole: changed meanwhile, or given up', () => {
    expect(parseNetlink(bytes('14000000 0300 1200 07000000 00000000 00000000')))
      .toEqual([{ is: 'done', sequence: 7, whole: false }])
    expect(parseNetlink(bytes('14000000 0300 0200 07000000 00000000 f4ffffff')))
      .toEqual([{ is: 'done', sequence: 7, whole: false }])
  })

  test('a route to this host itself, and one that leads elsewhere; a short one is none', () => {
    // The beginning of what Linux 6.18 answers to `ip -6 route get fd53::210`, an address of the host.
    const message = (type: string) => parseNetlink(bytes(`
      30000000 1800 0000 07000000 fe3b0000 0a808000 ff0200${type} 00000000 14000100 fd530000000000000000000000000210`))
    expect(message('02')).toEqual([{ is: 'route', sequence: 7, toSelf: true }])
    expect(message('01')).toEqual([{ is: 'route', sequence: 7, toSelf: false }])
    expect(parseNetlink(bytes('18000000 1800 0000 07000000 fe3b0000 0a808000 ff020002'))).toEqual([])
  })

  test('lost messages', () => {
    expect(parseNetlink(bytes('10000000 0400 0000 00000000 00000000'))).toEqual([{ is: 'overrun' }])
  })

  test('other kinds are left out, what follows them is not', () => {
    const rule = '1c000000 2000 0000 00000000 00000000 020000000000000000000000'
    const noop = '10000000 0100 0000 00000000 00000000'
    expect(parseNetlink(bytes(`${rule} ${noop} 10000000 0400 0000 00000000 00000000`))).toEqual([{ is: 'overrun' }])
  })

  test('a length that is no multiple of 4 is rounded up', () => {
    expect(parseNetlink(bytes('11000000 0100 0000 00000000 00000000 00000000 10000000 0400 0000 00000000 00000000')))
      .toEqual([{ is: 'overrun' }])
  })
})

describe('lies', () => {
  test.each([
    ['a message of length 0', '00000000 1400 0000 00000000 00000000'],
    ['a message shorter than its header', '0f000000 0400 0000 00000000 00000000'],
    ['a message longer than the buffer', '11000000 0400 0000 00000000 00000000'],
    ['a message of 4 GiB', 'ffffffff 0400 0000 00000000 00000000'],
    ['an acknowledgement without its error', '10000000 0200 0000 00000000 00000000'],
    ['an address message without its header', '14000000 1400 0000 00000000 00000000 02200000'],
    ['a link message without its header', '18000000 1000 0000 00000000 00000000 0000010002000000'],
    ['an address message without an address', '18000000 1400 0000 00000000 00000000 02200000 02000000'],
    ['an IPv4 address of 16 bytes',
      '2c000000 1400 0000 00000000 00000000 02200000 02000000 14000200 000102030405060708090a0b0c0d0e0f'],
    ['an attribute of length 0 before the address',
      '24000000 1400 0000 00000000 00000000 02200000 02000000 00000100 08000200 0a000001'],
    ['an attribute longer than its message', '20000000 1400 0000 00000000 00000000 02200000 02000000 09000200 0a000001'],
    ['a prefix of 33 bits', '20000000 1400 0000 00000000 00000000 02210000 02000000 08000200 0a000001'],
    ['an address of another family', '20000000 1400 0000 00000000 00000000 1c200000 02000000 08000200 0a000001'],
  ])('%s yields nothing', (_, message) => {
    expect(parseNetlink(bytes(message))).toEqual([])
  })
})

const hex = (b: Uint8Array) => Array.from(b, (byte) => byte.toString(16).padStart(2, '0')).join('')
