import { describe, expect, it } from 'vitest'
import { advertisement, announcement } from '../../lab/sniffer.ts'

const frame = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
/** Both captured from keepalived 2.2.7. */
const ARP = ['ffffffffffff c2950f7f27f4 0806', '0001 0800 06 04 0001', 'c2950f7f27f4 0a3500d2', 'ffffffffffff 0a3500d2']
const NA = [
  '333300000001 c2950f7f27f4 86dd', '60000000 0020 3a ff fd530000000000000000000000000210 ff020000000000000000000000000001',
  '88 00 5dcf 20000000 fd530000000000000000000000000210', '02 01 c2950f7f27f4',
]

/** Advertisements as RFC 2338 and RFC 9568 draw them, priority 250 and 200. */
const VERSION_2 = [
  '01005e000012 c2950f7f27f4 0800', '45c0 0028 0001 0000 ff 70 0000 0a35000b e0000012',
  '21 d2 fa 01 01 01 0000 0a3500d2 7365637265743132',
]
const VERSION_3 = [
  '333300000012 c2950f7f27f4 86dd', '6c000000 0018 70 ff fe80000000000000c0950ffffe7f27f4 ff020000000000000000000000000012',
  '31 d2 c8 01 000a 0000 fd530000000000000000000000000210',
]

describe('what the bench takes for an advertisement', () => {
  it('is VRRP of both versions, over both families', () => {
    const common = { vrid: 210, mac: 'c2:95:0f:7f:27:f4' }
    expect(advertisement(frame(...VERSION_2))).toEqual({ ...common, family: 4, version: 2, priority: 250 })
    expect(advertisement(frame(...VERSION_3))).toEqual({ ...common, family: 6, version: 3, priority: 200 })
  })

  it('is not cut short, and no other protocol', () => {
    expect(advertisement(frame(...VERSION_2.slice(0, 2)))).toBeUndefined()
    expect(advertisement(frame(...ARP))).toBeUndefined()
    expect(advertisement(frame(...NA))).toBeUndefined()
    expect(announcement(frame(...VERSION_3))).toBeUndefined()
  })
})

describe('what the bench takes for an announcement', () => {
  it('is a gratuitous ARP', () => {
    expect(announcement(frame(...ARP))).toEqual({ address: '10.53.0.210', mac: 'c2:95:0f:7f:27:f4' })
  })

  it('is an unsolicited neighbour advertisement', () => {
    expect(announcement(frame(...NA))).toEqual({ address: 'fd53::210', mac: 'c2:95:0f:7f:27:f4' })
  })

  it('is not an ARP that asks for another address', () => {
    expect(announcement(frame(...ARP.slice(0, 3), '000000000000 0a35000b'))).toBeUndefined()
  })

  it('is not an answer to somebody who asked', () => {
    const solicited = frame(...NA)
    solicited.write('fd530000000000000000000000000090', 38, 'hex') // to the one who asked
    expect(announcement(solicited)).toBeUndefined()
  })
})
