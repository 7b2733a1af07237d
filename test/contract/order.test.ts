import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstOrder, placeOf, sameHosts, spell, succeed, type Order } from '../../contract/order.ts'
import { parseOrder } from '../../contract/order-document.ts'

const members = ['dns0', 'dns1', 'dns2']
const read = (payload: string) => {
  const parsed = parseOrder(payload, members)
  return parsed.ok ? spell(parsed.value) : `${parsed.error.fault}: ${parsed.error.message}`
}

describe('the three spellings', () => {
  test.each([
    ['one host', 'dns2', 'dns2, #dns0, #dns1'],
    ['a host a line', 'dns2\ndns1\ndns0\n', 'dns2, dns1, dns0'],
    ['# takes out of service, in its place', 'dns2\n# dns1\n#dns0', 'dns2, #dns1, #dns0'],
    ['Windows line ends, empty lines, a lone #', '\r\ndns2\r\n\r\n#\r\ndns1', 'dns2, dns1, #dns0'],
    ['commas', 'dns2, dns1, #dns0', 'dns2, dns1, #dns0'],
    ['a byte order mark', '\uFEFFdns0', 'dns0, #dns1, #dns2'],
    ['a JSON array', '["dns2","#dns0"]', 'dns2, #dns0, #dns1'],
    ['an array of entries', '[{"host":"dns1"},{"host":"dns0","inService":false}]', 'dns1, #dns0, #dns2'],
    ['the full object', '{"revision":7,"hosts":[{"host":"dns1"},"dns0","#dns2"],"by":"ann","reason":"patching"}', 'dns1, dns0, #dns2'],
  ])('%s', (_, payload, expected) => expect(read(payload)).toBe(expected))

  test('the full object keeps what it says of itself', () => {
    expect(parseOrder('{"revision":7,"hosts":["dns1"],"by":"ann","reason":"patching","at":"2026-01-31T12:00:00Z"}', ['dns1'])).toEqual({
      ok: true, value: { revision: 7, hosts: [{ host: 'dns1', inService: true }], by: 'ann', reason: 'patching', at: '2026-01-31T12:00:00Z' },
    })
  })
})

describe('refusals', () => {
  test.each([
    ['', 'not-an-order: names no host: an empty order changes nothing'],
    [' \n\t', 'not-an-order: names no host: an empty order changes nothing'],
    ['dns9', 'unknown-host: dns9 not in this group: its hosts are dns0, dns1, dns2'],
    ['DNS0', 'unknown-host: DNS0 not in this group: its hosts are dns0, dns1, dns2'],
    ['dns0\ndns0', 'host-twice: dns0 named twice'],
    ['#dns0\n#dns1', 'nobody-in-service: this order would leave nobody in service'],
    ['dns0 dns1', 'not-an-order: "dns0 dns1" is no short host name: want one host a line, a JSON array, or {"hosts": […]}'],
    ['dns0\u0007', 'not-an-order: "dns0\\u0007" is no short host name: want one host a line, a JSON array, or {"hosts": […]}'],
    ['[]', 'not-an-order: hosts: want at least one entry'],
    ['{}', 'not-an-order: hosts: want a list'],
    ['[1]', 'not-an-order: hosts[0]: want a block of keys'],
    ['{"hosts":[{"host":"dns0","inService":"no"}]}', 'not-an-order: hosts[0].inService: want true or false'],
    ['{"hosts":["dns0"],"revison":3}', 'not-an-order: order: there is no key "revison" here'],
    ['{"hosts":["dns0"],"revision":1.5}', 'not-an-order: revision: want a whole number'],
    ['{"hosts":["dns0"],"at":"yesterday"}', 'not-an-order: at: want a time such as 2026-01-31T12:00:00Z'],
  ])('%j', (payload, expected) => expect(read(payload)).toBe(expected))

  test('broken JSON', () => expect(read('["dns0"')).toMatch(/^not-an-order: looks like JSON but is not: /))
  test('a flood', () => expect(read('dns0\n'.repeat(20_000))).toBe('not-an-order: has 100000 characters: an order has at most 65536'))
})

describe('succession', () => {
  const order = (revision: number | undefined, ...hosts: string[]): Order =>
    ({ ...(revision === undefined ? {} : { revision }), hosts: hosts.map((host) => ({ host, inService: true })) })
  const a = ['dns0', 'dns1'], b = ['dns1', 'dns0']
  test.each([
    ['the first, without a revision', undefined, order(undefined, ...a), order(undefined, ...a)],
    ['the first, with one', undefined, order(0, ...a), order(0, ...a)],
    ['without a revision it counts, and keeps the one reached', order(5, ...a), order(undefined, ...b), order(5, ...b)],
    ['neither has one', order(undefined, ...a), order(undefined, ...b), order(undefined, ...b)],
    ['a first revision', order(undefined, ...a), order(1, ...b), order(1, ...b)],
    ['a newer one', order(5, ...a), order(6, ...b), order(6, ...b)],
    ['a leap', order(5, ...a), order(900, ...b), order(900, ...b)],
    ['the same again', order(5, ...a), order(5, ...a), order(5, ...a)],
    ['an older one', order(5, ...a), order(4, ...b), 'older-revision: revision 4 is older than 5, which is in force'],
    ['an older one with the same hosts', order(5, ...a), order(4, ...a), 'older-revision: revision 4 is older than 5, which is in force'],
    ['the same revision with other hosts', order(5, ...a), order(5, ...b), 'revision-reused: revision 5 is in force with other hosts: use 6'],
  ])('%s', (_, inForce, next, expected) => {
    const result = succeed(inForce, next)
    expect(result.ok ? result.value : `${result.error.fault}: ${result.error.message}`).toEqual(expected)
  })
})

describe('places', () => {
  const parsed = parseOrder('dns2\n#dns1\ndns0', members)
  const order = parsed.ok ? parsed.value : firstOrder([])
  test.each([
    ['dns2', 'forward', { rank: 0, inService: true, foremost: true }],
    ['dns1', 'forward', { rank: 1, inService: false, foremost: false }],
    ['dns0', 'forward', { rank: 2, inService: true, foremost: false }],
    ['dns0', 'reverse', { rank: 0, inService: true, foremost: true }],
    ['dns1', 'reverse', { rank: 1, inService: false, foremost: false }],
    ['dns2', 'reverse', { rank: 2, inService: true, foremost: false }],
    ['dns9', 'forward', undefined],
  ] as const)('%s %s', (host, direction, expected) => expect(placeOf(host, order, direction)).toEqual(expected))

  test('one out of service before it does not stand in the way of the foremost', () => {
    const out = parseOrder('#dns2\ndns1\ndns0', members)
    expect(out.ok && placeOf('dns1', out.value, 'forward')).toEqual({ rank: 1, inService: true, foremost: true })
  })
  test('before any order everybody is in service', () => expect(spell(firstOrder(members))).toBe('dns0, dns1, dns2'))
  test('the same hosts in and out of service', () => expect(sameHosts(firstOrder(['a', 'b']), firstOrder(['b', 'a']))).toBe(false))
})

const json = fc.json().map((text) => (text.startsWith('{') || text.startsWith('[') ? text : `[${text}]`))
const near = fc.record({ revision: fc.anything(), hosts: fc.anything(), by: fc.anything() }).map((o) => {
  try { return JSON.stringify(o) ?? '' } catch { return '' }
})
test('any payload gets an answer', () => fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), json, near), (payload) => {
  const parsed = parseOrder(payload, members)
  if (parsed.ok) expect(parsed.value.hosts.map((h) => h.host).toSorted()).toEqual(members)
  else expect(parsed.error.message.length).toBeLessThan(700)
}), { numRuns: 2000 }))
test('what is spelt is read back', () => fc.assert(fc.property(fc.shuffledSubarray(members, { minLength: 1 }), (hosts) => {
  expect(read(hosts.join(', '))).toMatch(new RegExp(`^${hosts.join(', ')}`))
})))
