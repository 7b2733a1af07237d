/** The example of four hosts does what it says: every host gets the priority that a person computes by hand. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mosquittoConfiguration } from '../../broker/mosquitto/configuration.ts'
import { parseConfig, type Config } from '../../contract/config.ts'
import { placeOf, type Order } from '../../contract/order.ts'
import { parseOrder } from '../../contract/order-document.ts'
import { standing, type Health } from '../../daemon/core/priority.ts'
import { fencesOf } from './markdown.ts'

const text = readFileSync(new URL('../../docs/examples/cam.yaml', import.meta.url), 'utf8')
const parsed = parseConfig(text)
const config = (parsed.ok ? parsed.value : undefined) as Config
const hosts = ['recdns-cnh', 'recdns-wcdc', 'recdns-rnb', 'recdns-sby'] as const

/** Priorities of the four hosts, in the order of `hosts`, for one router. */
function priorities(router: string, published: string, broken: readonly string[] = []): number[] {
  const group = config.groups.find((g) => g.routers.some((r) => r.name === router))
  const found = group?.routers.find((r) => r.name === router)
  const order = parseOrder(published, group?.hosts ?? [])
  if (!group || !found || !order.ok) throw new Error('not in the example')
  return hosts.map((host) => {
    const place = placeOf(host, order.value as Order, found.order)
    const health: Health = broken.includes(host) ? 'failed' : 'healthy'
    if (!place) throw new Error(`${host} has no place`)
    return standing(group.bands, place, health, group.hosts.length, 'started').priority
  })
}

test('the file is short', () => expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40))

describe('order wcdc, sby, rnb, cnh', () => {
  const everybody = 'recdns-wcdc\nrecdns-sby\nrecdns-rnb\nrecdns-cnh\n'
  //                                    cnh  wcdc rnb  sby
  test.each<[string, number[]]>([
    ['testdns0', [100, 250, 150, 200]],
    ['testdns1', [250, 100, 200, 150]],
    ['recdns0', [100, 250, 150, 200]],
    ['recdns1', [250, 100, 200, 150]],
  ])('%s', (router, expected) => expect(priorities(router, everybody)).toEqual(expected))

  test('rnb commented out: it has 50 and nobody else changes', () => {
    const spared = 'recdns-wcdc\nrecdns-sby\n#recdns-rnb\nrecdns-cnh\n'
    expect(priorities('testdns0', spared)).toEqual([100, 250, 50, 200])
    expect(priorities('testdns1', spared)).toEqual([250, 100, 50, 150])
  })
  test('a broken name server: 50', () => {
    expect(priorities('testdns0', everybody, ['recdns-wcdc'])).toEqual([100, 50, 150, 200])
    expect(priorities('testdns1', everybody, ['recdns-cnh', 'recdns-rnb'])).toEqual([50, 100, 50, 150])
  })
})

test('another order, published while all run', () => {
  expect(priorities('testdns0', '["recdns-rnb", "recdns-cnh", "recdns-wcdc", "recdns-sby"]')).toEqual([200, 150, 250, 100])
  expect(priorities('testdns1', '["recdns-rnb", "recdns-cnh", "recdns-wcdc", "recdns-sby"]')).toEqual([150, 200, 100, 250])
})

test('both families, VRRP version 2 with a password, VRIDs of their own', () => {
  const routers = config.groups.flatMap((g) => g.routers)
  expect(routers.map((r) => [r.name, r.vrid, r.version, r.password, r.addresses.map((a) => typeof a.address)])).toEqual([
    ['testdns0', 210, 2, { file: '/etc/understudy/vrrp.pass' }, ['number', 'bigint']],
    ['testdns1', 211, 2, { file: '/etc/understudy/vrrp.pass' }, ['number', 'bigint']],
    ['recdns0', 220, 2, { file: '/etc/understudy/vrrp.pass' }, ['number', 'bigint']],
    ['recdns1', 221, 2, { file: '/etc/understudy/vrrp.pass' }, ['number', 'bigint']],
  ])
})

test('the worked example of the concepts: three hosts with default bands', () => {
  const three = parseConfig('cluster: c\ngroups: {dns: {hosts: [dns1, dns2, dns3], routers: {r: {vrid: 1, interface: eth0, addresses: [192.0.2.1/24]}}}}\n')
  const group = three.ok ? three.value.groups[0] : undefined
  if (!group) throw new Error('not a cluster file')
  const row = (published: string, broken: readonly string[]) => group.hosts.map((host) => {
    const order = parseOrder(published, group.hosts)
    const place = order.ok ? placeOf(host, order.value, 'forward') : undefined
    return place && standing(group.bands, place, broken.includes(host) ? 'failed' : 'healthy', 3, 'started').priority
  })
  const first = 'dns1\ndns2\ndns3'
  expect(row(first, [])).toEqual([250, 240, 230])
  expect(row(first, ['dns1'])).toEqual([50, 240, 230])
  expect(row(first, ['dns1', 'dns2'])).toEqual([50, 40, 230])
  expect(row(first, ['dns1', 'dns2', 'dns3'])).toEqual([50, 40, 30])
  expect(row(first, ['dns2', 'dns3'])).toEqual([250, 40, 30])
  expect(row('dns2\n#dns1\ndns3', [])).toEqual([8, 250, 230])
  expect(row('dns2\n#dns1\ndns3', ['dns2', 'dns3'])).toEqual([8, 50, 30])
})

test('the files for Mosquitto in the how-to are those that are made for it', () => {
  const two = readFileSync(new URL('../../docs/examples/two-hosts.yaml', import.meta.url), 'utf8')
  const sound = parseConfig(`${two}\nbroker: {listen: ['mqtts://0.0.0.0:8883'], tls: {certificate: /etc/mosquitto/cert.pem, key: /etc/mosquitto/key.pem}}\n`)
  if (!sound.ok) throw new Error(JSON.stringify(sound.error))
  const accounts = [{ name: 'dns1', role: 'daemon' }, { name: 'log', role: 'handler' }, { name: 'operator', role: 'operator' }] as const
  const { configuration, accessList } = mosquittoConfiguration(sound.value, accounts, '/var/lib/mosquitto')
  const shown = fencesOf(readFileSync(new URL('../../docs/how-to/external-broker.md', import.meta.url), 'utf8')).map((f) => f.text.trim())
  expect(shown).toContain(configuration.trim())
  expect(shown).toContain(accessList.trim())
})
