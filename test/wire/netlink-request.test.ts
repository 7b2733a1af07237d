/** The requests are, byte for byte, those of ip(8) (iproute2 6.1) for the command named; its sequence numbers included. */
import { describe, expect, test } from 'vitest'
import {
  AddressFlag, createMacvlan, deleteAddress, deleteLink, dumpAddresses, dumpLinks, getRoute, newAddress, Scope, setLinkUp,
} from '../../daemon/wire/netlink.ts'
import { bytes } from './captures.ts'

const FD53_210 = 0xfd53_0000_0000_0000_0000_0000_0000_0210n

describe('addresses', () => {
  test('ip addr replace 10.53.0.210/24 dev v0 valid_lft 3 preferred_lft 0 noprefixroute', () => {
    expect(newAddress({
      index: 3, address: 0x0a3500d2, prefix: 24, validLifetimeSeconds: 3, preferredLifetimeSeconds: 0,
      flags: AddressFlag.noPrefixRoute, replace: true, sequence: 0x6b02f6ec,
    })).toEqual(bytes(`
      4400000014000505ecf6026b00000000 0218000003000000 080002000a3500d2 0800080000020000 080001000a3500d2
      14000600 00000000 03000000 00000000 00000000`))
  })

  test('ip addr add 10.53.0.211/24 dev v0 label v0:vip valid_lft 30 preferred_lft 0 noprefixroute', () => {
    expect(newAddress({
      index: 3, address: 0x0a3500d3, prefix: 24, validLifetimeSeconds: 30, preferredLifetimeSeconds: 0,
      flags: AddressFlag.noPrefixRoute, label: 'v0:vip', replace: false, sequence: 0x6b02f83b,
    })).toEqual(bytes(`
      50000000140005063bf8026b00000000 0218000003000000 080002000a3500d3 0b00030076303a7669700000 0800080000020000
      080001000a3500d3 14000600 00000000 1e000000 00000000 00000000`))
  })

  test('ip addr add fd53::210/64 dev v0 nodad valid_lft 30 preferred_lft 0', () => {
    expect(newAddress({
      index: 3, address: FD53_210, prefix: 64, validLifetimeSeconds: 30, preferredLifetimeSeconds: 0,
      flags: AddressFlag.noDuplicateDetection, replace: false, sequence: 0x6b02f6ec,
    })).toEqual(bytes(`
      5400000014000506ecf6026b00000000 0a40020003000000 14000200fd530000000000000000000000000210
      14000100fd530000000000000000000000000210 14000600 00000000 1e000000 00000000 00000000`))
  })

  test('ip addr add 10.53.0.212/24 dev v0 valid_lft forever preferred_lft forever', () => {
    expect(newAddress({
      index: 3, address: 0x0a3500d4, prefix: 24, validLifetimeSeconds: 'forever', preferredLifetimeSeconds: 'forever',
      replace: false, sequence: 0x6b02f83b,
    })).toEqual(bytes(`
      3c000000140005063bf8026b00000000 0218000003000000 080002000a3500d4 080001000a3500d4
      14000600 ffffffff ffffffff 00000000 00000000`))
  })

  test('a scope, and who made it (which that ip(8) cannot say)', () => {
    expect(newAddress({
      index: 3, address: 0x0a3500d5, prefix: 32, validLifetimeSeconds: 3, preferredLifetimeSeconds: 2,
      scope: Scope.link, protocol: 42, replace: true, sequence: 1,
    })).toEqual(bytes(`
      44000000140005050100000000000000 022000fd03000000 080002000a3500d5 080001000a3500d5
      14000600 02000000 03000000 00000000 00000000 05000b00 2a000000`))
  })

  test('ip -6 route get fd53::210', () => {
    expect(getRoute({ address: FD53_210, sequence: 7 })).toEqual(bytes(`
      300000001a00010007000000 00000000 0a80000000000000 00000000 14000100fd530000000000000000000000000210`))
  })

  test('ip route get 10.53.0.210', () => {
    expect(getRoute({ address: 0x0a3500d2, sequence: 7 })).toEqual(bytes(`
      240000001a00010007000000 00000000 0220000000000000 00000000 080001000a3500d2`))
  })

  test('ip addr del 10.53.0.211/24 dev v0', () => {
    expect(deleteAddress({ index: 3, address: 0x0a3500d3, prefix: 24, sequence: 0x6b02f83b })).toEqual(bytes(
      '28000000150005003bf8026b00000000 0218000003000000 080002000a3500d3 080001000a3500d3'))
  })

  test('ip addr del fd53::210/64 dev v0', () => {
    expect(deleteAddress({ index: 3, address: FD53_210, prefix: 64, sequence: 0x6b02f6ec })).toEqual(bytes(`
      4000000015000500ecf6026b00000000 0a40000003000000 14000200fd530000000000000000000000000210
      14000100fd530000000000000000000000000210`))
  })

  test('ip addr show', () => {
    expect(dumpAddresses({ sequence: 0x6b02f6ed })).toEqual(bytes('1800000016000103edf6026b00000000 0000000000000000'))
  })
})

describe('links', () => {
  test('ip link add link v0 name mv0 address 00:00:5e:00:01:d2 type macvlan mode private', () => {
    expect(createMacvlan({ parentIndex: 3, name: 'mv0', mac: bytes('00005e0001d2'), mode: 'private', sequence: 0x6b02f6ec }))
      .toEqual(bytes(`
        5800000010000506ecf6026b00000000 00000000000000000000000000000000 0a00010000005e0001d20000 0800050003000000
        080003006d763000 1c001200 0b0001006d6163766c616e00 0c000200 0800010001000000`))
  })

  test('ip link add link v0 name mbridge address 00:00:5e:00:01:d2 type macvlan mode bridge', () => {
    expect(createMacvlan({
      parentIndex: 3, name: 'mbridge', mac: bytes('00005e0001d2'), mode: 'bridge', sequence: 0x6b02f706,
    })).toEqual(bytes(`
      5c0000001000050606f7026b00000000 00000000000000000000000000000000 0a00010000005e0001d20000 0800050003000000
      0c0003006d62726964676500 1c001200 0b0001006d6163766c616e00 0c000200 0800010004000000`))
  })

  test('ip link set mv0 up', () => {
    expect(setLinkUp({ index: 4, sequence: 0x6b02f6ec })).toEqual(bytes(
      '2000000010000500ecf6026b00000000 00000000 04000000 01000000 01000000'))
  })

  test('ip link del mv0', () => {
    expect(deleteLink({ index: 4, sequence: 0x6b02f6ec })).toEqual(bytes(
      '2000000011000500ecf6026b00000000 00000000 04000000 00000000 00000000'))
  })

  test('all links, without IPv6 counters (ip link show asks for those of virtual functions instead)', () => {
    expect(dumpLinks({ sequence: 0x6b02f6ec })).toEqual(bytes(
      '2800000012000103ecf6026b00000000 00000000000000000000000000000000 08001d00 08000000'))
  })
})
