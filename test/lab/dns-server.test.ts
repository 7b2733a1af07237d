import { decode, encode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { answer } from '../../lab/dns-server.ts'

const ask = (type: 'TXT' | 'A', name = 'understudy.example') =>
  encode({ type: 'query', id: 4711, flags: 0x0100, questions: [{ type, name }], additionals: [] })

describe('the built-in name server', () => {
  it('answers TXT of any name with the name of the host', () => {
    const reply = decode(answer(ask('TXT', 'any.name.at.all'), 'recdns-cnh') ?? Buffer.alloc(0))
    expect(reply).toMatchObject({ id: 4711, type: 'response', rcode: 'NOERROR', flag_aa: true, flag_rd: true })
    const txt = { name: 'any.name.at.all', type: 'TXT', ttl: 0, data: [Buffer.from('recdns-cnh')] }
    expect(reply.answers).toEqual([expect.objectContaining(txt)])
  })

  it('has nothing to say about other types', () => {
    const reply = decode(answer(ask('A'), 'recdns-cnh') ?? Buffer.alloc(0))
    expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  it('leaves out the EDNS part of a question', () => {
    const plain = encode({ type: 'query', id: 1, questions: [{ type: 'TXT', name: 'a' }] })
    plain.writeUInt16BE(1, 10) // one additional record: OPT of the root, 1232 bytes
    const withEdns = Buffer.concat([plain, Buffer.from('00002904d0000000000000', 'hex')])
    const reply = decode(answer(withEdns, 'h') ?? Buffer.alloc(0))
    expect(reply).toMatchObject({ additionals: [], answers: [{ data: [Buffer.from('h')] }] })
  })

  it('says nothing to what is no question', () => {
    expect(answer(Buffer.alloc(0), 'h')).toBeUndefined()
    expect(answer(ask('TXT').subarray(0, 20), 'h')).toBeUndefined()
    expect(answer(answer(ask('TXT'), 'h') ?? Buffer.alloc(0), 'h')).toBeUndefined()
    expect(answer(Buffer.alloc(12), 'h')).toBeUndefined()
  })
})
