import { expect, test } from 'vitest'
import { pcapHeader, pcapRecord, wrapIpv4, wrapIpv6 } from '../../daemon/wire/pcap.ts'
import { bytes } from './captures.ts'

test('the header of a file: little-endian, version 2.4, microseconds, Ethernet', () => {
  expect(pcapHeader()).toEqual(bytes('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000'))
})

test('a record: time, both lengths, the frame', () => {
  const record = pcapRecord({ seconds: 0x65432100, microseconds: 999_999, frame: bytes('0102030405') })
  expect(record).toEqual(bytes('00214365 3f420f00 05000000 05000000 0102030405'))
})

// keepalived's frames, but for the IP id (0001 there, so a header checksum of d05a) and the flow label (8a0ab there).
test('an IPv4 advertisement as a frame', () => {
  const payload = bytes('31d2fa010064ddf10a3500d2')
  const frame = bytes(`01005e000012 7a4a81daa7db 0800 | 45c00020 0000 0000 ff70 d05b 0a35000b e0000012 |
    31d2fa010064ddf10a3500d2`)
  const d = { family: 4, src: 0x0a35000b, dst: 0xe0000012, hopLimit: 255, payload } as const
  expect(wrapIpv4(d, bytes('7a4a81daa7db'))).toEqual(frame)
  frame.fill(0, 6, 12)
  expect(wrapIpv4(d)).toEqual(frame)
})

test('an IPv6 advertisement as a frame', () => {
  const payload = bytes('31d2fa0100643545fd530000000000000000000000000210')
  const src = 0xfe80_0000_0000_0000_784a_81ff_feda_a7dbn, dst = 0xff02_0000_0000_0000_0000_0000_0000_0012n
  expect(wrapIpv6({ family: 6, src, dst, hopLimit: 255, payload }, bytes('7a4a81daa7db'))).toEqual(bytes(`
    333300000012 7a4a81daa7db 86dd |
    6c000000 0018 70 ff fe80000000000000784a81fffedaa7db ff020000000000000000000000000012 |
    31d2fa0100643545fd530000000000000000000000000210`))
})

test('RFC 1112 §6.4: only 23 bits of a group go into its MAC address', () => {
  const d = { family: 4, src: 0x0a35000b, dst: 0xefff_0102, hopLimit: 255, payload: new Uint8Array(0) } as const
  expect(wrapIpv4(d).subarray(0, 6)).toEqual(bytes('01005e7f0102'))
})

test('a unicast advertisement: the destination\'s MAC address is not known', () => {
  const d = { family: 4, src: 0x0a35000b, dst: 0x0a35000c, hopLimit: 64, payload: new Uint8Array(0) } as const
  expect(wrapIpv4(d)).toEqual(bytes('000000000000 000000000000 0800 45c00014 0000 0000 4070 653a 0a35000b 0a35000c'))
})
