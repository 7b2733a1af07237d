import { expect, test } from 'vitest'
import { createMemoryBroker, openMemoryLink, type MemoryBroker } from '../../link/memory.ts'
import { linkSuite, type TestBroker } from './suite.ts'
import { until } from './until.ts'

interface MemoryTestBroker extends TestBroker { readonly memory: MemoryBroker }

linkSuite({
  name: 'memory',
  async broker(): Promise<MemoryTestBroker> {
    const memory = createMemoryBroker({ seed: 1 })
    return {
      memory,
      url: memory.url,
      cut: (id) => memory.drop(id),
      stop: async () => memory.stop(),
      start: async () => memory.start(),
      close: async () => memory.stop(),
    }
  },
  open: (brokers, options) => openMemoryLink(brokers.map((b) => (b as MemoryTestBroker).memory), options),
})

test('on demand it repeats messages, as QoS 1 may, the same ones for the same seed', async () => {
  const runs: string[][] = []
  for (let run = 0; run < 2; run++) {
    const broker = createMemoryBroker({ seed: 7 })
    const heard: string[] = []
    broker.repeat(0.5)
    const link = openMemoryLink(broker, {
      clientId: 'c', session: 'kept', subscriptions: ['t'],
      receive: async (m) => { heard.push(new TextDecoder().decode(m.payload)) },
    })
    await until('connected', () => link.brokers[0]?.connected === true)
    for (let i = 0; i < 20; i++) await link.publish('t', String(i), { retained: false, qos: 1 })
    await until('all', () => heard.includes('19'))
    await link.close()
    runs.push(heard)
  }
  expect(runs[0]?.length).toBeGreaterThan(20)
  expect(new Set(runs[0]).size).toBe(20)
  expect(runs[1]).toEqual(runs[0])
})

test('on demand it comes back without its store', async () => {
  const broker = createMemoryBroker({ seed: 1 })
  const link = openMemoryLink(broker, { clientId: 'c', session: 'kept', subscriptions: [], receive: async () => {} })
  await until('connected', () => link.brokers[0]?.connected === true)
  await link.publish('order', 'dns1', { retained: true, qos: 1 })
  expect(broker.retained.get('order')).toBe('dns1')
  broker.stop()
  broker.start({ store: 'lost' })
  expect(broker.retained.size).toBe(0)
  await link.close()
})
