import { describe, expect, test } from 'vitest'
import { until } from '../link/until.ts'
import { broker, client, directory } from './stage.ts'

describe('wills of a broker that was stopped', { timeout: 60_000 }, () => {
  const will = { topic: 't/host/h/availability', payload: Buffer.from('offline'), qos: 1, retain: true } as const

  test('a broker that is stopped declares nobody dead', async () => {
    const path = directory()
    const first = await broker(path)
    await client(first, 'alive', { will })
    await first.close()
    const second = await broker(path)
    const watcher = await client(second, 'watcher')
    await watcher.subscribeAsync('t/#', { qos: 1 })
    await watcher.publishAsync('t/last', 'x', { qos: 1 })
    await until('the last message', () => watcher.heard.includes('t/last=x'))
    expect(watcher.heard).toEqual(['t/last=x'])
  })

  test('but who does not come back after the start gets his', async () => {
    const path = directory()
    const first = await broker(path)
    await client(first, 'dead', { will })
    await client(first, 'back', { will: { ...will, topic: 't/host/b/availability' } })
    await first.close()
    const second = await broker(path)
    await client(second, 'back', { will: { ...will, topic: 't/host/b/availability' } })
    const watcher = await client(second, 'watcher')
    await watcher.subscribeAsync('t/host/+/availability', { qos: 1 })
    await until('the will', () => watcher.heard.length > 0, 30_000)
    expect(watcher.heard).toEqual(['t/host/h/availability=offline'])
  })
})
