import fc from 'fast-check'
import { connect, type Socket } from 'node:net'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { packetInspector } from '../../broker/limits.ts'
import { until } from '../link/until.ts'
import { brokerConfig, startBroker, temporaryDirectory, type LoggedBroker } from './run.ts'

const bytes = (...all: (number | number[])[]) => Uint8Array.from(all.flat())
const TOO_LARGE = 'it announced more than 1000 bytes (broker.limits.packetBytes)'
/** CONNECT of a client `x`: MQTT 3.1.1, clean, keepalive 10 s. */
const CONNECT = [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 1, 0x78]
const zeros = (n: number) => Array.from({ length: n }, () => 0)

describe('the inspector of packets', () => {
  test.each([
    ['CONNECT, PINGREQ, a PUBLISH of 300 bytes', bytes(0x10, 2, 0, 0, 0xc0, 0, 0x30, 0xac, 0x02, zeros(300)), undefined],
    ['a packet at the limit', bytes(0x10, 0xe8, 0x07, zeros(1000)), undefined],
    ['one byte more', bytes(0x10, 0xe9, 0x07), TOO_LARGE],
    ['256 MiB announced', bytes(0x10, 0xff, 0xff, 0xff, 0x7f), TOO_LARGE],
    ['a length that does not end', bytes(0x10, 0x80, 0x80, 0x80, 0x80), 'it sent a malformed length'],
    ['HTTP', new TextEncoder().encode('GET / HTTP/1.1\r\n'), 'its first packet is no CONNECT'],
    ['a PUBLISH first', bytes(0x30, 3, 0, 1, 0x61), 'its first packet is no CONNECT'],
    ['the second packet too large', bytes(0x10, 0, 0x30, 0xff, 0x7f), TOO_LARGE],
  ])('%s', (_, stream, fault) => {
    expect(packetInspector(1000)(stream)).toBe(fault)
    // The same byte by byte.
    const inspect = packetInspector(1000)
    expect([...stream].map((b) => inspect(bytes(b))).find((f) => f !== undefined)).toBe(fault)
  })

  test('says the same however the bytes are cut into chunks', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(20), { minLength: 1 }), (tail, cuts) => {
      const stream = bytes(0x10, 0, [...tail])
      const whole = packetInspector(100)(stream)
      const inspect = packetInspector(100)
      let fault: string | undefined
      for (let i = 0, c = 0; i < stream.length && fault === undefined; c++) {
        const size = 1 + (cuts[c % cuts.length] ?? 0)
        fault = inspect(stream.subarray(i, i + size))
        i += size
      }
      expect(fault).toBe(whole)
    }))
  })
})

describe('a running broker', { timeout: 30_000 }, () => {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => { for (const cleanup of cleanups.splice(0).toReversed()) await cleanup() })

  async function broker(limits = '{}'): Promise<LoggedBroker> {
    const directory = temporaryDirectory()
    cleanups.push(directory.remove)
    const running = await startBroker(brokerConfig(directory.path, `anonymous: loopback, limits: ${limits}`))
    cleanups.push(() => running.close())
    return running
  }

  function socket(b: LoggedBroker): Socket & { over: boolean } {
    const s = Object.assign(connect(b.ports[0] ?? 0, '127.0.0.1'), { over: false })
    s.on('error', () => {})
    s.on('close', () => { s.over = true })
    s.resume() // else its end is not noticed
    cleanups.push(() => s.destroy())
    return s
  }

  test('ends a connection that announces too much before it says who it is, at the header', async () => {
    const b = await broker()
    const s = socket(b)
    s.write(bytes(0x10, 0xff, 0xff, 0xff, 0x7f))
    await until('it is closed', () => s.over)
    expect(b.log).toEqual([
      'closed a connection from 127.0.0.1: it announced more than 262144 bytes (broker.limits.packetBytes)',
    ])
  })

  test('ends a client whose message is too large, and nobody else', async () => {
    const b = await broker('{packetBytes: 2000}')
    const large = await connectAsync(b.urls[0] ?? '', { clientId: 'large', reconnectPeriod: 0 })
    const small = await connectAsync(b.urls[0] ?? '', { clientId: 'small', reconnectPeriod: 0 })
    let closed = false
    large.on('close', () => { closed = true })
    large.publish('t/e', Buffer.alloc(3000), { qos: 1 })
    await until('it is closed', () => closed)
    await small.publishAsync('t/e', Buffer.alloc(1000), { qos: 1 })
    await small.endAsync()
    large.end(true)
  })

  test('takes no more connections from one address than it may, and new ones when old ones have gone', async () => {
    const b = await broker('{connectionsPerAddress: 2}')
    const [one, two] = [socket(b), socket(b)]
    await until('two are open', () => one.readyState === 'open' && two.readyState === 'open')
    const three = socket(b)
    await until('the third is closed', () => three.over)
    expect(b.log).toEqual(['refused a connection from 127.0.0.1: it has 2 already (broker.limits.connectionsPerAddress)'])
    one.destroy()
    const client = await until('there is room', () => one.over).then(() => connectAsync(b.urls[0] ?? '', { clientId: 'c' }))
    await client.endAsync()
  })

  test('ends a connection that says nothing for five seconds', async () => {
    const b = await broker()
    const started = performance.now()
    const s = socket(b)
    await until('it is closed', () => s.over)
    expect(performance.now() - started).toBeGreaterThan(4500)
  })

  test.each([
    ['noise', bytes(0x10, 5, 1, 2, 3, 4, 5)],
    ['CONNECT of an unknown protocol', bytes(0x10, 12, 0, 4, 0x58, 0x58, 0x58, 0x58, 9, 2, 0, 10, 0, 0)],
    ['a topic of 300 levels', bytes(CONNECT, 0x30, 0xd9, 0x04, 0x02, 0x57, [...Buffer.from('/a'.repeat(300)).subarray(1)])],
    ['a SUBSCRIBE to an empty filter', bytes(CONNECT, 0x82, 5, 0, 1, 0, 0, 1)],
  ])('survives %s', async (_, stream) => {
    const b = await broker()
    const s = socket(b)
    s.write(stream)
    await until('it is closed', () => s.over)
    const client = await connectAsync(b.urls[0] ?? '', { clientId: 'after' })
    await client.publishAsync('t/e', 'x', { qos: 1 })
    await client.endAsync()
  })

  test('a client that stops reading does not hold up the others for longer than three seconds', async () => {
    const b = await broker('{packetBytes: 300000}')
    const frozen = await connectAsync(b.urls[0] ?? '', { clientId: 'frozen', reconnectPeriod: 0 })
    await frozen.subscribeAsync('t/big', { qos: 1 })
    frozen.stream.pause()
    const lively = await connectAsync(b.urls[0] ?? '', { clientId: 'lively' })
    let heard = 0
    lively.on('message', () => { heard++ })
    await lively.subscribeAsync('t/big', { qos: 1 })
    const writer = await connectAsync(b.urls[0] ?? '', { clientId: 'writer' })
    const payload = Buffer.alloc(250_000)
    const started = performance.now()
    for (let i = 0; i < 60; i++) await writer.publishAsync('t/big', payload, { qos: 1 })
    await until('all 60', () => heard === 60)
    expect(performance.now() - started).toBeLessThan(8000)
    frozen.end(true)
    await lively.endAsync()
    await writer.endAsync()
  })
})
