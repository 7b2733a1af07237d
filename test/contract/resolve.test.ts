/** What becomes of a sound file: defaults, units, addresses as integers. */
import { describe, expect, test } from 'vitest'
import { handlerEntries, parseConfig, type Config, type RouterConfig } from '../../contract/config.ts'

function config(text: string): Config {
  const parsed = parseConfig(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}
const file = (router: string, group = '') => `
cluster: c
groups:
  dns:
    hosts: [dns1, dns2]
${group}
    routers:
      r: {vrid: 7, addresses: [192.0.2.53/24]${router}}
`
const router = (text: string): RouterConfig => config(text).groups[0]?.routers[0] as RouterConfig

test('the smallest file', () => {
  expect(config(file(', interface: eth0'))).toMatchObject({
    cluster: 'c', topicRoot: 'understudy/c', brokers: [], checks: [], requiredHandlers: [], state: '/var/lib/understudy',
    broker: { listen: ['mqtt://127.0.0.1:1883'], anonymous: 'never' },
    groups: [{
      name: 'dns', hosts: ['dns1', 'dns2'], checks: [],
      bands: { healthy: { first: 250, step: 10 }, degraded: { first: 150, step: 10 }, failed: { first: 50, step: 10 }, outOfService: { first: 9, step: 1 } },
      routers: [{
        name: 'r', group: 'dns', vrid: 7, interface: 'eth0', version: 3, interval: 1000, order: 'forward', preempt: 'fast', checksum: 'rfc5798',
        leaseSeconds: 4, announce: { count: 5, repeatAfter: 5000, refresh: 0 }, addresses: [{ address: 3221226037, prefix: 24 }],
      }],
    }],
  })
})

describe('options', () => {
  test('of the router before those of the group', () => {
    const group = '    defaults: {interface: eth0, interval: 2, announce: {count: 3, refresh: 60}}'
    expect(router(file('', group))).toMatchObject({ interface: 'eth0', interval: 2000, announce: { count: 3, repeatAfter: 5000, refresh: 60_000 } })
    expect(router(file(', interface: eth1, interval: 0.1, announce: {count: 9}', group))).toMatchObject({
      interface: 'eth1', interval: 100, announce: { count: 9, repeatAfter: 5000, refresh: 60_000 },
    })
  })
  test.each([[0.01, 10], [0.07, 70], [0.29, 290], [1.1, 1100], [33.33, 33_330], [40.95, 40_950]])('an interval of %d s is %i ms, exactly', (seconds, ms) =>
    expect(router(file(`, interface: eth0, interval: ${seconds}`)).interval).toBe(ms))
  test.each([['0.1', 2], ['1', 4], ['1.3', 6], ['10', 40]])('with an interval of %s s the lease is %i s', (interval, lease) =>
    expect(router(file(`, interface: eth0, interval: ${interval}`)).leaseSeconds).toBe(lease))
  test.each([['off', undefined], ['60', 60]])('lease: %s', (lease, expected) => expect(router(file(`, interface: eth0, lease: ${lease}`)).leaseSeconds).toBe(expected))
  test('a password stays where it is', () => {
    expect(router(file(', interface: eth0, version: 2, authentication: {pass: {env: VRRP_PASS}}')).password).toEqual({ env: 'VRRP_PASS' })
  })
})

test('bands given in part leave the others as they are', () => {
  expect(config(file(', interface: eth0', '    bands: {failed: {first: 20, step: 5}}')).groups[0]?.bands).toEqual({
    healthy: { first: 250, step: 10 }, degraded: { first: 150, step: 10 }, failed: { first: 20, step: 5 }, outOfService: { first: 9, step: 1 },
  })
})

test('32 hosts fit the default bands', () => {
  const hosts = Array.from({ length: 32 }, (_, i) => `dns${i}`)
  expect(config(file(', interface: eth0').replace('[dns1, dns2]', `[${hosts.join(', ')}]`)).groups[0]?.bands.healthy).toEqual({ first: 250, step: 1 })
})

test('checks', () => {
  const checks = config(`${file(', interface: eth0')}
checks:
  a: {dns: {name: example.org}}
  b: {dns: {name: example.org, server: '::1', type: TXT, transport: tcp, expect: [x, y]}, interval: 0.5, timeout: 0.2, meaning: degraded}
  c: {dns: {name: example.org, expect: x}}
`).checks
  expect(checks).toMatchObject([
    { name: 'a', dns: { server: 2130706433, port: 53, name: 'example.org', type: 'A', transport: 'udp', expect: [] }, interval: 1000, timeout: 1000, rise: 2, fall: 2, meaning: 'failed' },
    { name: 'b', dns: { server: 1n, type: 'TXT', transport: 'tcp', expect: ['x', 'y'] }, interval: 500, timeout: 200, meaning: 'degraded' },
    { name: 'c', dns: { expect: ['x'] } },
  ])
})

test('handlers', () => {
  const { handlers, requiredHandlers } = config(`${file(', interface: eth0')}
handlers:
  log: {}
  audit: {file: /a}
  email: {to: [a@example.org], from: b@example.org, smtp: {host: 192.0.2.25}}
  custom:
    hook: {module: hook.ts}
    idle: {module: idle.ts, required: false}
`)
  expect(handlerEntries(handlers).map(([name]) => name).toSorted()).toEqual(['audit', 'email', 'hook', 'idle', 'log'])
  expect(requiredHandlers.toSorted()).toEqual(['audit', 'email', 'hook'])
})

test('brokers, short and long', () => {
  expect(config(`${file(', interface: eth0')}
topicRoot: site/dns
brokers:
  - mqtt://192.0.2.10:1883
  - {url: 'mqtts://192.0.2.11:8883', user: '{name}', password: {file: '/etc/understudy/{name}.pass'}, ca: /ca.pem}
`)).toMatchObject({
    topicRoot: 'site/dns',
    brokers: [{ url: 'mqtt://192.0.2.10:1883' }, { url: 'mqtts://192.0.2.11:8883', user: '{name}', password: { file: '/etc/understudy/{name}.pass' }, ca: '/ca.pem' }],
  })
})
