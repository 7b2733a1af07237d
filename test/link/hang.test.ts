/** A broker that hangs (its process stopped, its network gone) must not hold up the others. */
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'vitest'
import { openLink, type MqttLinkOptions } from '../../link/mqtt.ts'
import { brokerConfig, startBroker, temporaryDirectory } from '../broker/run.ts'
import { layCable, type Cable } from './cable.ts'
import { until } from './until.ts'

const patience = { timeout: 30_000 }

/** Brokers and links of one test: the tests wait for times to pass, so they run side by side. */
function stage({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const cleanups: (() => unknown)[] = []
  onTestFinished(async () => { for (const cleanup of cleanups.toReversed()) await cleanup() })

  return {
    later: (cleanup: () => unknown) => { cleanups.push(cleanup) },
    async broker(): Promise<Cable & { readonly url: string }> {
      const directory = temporaryDirectory()
      cleanups.push(directory.remove)
      const running = await startBroker(brokerConfig(directory.path))
      cleanups.push(() => running.close())
      const cable = await layCable()
      cleanups.push(() => cable.close())
      cable.lead(running.ports[0])
      return { ...cable, url: `mqtt://127.0.0.1:${cable.port}` }
    },
    open(urls: readonly string[], options: Partial<MqttLinkOptions> & { readonly clientId: string }) {
      const heard: string[] = []
      const downs: string[] = []
      const link = openLink({
        brokers: urls.map((url) => ({ url })), session: 'kept', subscriptions: [],
        receive: async (m) => { heard.push(new TextDecoder().decode(m.payload)) },
        disconnected: (url, why) => { downs.push(`${url} ${why}`) },
        ...options,
      })
      cleanups.push(() => link.close())
      return { link, heard, downs }
    },
  }
}

test.concurrent('a frozen broker delays nothing of the other', patience, async ({ expect, ...context }) => {
  const { broker, open } = stage(context)
  const [well, frozen] = [await broker(), await broker()]
  const reader = open([well.url, frozen.url], { clientId: 'reader', subscriptions: ['t'] })
  const writer = open([well.url, frozen.url], { clientId: 'writer' })
  await until('all are connected', () => [...reader.link.brokers, ...writer.link.brokers].every((b) => b.connected))
  frozen.freeze()
  const started = performance.now()
  for (let i = 0; i < 20; i++) await writer.link.publish('t', String(i), { retained: false, qos: 1 })
  await until('twenty messages', () => reader.heard.length >= 20)
  expect(performance.now() - started).toBeLessThan(3000)
})

test.concurrent('alone with a frozen broker nothing waits for ever', patience, async ({ expect, ...context }) => {
  const { broker, open } = stage(context)
  const frozen = await broker()
  const { link } = open([frozen.url], { clientId: 'writer' })
  await until('it is connected', () => link.brokers[0]?.connected === true)
  frozen.freeze()
  await expect(link.publish('t', 'x', { retained: false, qos: 1 })).rejects.toThrow('no acknowledgement within 5000 ms')
  const started = performance.now()
  await link.close()
  expect(performance.now() - started).toBeLessThan(3000)
})

test.concurrent('what waits for a frozen broker is bounded', patience, async ({ expect, ...context }) => {
  const { broker, open } = stage(context)
  const frozen = await broker()
  const { link } = open([frozen.url], { clientId: 'writer' })
  await until('it is connected', () => link.brokers[0]?.connected === true)
  frozen.freeze()
  const outcomes: string[] = []
  const big = 'x'.repeat(1 << 20)
  for (let i = 0; i < 12; i++) {
    link.publish('t', big, { retained: false, qos: 1 }).catch((e: Error) => outcomes.push(e.message))
  }
  await until('some are refused at once', () => outcomes.length > 0, 1000)
  expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'too much is on its way already'))
})

test.concurrent('silent, absent and impossible brokers are each told once', patience, async ({ expect, ...context }) => {
  const { broker, open, later } = stage(context)
  const mute = createServer((socket) => { socket.on('error', () => {}) })
  await new Promise<void>((resolve) => { mute.listen(0, '127.0.0.1', resolve) })
  later(() => mute.close())
  const gone = createServer()
  await new Promise<void>((resolve) => { gone.listen(0, '127.0.0.1', resolve) })
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => { gone.close(resolve) })
  const well = await broker()
  const silent = `mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`
  const said: string[] = []
  const urls = [silent, `mqtt://127.0.0.1:${port}`, 'mqtt://[bad', well.url]
  const { link, downs } = open(urls, {
    clientId: 'patient', subscriptions: ['t'], log: (level, text) => { if (level === 'warn') said.push(text) },
  })
  await until('the good one is connected', () => link.brokers[3]?.connected === true, 2000)
  await until('the silent one was given up', () => downs.some((d) => d.startsWith(silent)))
  expect(downs.find((d) => d.startsWith(silent))).toBe(`${silent} connack timeout`)
  expect(said.filter((s) => s.includes(`:${port}:`))).toEqual([
    `broker mqtt://127.0.0.1:${port}: cannot connect: connect ECONNREFUSED 127.0.0.1:${port}; trying again`,
  ])
  expect(link.brokers.map((b) => b.connected)).toEqual([false, false, false, true])
})
