/** What the broker has acknowledged it keeps, also when it is killed (SIGKILL) in the middle of a stream. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { connect, connectAsync, type MqttClient } from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import { until } from '../link/until.ts'
import { temporaryDirectory } from './run.ts'

const KILLS = 4
/** Messages on their way at a time. */
const WINDOW = 50

const cleanups: (() => unknown)[] = []
afterEach(async () => { for (const cleanup of cleanups.splice(0).toReversed()) await cleanup() })

async function startChild(directory: string): Promise<{ port: number; kill(): Promise<void> }> {
  const program = join(import.meta.dirname, 'kill-child.ts')
  const child: ChildProcess = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  cleanups.push(kill)
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (line) => resolve(Number(String(line))))
    child.once('exit', () => reject(new Error('the broker did not start')))
  })
  return { port, kill }
}

async function client(port: number, clientId: string, clean: boolean): Promise<MqttClient> {
  const c = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, clean, reconnectPeriod: 0, resubscribe: false })
  c.on('error', () => {})
  cleanups.push(() => c.end(true))
  return c
}

test.each([1, 2] as const)('QoS %i: nothing acknowledged is lost', { timeout: 60_000 }, async (qos) => {
  const directory = temporaryDirectory()
  cleanups.push(directory.remove)
  const acknowledged: number[] = []
  let order = -1
  let number = 0

  for (let run = 0; run <= KILLS; run++) {
    const broker = await startChild(directory.path)
    if (run === 0) {
      const absent = await client(broker.port, 'absent', false)
      await absent.subscribeAsync('t/e', { qos: 1 })
      await absent.endAsync()
    }
    const publisher = await client(broker.port, 'publisher', true)
    let down = false
    publisher.on('close', () => { down = true })
    const from = acknowledged.length
    const publish = () => {
      const n = number++
      const topic = n % 10 === 0 ? 't/order' : 't/e'
      publisher.publish(topic, String(n), { qos, retain: topic === 't/order' }, (e) => {
        if (e) return
        if (topic === 't/e') acknowledged.push(n)
        else order = Math.max(order, n)
        if (!down) publish()
      })
    }
    for (let i = 0; i < WINDOW; i++) publish()
    await until('a few hundred acknowledged messages', () => acknowledged.length - from > 300 + 77 * run)
    await broker.kill()
    await until('the publisher noticed', () => down)
  }

  const broker = await startChild(directory.path)
  const received: number[] = []
  const last = number++
  const sender = await client(broker.port, 'sender', true)
  await sender.publishAsync('t/e', String(last), { qos: 1 })
  // Its queue comes as soon as it is connected: so it listens first.
  const absent = connect(`mqtt://127.0.0.1:${broker.port}`, {
    clientId: 'absent', clean: false, reconnectPeriod: 0, manualConnect: true,
  })
  absent.on('message', (_, payload) => { received.push(Number(String(payload))) })
  absent.on('error', () => {})
  cleanups.push(() => absent.end(true))
  absent.connect()
  await until('the last message', () => received.includes(last), 30_000)
  const got = new Set(received)
  expect(acknowledged.filter((n) => !got.has(n))).toEqual([])
  expect(received).toEqual(received.toSorted((a, b) => a - b))

  const orders: number[] = []
  const daemon = await client(broker.port, 'daemon', true)
  daemon.on('message', (_, payload) => { orders.push(Number(String(payload))) })
  await daemon.subscribeAsync('t/order', { qos: 1 })
  await until('the retained order', () => orders.length > 0)
  expect(orders[0]).toBeGreaterThanOrEqual(order)
})
