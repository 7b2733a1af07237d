import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ms } from '../../contract/time.ts'
import type { DnsProbe } from '../../contract/config.ts'
import { ask } from '../../daemon/io/probes/dns.ts'

const LOOPBACK = 0x7f000001
const probe = (port: number, more: Partial<DnsProbe> = {}): DnsProbe =>
  ({ server: LOOPBACK, port, name: 'cam.ac.uk', type: 'TXT', transport: 'udp', expect: [], ...more })

let closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing) close()
  closing = []
})

/** Answers each question with its own id, the flags and what follows the question, all as hex. */
async function server(flags: string, counts: string, answers: string, mangle = (b: Buffer) => b): Promise<number> {
  const socket: Socket = createSocket('udp4')
  closing.push(() => socket.close())
  socket.on('message', (q, from) => {
    const reply = Buffer.concat([q.subarray(0, 2), Buffer.from(flags + counts, 'hex'), q.subarray(12), Buffer.from(answers, 'hex')])
    socket.send(mangle(reply), from.port, from.address)
  })
  await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready))
  return socket.address().port
}
const ONE = '0001000100000000'
/** A compressed name, TXT, IN, 60 s, 3 bytes: "ok". */
const TXT_OK = 'c00c00100001 0000003c 0003 026f6b'.replaceAll(' ', '')

describe('a DNS check', () => {
  test('is good when the expected text is answered', async () => {
    const port = await server('8180', ONE, TXT_OK)
    expect(await ask(probe(port, { expect: ['ok'] }), ms(1000))).toEqual({ ok: true, detail: 'ok' })
  })
  test('is good with any answer when nothing is expected', async () => {
    expect(await ask(probe(await server('8180', ONE, TXT_OK)), ms(1000))).toEqual({ ok: true, detail: 'ok' })
  })
  test('is bad with another answer, and says which', async () => {
    const port = await server('8180', ONE, TXT_OK)
    expect(await ask(probe(port, { expect: ['fine'] }), ms(1000))).toEqual({ ok: false, detail: 'answered ok; missing fine' })
  })
  test.each([['8182', 'SERVFAIL'], ['8183', 'NXDOMAIN'], ['8185', 'REFUSED']])('is bad with rcode %s', async (flags, name) => {
    const port = await server(flags, '0001000000000000', '')
    expect(await ask(probe(port), ms(1000))).toEqual({ ok: false, detail: `answered ${name}` })
  })
  test('is bad with an empty answer', async () => {
    const port = await server('8180', '0001000000000000', '')
    expect(await ask(probe(port), ms(1000))).toEqual({ ok: false, detail: 'no TXT for cam.ac.uk' })
  })
  test('an answer to another question is no answer', async () => {
    const port = await server('8180', ONE, TXT_OK, (b) => Buffer.concat([Buffer.from([b.readUInt8(0) ^ 1]), b.subarray(1)]))
    expect(await ask(probe(port), ms(100))).toEqual({ ok: false, detail: 'no answer from 127.0.0.1 within 100 ms' })
  })
  test('noise is a bad answer, not an exception', async () => {
    const port = await server('8180', ONE, TXT_OK, () => Buffer.from('00', 'hex'))
    expect(await ask(probe(port), ms(1000))).toEqual({ ok: false, detail: 'the answer is not DNS' })
  })
  test('a closed port is noticed at once, not after the timeout', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready))
    const { port } = socket.address()
    await new Promise<void>((done) => socket.close(done))
    expect(await ask(probe(port), ms(60_000))).toEqual({ ok: false, detail: '127.0.0.1: ECONNREFUSED' })
  })
  test('over TCP, an answer that comes in pieces is put together', async () => {
    const tcp: Server = createServer((socket) => socket.on('data', (q) => {
      const body = Buffer.concat([q.subarray(2, 4), Buffer.from(`8180${ONE}`, 'hex'), q.subarray(14), Buffer.from(TXT_OK, 'hex')])
      socket.write(Buffer.from([0]))
      socket.write(Buffer.concat([Buffer.from([body.length]), body.subarray(0, 20)]), () => socket.end(body.subarray(20)))
    }))
    closing.push(() => tcp.close())
    await new Promise<void>((ready) => tcp.listen(0, '127.0.0.1', ready))
    const { port } = tcp.address() as { port: number }
    expect(await ask(probe(port, { transport: 'tcp', expect: ['ok'] }), ms(1000))).toEqual({ ok: true, detail: 'ok' })
  })
  test('over TCP, a server that hangs up is bad', async () => {
    const tcp: Server = createServer((socket) => socket.end())
    closing.push(() => tcp.close())
    await new Promise<void>((ready) => tcp.listen(0, '127.0.0.1', ready))
    const { port } = tcp.address() as { port: number }
    expect((await ask(probe(port, { transport: 'tcp' }), ms(1000))).ok).toBe(false)
  })
})
