import { describe, expect, it } from 'vitest'
import { announcement } from '../../lab/sniffer.ts'

const frame = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
/** Both captured from keepalived 2.2.7. */
const ARP = ['ffffffffffff c2950f7f27f4 0806', '0001 0800 06 04 0001', 'c2950f7f27f4 0a3500d2', 'ffffffffffff 0a3500d2']
const NA = [
  '333300000001 c2950f7f27f4 86dd', '60000000 0020 3a ff fd530000000000000000000000000210 ff020000000000000000000000000001',
  '88 00 5dcf 20000000 fd530000000000000000000000000210', '02 01 c2950f7f27f4',
]

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
