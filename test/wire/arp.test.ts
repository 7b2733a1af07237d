import { describe, expect, test } from 'vitest'
import { arpProbe, arpReply, gratuitousArp, parseArp } from '../../daemon/wire/arp.ts'
import { bytes, KEEPALIVED_GRATUITOUS_ARP } from './captures.ts'

const mac = bytes('c2950f7f27f4'), other = bytes('7a4a81daa7db')

describe('ARP frames, byte for byte', () => {
  test('a gratuitous ARP is keepalived\'s: a request, target MAC all ones', () => {
    expect(gratuitousArp(mac, 0x0a3500d2)).toEqual(KEEPALIVED_GRATUITOUS_ARP)
  })

  test('RFC 5227 §2.1.1: a probe names no sender address', () => {
    expect(arpProbe(mac, 0x0a3500d2)).toEqual(bytes(
      'ffffffffffff c2950f7f27f4 0806 | 0001 0800 06 04 0001 | c2950f7f27f4 00000000 | 000000000000 0a3500d2'))
  })

  test('a reply goes to the host that asked', () => {
    expect(arpReply(mac, 0x0a3500d2, { mac: other, address: 0x0a35000b })).toEqual(bytes(
      '7a4a81daa7db c2950f7f27f4 0806 | 0001 0800 06 04 0002 | c2950f7f27f4 0a3500d2 | 7a4a81daa7db 0a35000b'))
  })
})

describe('parsing', () => {
  test('keepalived\'s gratuitous ARP', () => {
    expect(parseArp(KEEPALIVED_GRATUITOUS_ARP)).toEqual({
      ok: true,
      value: {
        op: 'request', senderMac: mac, senderAddress: 0x0a3500d2,
        targetMac: bytes('ffffffffffff'), targetAddress: 0x0a3500d2,
      },
    })
  })

  test('a reply with Ethernet padding; what is read stays when the buffer is used again', () => {
    const frame = bytes(`7a4a81daa7db c2950f7f27f4 0806 0001 0800 06 04 0002 c2950f7f27f4 0a3500d2 7a4a81daa7db 0a35000b
      000000000000000000000000000000000000`)
    const arp = parseArp(frame)
    frame.fill(0)
    expect(arp).toEqual({
      ok: true,
      value: { op: 'reply', senderMac: mac, senderAddress: 0x0a3500d2, targetMac: other, targetAddress: 0x0a35000b },
    })
  })

  test.each([
    ['truncated', 'ffffffffffff c2950f7f27f4 0806 0001 0800 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500'],
    ['ethertype', 'ffffffffffff c2950f7f27f4 0800 0001 0800 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2'],
    ['arp-header', 'ffffffffffff c2950f7f27f4 0806 0006 0800 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2'],
    ['arp-header', 'ffffffffffff c2950f7f27f4 0806 0001 86dd 06 04 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2'],
    ['arp-header', 'ffffffffffff c2950f7f27f4 0806 0001 0800 06 10 0001 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2'],
    ['operation', 'ffffffffffff c2950f7f27f4 0806 0001 0800 06 04 0003 c2950f7f27f4 0a3500d2 ffffffffffff 0a3500d2'],
  ])('rejects %s', (reject, hex) => {
    expect(parseArp(bytes(hex))).toMatchObject({ ok: false, error: { reject } })
  })
})
