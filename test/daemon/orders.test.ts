import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { storeFlight } from '../../daemon/uplink/flights.ts'
import { loadOrder, storeOrder } from '../../daemon/uplink/orders.ts'

let directory: string, complaints: string[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orders-'))
  complaints = []
})
afterEach(() => rmSync(directory, { recursive: true }))
const load = (members = ['a', 'b']) => loadOrder(directory, 'dns', members, (why) => complaints.push(why))
const order = { revision: 7, hosts: [{ host: 'b', inService: true }, { host: 'a', inService: false }] }

test('what was stored is loaded', () => {
  storeOrder(directory, 'dns', order)
  expect(load()).toEqual(order)
  expect(complaints).toEqual([])
})
test('nothing stored is nothing loaded, without a complaint', () => {
  expect(load()).toBeUndefined()
  expect(complaints).toEqual([])
})
test('half a file, as a crash without renaming would leave, is not believed', () => {
  writeFileSync(join(directory, 'order-dns.json'), '{"revision":7,"hosts":[{"ho')
  expect(load()).toBeUndefined()
  expect(complaints[0]).toMatch(/looks like JSON but is not.*starting with the order of the cluster file/)
})
test('an order for hosts that are no longer in the group is not believed', () => {
  storeOrder(directory, 'dns', order)
  expect(load(['a', 'c'])).toBeUndefined()
  expect(complaints[0]).toMatch(/b not in this group/)
})
test('a crash before the rename leaves the old order', () => {
  storeOrder(directory, 'dns', order)
  writeFileSync(join(directory, 'order-dns.json.new'), 'half of the next')
  expect(load()).toEqual(order)
})

test('flight records stay within their cap: the oldest go', () => {
  mkdirSync(directory, { recursive: true })
  for (const n of [1, 2, 3, 4]) storeFlight(directory, { name: `2026-01-0${n}`, pcap: new Uint8Array(300), timeline: 'x'.repeat(100) }, 1000)
  expect(readdirSync(directory).sort()).toEqual(['2026-01-03.pcap', '2026-01-03.txt', '2026-01-04.pcap', '2026-01-04.txt'])
  storeFlight(directory, { name: '2026-01-05', pcap: new Uint8Array(5000), timeline: 'x' }, 1000)
  expect(readdirSync(directory).includes('2026-01-05.pcap')).toBe(false)
  expect(readFileSync(join(directory, '2026-01-04.txt'), 'utf8')).toBe('x'.repeat(100))
})
