/** What people read when something is refused: exact, short, and never with a password in it. */
import { describe, expect, test } from 'vitest'
import { seconds } from '../../contract/time.ts'
import { type Advertisement, type Datagram, decode } from '../../daemon/wire/advertisement.ts'
import { parseArp } from '../../daemon/wire/arp.ts'
import { checksum, sumBytes } from '../../daemon/wire/checksum.ts'
import { multicastMac } from '../../daemon/wire/ethernet.ts'
import { parseIpv4 } from '../../daemon/wire/ipv4.ts'
import { parseMac } from '../../daemon/wire/mac.ts'
import { type Expected, mismatch } from '../../daemon/wire/match.ts'
import { bytes } from './captures.ts'

describe('advertisements', () => {
  const detail = (hex: string, changes: Partial<Datagram> = {}, least?: number) => {
    const answer = decode({ family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload: bytes(hex),
      ...changes }, least)
    return answer.ok ? 'taken' : `${answer.error.reject}: ${answer.error.detail}`
  }
  test.each([
    ['', 'truncated: the message is empty'],
    ['31', 'truncated: 1 bytes, need 8'],
    ['41', 'version: version 4, want 2 or 3'],
    ['32 d2 fa 01 0064 ddf1 0a3500d2', 'type: type 2, want 1'],
    ['31 00 fa 01 0064 ddf1 0a3500d2', 'vrid: VRID is 0'],
    ['31 d2 fa 00 0064 ddf1', 'no-addresses: address count is 0 (§5.2.5, erratum 8299)'],
    ['31 d2 fa 02 0064 ddf1 0a3500d2', 'length: 12 bytes for 2 addresses'],
    ['31 d2 fa 01 0000 ddf1 0a3500d2', 'interval: Max Advertise Interval is 0 (erratum 8301)'],
    ['31 d2 fa 01 0064 000a 0a3500d2', 'checksum: checksum 000a is wrong'],
    ['21 d2 fa 01 01 01 000a 0a3500d2 7365637265743132', 'checksum: checksum 000a is wrong'],
    ['21 d2 fa 01 01 00 6aa6 0a3500d2 7365637265743132', 'interval: Advertisement Interval is 0'],
    ['21 d2 fa 01 01 01 6aa5 0a3500d2', 'length: 12 bytes for 1 addresses and authentication'],
    ['21 d2 fa 01 02 01 69a5 0a3500d2 7365637265743132', 'authentication-type: authentication type 2, want 0 or 1'],
  ])('%s', (hex, expected) => expect(detail(hex)).toBe(expected))

  test('what the datagram itself is refused for', () => {
    expect(detail('21 d2 fa 01 01 01 92ac fd530000000000000000000000000210', { family: 6 }))
      .toBe('family: version 2 over IPv6: it is for IPv4 only')
    expect(detail('31 d2 fa 01 0064 ddf1 0a3500d2', { hopLimit: 254 }))
      .toBe('hop-limit: hop limit 254, want 255: from another network (§5.1.1.3)')
    expect(detail('31 d2 fa 01 0064 ddf1 0a3500d2', { hopLimit: 62 }, 63))
      .toBe('hop-limit: hop limit 62, want 63: from another network (§5.1.1.3)')
    expect(detail('31 d2 fa 01 0064 ddf1 0a3500d2', { hopLimit: 63 }, 63)).toBe('taken')
  })
})

describe('a router that is not ours', () => {
  const heard: Advertisement = { version: 2, vrid: 7, priority: 250, interval: seconds(1), addresses: [1, 2],
    authentication: { type: 'none' } }
  const detail = (a: Partial<Advertisement>, e: Partial<Expected> = {}) =>
    mismatch({ ...heard, ...a }, { version: 2, addresses: [1, 2], interval: seconds(1), authentication: { type: 'none' },
      ...e })?.detail
  const pass = { type: 'pass', password: bytes('7365637265743132') } as const

  test.each([
    [{ version: 3 }, {}, 'version 3, ours is 2'],
    [{ interval: seconds(2) }, {}, 'interval 2000 ms, ours is 1000 ms'],
    [{ addresses: [1] }, {}, '1 addresses, ours are 2'],
    [{ addresses: [1, 3] }, {}, 'as many addresses as ours, but not the same'],
    [{ authentication: pass }, {}, 'authentication pass, ours is none'],
    [{}, { authentication: pass }, 'authentication none, ours is pass'],
    [{ authentication: { ...pass, password: bytes('7365637265743133') } }, { authentication: pass },
      'the password is not ours'],
    [{}, {}, undefined],
  ] as const)('%j, %j: %s', (a, e, expected) => expect(detail(a, e)).toBe(expected))
})

describe('IPv4 headers', () => {
  test.each([
    ['45c00020', 'truncated: 4 bytes, an IPv4 header has 20'],
    ['65c00014 0001 0000 ff70 d05a 0a35000b e0000012', 'ip-header: IP version 6, want 4'],
    ['44c00014 0001 0000 ff70 d05a 0a35000b e0000012', 'ip-header: header of 16 bytes, want at least 20'],
    ['45c00013 0001 0000 ff70 d05a 0a35000b e0000012', 'ip-header: total length 19 is less than the header\'s 20'],
    ['45c00015 0001 0000 ff70 d05a 0a35000b e0000012', 'truncated: 20 bytes, the header says 21'],
    ['45c00014 0001 0000 ff11 d05a 0a35000b e0000012', 'ip-header: protocol 17, want 112'],
    ['45c00014 0001 2000 ff70 d05a 0a35000b e0000012', 'fragment: a fragment: an advertisement fits one packet'],
  ])('%s', (hex, expected) => {
    const answer = parseIpv4(bytes(hex))
    expect(answer.ok ? 'taken' : `${answer.error.reject}: ${answer.error.detail}`).toBe(expected)
  })
})

describe('ARP and MAC addresses', () => {
  test.each([
    ['ffff', 'truncated: 2 bytes, need 42'],
    ['ffffffffffff c2950f7f27f4 0080 0001 0800 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2',
      'ethertype: EtherType 0080, want 0806'],
    ['ffffffffffff c2950f7f27f4 0806 0006 0800 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2',
      'arp-header: not IPv4 over Ethernet'],
    ['ffffffffffff c2950f7f27f4 0806 0001 0800 06 04 0003 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2',
      'operation: operation 3, want 1 or 2'],
  ])('%s', (hex, expected) => {
    const answer = parseArp(bytes(hex))
    expect(answer.ok ? 'taken' : `${answer.error.reject}: ${answer.error.detail}`).toBe(expected)
  })
  test('a text that is no MAC address', () => {
    expect(parseMac('00:00:5e'))
      .toEqual({ ok: false, error: 'is not a MAC address: want six pairs of hex digits, as in 00:00:5e:00:01:d2' })
  })
})

test('only groups have a multicast MAC address', () => {
  expect(multicastMac(0x0a350001)).toBeUndefined()
  expect(multicastMac(0xfd53n << 112n)).toBeUndefined()
  expect(multicastMac((0xff02n << 112n) + 0x12n)).toEqual(bytes('333300000012'))
})
test('an even message has no odd byte, an odd one has', () => {
  expect(sumBytes(bytes('0102'))).toBe(0x0102)
  expect(sumBytes(bytes('010203'))).toBe(0x0402)
  expect(checksum(sumBytes(new Uint8Array(0)))).toBe(0xffff)
})
