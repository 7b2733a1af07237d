/** What every link must do, whatever stands behind it. `memory`, `aedes` and `mosquitto` run the same file. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Link, LinkOptions } from '../../link/link.ts'
import { until } from './until.ts'

export interface TestBroker {
  readonly url: string
  /** Loses the connection of one client: no goodbye reaches the broker. */
  cut(clientId: string): void
  stop(): Promise<void>
  /** Up again under the same URL, with what it had stored. */
  start(): Promise<void>
  close(): Promise<void>
}
export interface Kind {
  readonly name: string
  readonly skip?: boolean
  broker(): Promise<TestBroker>
  open(brokers: readonly TestBroker[], options: Omit<LinkOptions, 'brokers'>): Link
}

type Options = Partial<Omit<LinkOptions, 'brokers'>> & { readonly clientId: string }

export function linkSuite(kind: Kind): void {
  describe.skipIf(kind.skip)(`a link over ${kind.name}`, { timeout: 30_000 }, () => {
    const cleanups: (() => Promise<void>)[] = []
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
    })

    async function broker(): Promise<TestBroker> {
      const b = await kind.broker()
      cleanups.push(() => b.close())
      return b
    }

    /** A client that notes what it hears, as `topic=text` with `*` for retained. */
    async function client(on: readonly TestBroker[], options: Options) {
      const heard: string[] = []
      const ups: string[] = []
      const downs: string[] = []
      const link = kind.open(on, {
        session: 'kept', subscriptions: [], ...options,
        async receive(m) {
          await options.receive?.(m)
          heard.push(`${m.topic}=${new TextDecoder().decode(m.payload)}${m.retained ? '*' : ''}`)
        },
        connected: (url) => { ups.push(url) },
        disconnected: (url) => { downs.push(url) },
      })
      cleanups.push(() => link.close())
      const up = () => link.brokers.every((b) => b.connected)
      await until(`${options.clientId} is connected`, up)
      return { link, heard, ups, downs, up }
    }
    const state = { retained: true, qos: 1 } as const
    const event = { retained: false, qos: 1 } as const

    test('a retained message reaches those who come later, marked as retained', async () => {
      const b = await broker()
      const operator = await client([b], { clientId: 'operator' })
      await operator.link.publish('t/order/dns', 'dns1', state)
      const daemon = await client([b], { clientId: 'daemon', subscriptions: ['t/order/dns'] })
      await until('the order', () => daemon.heard.length > 0)
      expect(daemon.heard).toEqual(['t/order/dns=dns1*'])
    })

    test('an order written as a bare list, one host a line, arrives byte for byte', async () => {
      const b = await broker()
      const operator = await client([b], { clientId: 'operator' })
      await operator.link.publish('t/order/dns', 'dns2\n#dns1\ndns3\n', state)
      const daemon = await client([b], { clientId: 'daemon', subscriptions: ['t/order/dns'] })
      await until('the order', () => daemon.heard.length > 0)
      expect(daemon.heard).toEqual(['t/order/dns=dns2\n#dns1\ndns3\n*'])
    })

    test('an empty retained message takes the retained one away', async () => {
      const b = await broker()
      const operator = await client([b], { clientId: 'operator' })
      await operator.link.publish('t/order/dns', 'dns1', state)
      await operator.link.publish('t/order/dns', '', state)
      const daemon = await client([b], { clientId: 'daemon', subscriptions: ['t/order/dns'] })
      await operator.link.publish('t/order/dns', 'dns2', state)
      await until('the new order', () => daemon.heard.length > 0)
      expect(daemon.heard).toEqual(['t/order/dns=dns2'])
    })

    test('messages of one topic come in the order they were published in', async () => {
      const b = await broker()
      const reader = await client([b], { clientId: 'reader', subscriptions: ['t/host/h/event'] })
      const writer = await client([b], { clientId: 'writer' })
      const numbers = Array.from({ length: 200 }, (_, i) => String(i))
      await Promise.all(numbers.map((n) => writer.link.publish('t/host/h/event', n, event)))
      await until('200 messages', () => reader.heard.length >= 200)
      expect(reader.heard).toEqual(numbers.map((n) => `t/host/h/event=${n}`))
    })

    test('retained, unretained and unacknowledged messages mixed all arrive', async () => {
      const b = await broker()
      const reader = await client([b], { clientId: 'reader', subscriptions: ['t/#'] })
      const writer = await client([b], { clientId: 'writer' })
      const other = await client([b], { clientId: 'other' })
      const sent: Promise<void>[] = []
      for (let i = 0; i < 50; i++) {
        sent.push(writer.link.publish(`t/state/${i}`, 'x', state), writer.link.publish(`t/event/${i}`, 'x', event))
        sent.push(other.link.publish(`t/passing/${i}`, 'x', { retained: false, qos: 0 }))
      }
      await Promise.all(sent)
      await until('150 messages', () => reader.heard.length >= 150)
      expect(new Set(reader.heard).size).toBe(150)
    })

    test('a kept session gets what came while it was away; a clean one does not', async () => {
      const b = await broker()
      const kept = await client([b], { clientId: 'kept', subscriptions: ['t/e'] })
      const clean = await client([b], { clientId: 'clean', session: 'clean', subscriptions: ['t/e'] })
      await kept.link.close()
      await clean.link.close()
      const writer = await client([b], { clientId: 'writer' })
      for (const n of ['1', '2', '3']) await writer.link.publish('t/e', n, event)
      const again = await client([b], { clientId: 'kept', subscriptions: ['t/e'] })
      const cleanAgain = await client([b], { clientId: 'clean', session: 'clean', subscriptions: ['t/e'] })
      await writer.link.publish('t/e', '4', event)
      await until('everything for the kept session', () => again.heard.length >= 4)
      await until('the last for the clean one', () => cleanAgain.heard.length >= 1)
      expect(new Set(again.heard)).toEqual(new Set(['t/e=1', 't/e=2', 't/e=3', 't/e=4']))
      expect(cleanAgain.heard).toEqual(['t/e=4'])
    })

    test('a message whose receiver failed comes again, and the next one waits for it', async () => {
      const b = await broker()
      let crashes = 0
      const handler = await client([b], {
        clientId: 'handler', subscriptions: ['t/e'],
        async receive(m) {
          if (new TextDecoder().decode(m.payload) === '1' && crashes++ < 2) throw new Error('the inbox is full')
        },
      })
      const writer = await client([b], { clientId: 'writer' })
      for (const n of ['1', '2', '3']) await writer.link.publish('t/e', n, event)
      await until('three messages', () => new Set(handler.heard).size >= 3)
      expect(crashes).toBeGreaterThanOrEqual(3)
      expect(handler.heard[0]).toBe('t/e=1')
    })

    test('one message at a time', async () => {
      const b = await broker()
      let working = 0
      let most = 0
      const handler = await client([b], {
        clientId: 'handler', subscriptions: ['t/e'],
        async receive() {
          most = Math.max(most, ++working)
          await new Promise((resolve) => { setImmediate(resolve) })
          working--
        },
      })
      const writer = await client([b], { clientId: 'writer' })
      await Promise.all(Array.from({ length: 20 }, (_, i) => writer.link.publish('t/e', String(i), event)))
      await until('twenty messages', () => handler.heard.length >= 20)
      expect(most).toBe(1)
    })

    test('the will of a client that is cut off is published, retained', async () => {
      const b = await broker()
      const watcher = await client([b], { clientId: 'watcher', subscriptions: ['t/host/h/availability'] })
      await client([b], { clientId: 'mortal', will: { topic: 't/host/h/availability', payload: 'offline' } })
      b.cut('mortal')
      await until('the will', () => watcher.heard.length > 0)
      expect(watcher.heard[0]).toBe('t/host/h/availability=offline')
      const late = await client([b], { clientId: 'late', subscriptions: ['t/host/h/availability'] })
      await until('the retained will', () => late.heard.length > 0)
      expect(late.heard).toEqual(['t/host/h/availability=offline*'])
    })

    test('a client that says goodbye leaves no will', async () => {
      const b = await broker()
      const watcher = await client([b], { clientId: 'watcher', subscriptions: ['t/#'] })
      const leaving = await client([b], { clientId: 'leaving', will: { topic: 't/gone', payload: 'offline' } })
      await leaving.link.close()
      await client([b], { clientId: 'mortal', will: { topic: 't/mortal', payload: 'offline' } })
      b.cut('mortal')
      await until('the will of the other', () => watcher.heard.includes('t/mortal=offline'))
      expect(watcher.heard).not.toContain('t/gone=offline')
    })

    test('a client that was cut off connects again, says so, and hears again', async () => {
      const b = await broker()
      const reader = await client([b], { clientId: 'reader', subscriptions: ['t/e'] })
      const writer = await client([b], { clientId: 'writer' })
      b.cut('reader')
      await until('it noticed', () => reader.downs.length > 0)
      await until('it is back', () => reader.ups.length > 1 && reader.up())
      await writer.link.publish('t/e', '1', event)
      await until('the message', () => reader.heard.length > 0)
    })

    test('two brokers at once: what one of them takes is published, and both are heard', async () => {
      const [a, b] = [await broker(), await broker()]
      const both = await client([a, b], { clientId: 'both', subscriptions: ['t/e'] })
      const writer = await client([a, b], { clientId: 'writer' })
      await writer.link.publish('t/e', 'twice', event)
      await until('a copy from each', () => both.heard.length >= 2)
      await a.stop()
      await until('both noticed', () => [writer, both].every((c) => c.link.brokers.filter((x) => x.connected).length === 1))
      await writer.link.publish('t/e', 'once', event)
      await until('a copy from the other', () => both.heard.includes('t/e=once'))
      expect(both.heard).toEqual(['t/e=twice', 't/e=twice', 't/e=once'])
      expect(new Set(both.ups)).toEqual(new Set([a.url, b.url]))
      expect(both.downs).toEqual([a.url])
    })

    test('with no broker connected a publication is refused at once', async () => {
      const b = await broker()
      const writer = await client([b], { clientId: 'writer' })
      await b.stop()
      await until('it noticed', () => !writer.up())
      await expect(writer.link.publish('t/e', 'x', event)).rejects.toThrow('no broker is connected')
    })

    test('a broker that was restarted still has orders, sessions and queues', async () => {
      const b = await broker()
      const away = await client([b], { clientId: 'away', subscriptions: ['t/e'] })
      await away.link.close()
      const writer = await client([b], { clientId: 'writer' })
      await writer.link.publish('t/order/dns', 'dns1', state)
      for (const n of ['1', '2', '3']) await writer.link.publish('t/e', n, event)
      await b.stop()
      await until('it noticed', () => !writer.up())
      await b.start()
      await until('it is back', () => writer.up())
      const daemon = await client([b], { clientId: 'daemon', subscriptions: ['t/order/dns'] })
      const back = await client([b], { clientId: 'away', subscriptions: ['t/e'] })
      await until('the order', () => daemon.heard.length > 0)
      await until('the queue', () => back.heard.length >= 3)
      expect(daemon.heard).toEqual(['t/order/dns=dns1*'])
      expect(back.heard).toEqual(['t/e=1', 't/e=2', 't/e=3'])
    })
  })
}
