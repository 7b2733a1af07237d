// The containers as docker-compose.yml describes them: broker and handler started, an order published, an event handled.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { EventOf } from '../../contract/events.ts'

const root = new URL('../..', import.meta.url).pathname
const secrets = join(tmpdir(), `understudy-secrets-${process.pid}`)
const project = `understudy-test-${process.pid}`
const env: NodeJS.ProcessEnv = { ...process.env, COMPOSE_PROJECT_NAME: project, UNDERSTUDY_IMAGE: project, UNDERSTUDY_SECRETS: secrets }

const run = (command: readonly string[], minutes = 0.1) => {
  const [program = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8', timeout: minutes * 60_000 })
  return { status, text: `${stdout}${stderr}` }
}

// `ps` succeeds only where an engine answers.
const engine = [['docker', 'compose'], ['docker-compose']].find((command) => run([...command, 'ps']).status === 0)
const compose = (minutes: number, ...words: string[]) => {
  const { status, text } = run([...(engine ?? []), ...words], minutes)
  if (status !== 0) throw new Error(`compose ${words.join(' ')}: ${text.slice(-2000)}`)
  return text
}

const title = engine ? 'docker-compose.yml' : 'docker-compose.yml (skipped: no Docker engine answers; start one, or set DOCKER_HOST)'

describe.skipIf(!engine)(title, { timeout: 60_000 }, () => {
  beforeAll(async () => {
    env.UNDERSTUDY_BROKER_PORT = String(await freePort())
    compose(10, 'build', 'broker')
    const { status, text } = run(['sh', 'docker/prepare', 'ns1', 'ns2'], 2)
    if (status !== 0) throw new Error(text)
    compose(2, 'up', '--detach', 'broker', 'handler-log')
  }, 840_000)

  afterAll(() => {
    try {
      if (engine) compose(2, 'down', '--volumes', '--remove-orphans', '--rmi', 'all')
    } finally {
      rmSync(secrets, { recursive: true, force: true })
    }
  }, 150_000)

  it('has a health check that ends well when the broker listens', async () => {
    const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as Compose
    const [kind, program = '', ...words] = services.broker.healthcheck.test
    expect(kind).toBe('CMD')
    const check = (port: string) => run([program, ...words.map((word) => word.replace('1883', port))]).status
    expect(check('1')).toBe(1)
    expect(await until(async () => check(env.UNDERSTUDY_BROKER_PORT ?? '') === 0 || undefined)).toBe(true)
  })

  it('keeps a published order for those who come later', async () => {
    const operator = await client('operator', 'operator')
    await operator.publishAsync('understudy/example/order/dns', 'ns2\nns1\n', { qos: 1, retain: true })
    await operator.endAsync()

    const latecomer = await client('operator', 'operator')
    const order = new Promise((done) => latecomer.on('message', (_topic, payload) => done(String(payload))))
    await latecomer.subscribeAsync('understudy/example/order/dns', { qos: 1 })
    expect(await order).toBe('ns2\nns1\n')
    await latecomer.endAsync()
  })

  it('has the log handler write down an event of a daemon', async () => {
    const daemon = await client('ns1', 'daemon')
    // The handler may still be connecting for the first time: an event published before that reaches nobody.
    const line = await until(async () => {
      await daemon.publishAsync('understudy/example/host/ns1/event', JSON.stringify(started), { qos: 1 })
      return compose(1, 'logs', '--no-color', 'handler-log').split('\n').find((text) => text.includes(started.id))
    })
    expect(line).toContain('daemon.started')
    await daemon.endAsync()
  })
})

interface Compose { readonly services: { readonly broker: { readonly healthcheck: { readonly test: readonly string[] } } } }

const started: EventOf<'daemon.started'> = {
  specversion: '1.0',
  id: 'ns1/boot-1/1',
  source: '/understudy/example/ns1',
  type: 'org.understudy.daemon.started',
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  host: 'ns1',
  bootid: 'boot-1',
  sequence: 1,
  data: { reason: 'started', planned: true, impact: 'none', version: '0.1.0', routers: ['dns-a', 'dns-b'] },
}

const client = (username: string, secret: string) =>
  until(() =>
    connectAsync(`mqtt://127.0.0.1:${env.UNDERSTUDY_BROKER_PORT}`, {
      protocolVersion: 4,
      username,
      password: readFileSync(join(secrets, secret), 'utf8').trim(),
      connectTimeout: 2000,
    }).catch(() => undefined),
  )

async function until<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 40_000
  for (;;) {
    const value = await attempt()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error('nothing came within 40 s')
    await new Promise((wake) => setTimeout(wake, 500))
  }
}

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const at = server.address()
      server.close(() => done(typeof at === 'object' && at ? at.port : 0))
    })
  })
