/** Unicast peers that are not whole are an error: nobody goes on by multicast where the file says unicast. */
import { describe, expect, test } from 'vitest'
import { formatProblem, parseConfig } from '../../contract/config.ts'

/** `routerLine` is the tenth line. */
const parse = (routerLine: string, hosts = '[dns1, dns2, dns3]') => parseConfig(`cluster: c
groups:
  dns:
    hosts: ${hosts}
    routers:
      r:
        vrid: 7
        interface: eth0
        addresses: [192.0.2.53/24]
        ${routerLine}
`)
const told = (routerLine: string) => {
  const parsed = parse(routerLine)
  return parsed.ok ? [] : parsed.error.map((p) => formatProblem('f', p))
}
const unicastOf = (routerLine: string, hosts?: string) => {
  const parsed = parse(routerLine, hosts)
  return parsed.ok ? parsed.value.groups[0]?.routers[0]?.unicast : 'refused'
}
const TWO = 'dns1: 192.0.2.11, dns2: 192.0.2.12', ALL = `${TWO}, dns3: 192.0.2.13`
const PEERS = { dns1: 0xc000_020b, dns2: 0xc000_020c, dns3: 0xc000_020d }

describe('refused, and the place and the remedy told:', () => {
  test.each([
    ['no peer at all', 'unicast: {peers: {}}', 'f:10:26: groups.dns.routers.r.unicast.peers: names nobody: list every host of the group with its address'],
    ['only this host', 'unicast: {peers: {dns1: 192.0.2.11}}', 'f:10:19: groups.dns.routers.r.unicast.peers: no address for dns2, dns3: list every host of the group'],
    ['a host without a peer', `unicast: {peers: {${TWO}}}`, 'f:10:19: groups.dns.routers.r.unicast.peers: no address for dns3: list every host of the group'],
    ['a host twice, under one address', `unicast: {peers: {${TWO}, dns3: 192.0.2.12}}`, 'f:10:19: groups.dns.routers.r.unicast.peers: address 192.0.2.12 stands twice: every host has its own'],
    ['a host without an address', `unicast: {peers: {${TWO}, dns3: }}`, 'f:10:69: groups.dns.routers.r.unicast.peers.dns3: is empty: want an address as text'],
    ['a list without hosts', 'unicast: {peers: [192.0.2.11, 192.0.2.12, 192.0.2.13]}', 'f:10:26: groups.dns.routers.r.unicast.peers: want a block of keys, not a list'],
    ['peers left empty', 'unicast: {peers: }', 'f:10:26: groups.dns.routers.r.unicast.peers: is empty: want a block of keys'],
    ['no peers', 'unicast: {minHopLimit: 254}', 'f:10:9: groups.dns.routers.r.unicast.peers: is missing: want a block of keys'],
    ['an empty block', 'unicast: {}', 'f:10:9: groups.dns.routers.r.unicast.peers: is missing: want a block of keys'],
    ['nothing', 'unicast:', 'f:10:17: groups.dns.routers.r.unicast: is empty: want a block of keys'],
    ['null', 'unicast: null', 'f:10:18: groups.dns.routers.r.unicast: is empty: want a block of keys'],
    ['true', 'unicast: true', 'f:10:18: groups.dns.routers.r.unicast: want a block of keys, not true'],
    ['peers misspelt', `unicast: {peer: {${ALL}}}`, 'f:10:19: groups.dns.routers.r.unicast.peer: there is no key "peer" here: write peers'],
    ['the key of keepalived', `unicast_peer: {${ALL}}`, 'f:10:9: groups.dns.routers.r.unicast_peer: there is no key "unicast_peer" here: write unicast: {peers: …}'],
  ] as const)('%s', (_, routerLine, expected) => {
    expect(told(routerLine)).toEqual([expected])
    expect(unicastOf(routerLine)).toBe('refused')
  })

  test('the same in the defaults of a group', () => {
    const parsed = parseConfig(`cluster: c
groups:
  dns:
    hosts: [dns1, dns2]
    defaults: {interface: eth0, unicast: {peers: {dns1: 192.0.2.11}}}
    routers: {r: {vrid: 7, addresses: [192.0.2.53/24]}, s: {vrid: 8, addresses: [192.0.2.54/24], unicast: {peers: {}}}}
`)
    expect(parsed.ok ? [] : parsed.error.map((p) => formatProblem('f', p))).toEqual([
      'f:6:15: groups.dns.routers.r: no address for dns2: list every host of the group',
      'f:6:115: groups.dns.routers.s.unicast.peers: names nobody: list every host of the group with its address',
    ])
  })

  test.each([
    ['the multicast group', '224.0.0.18'], ['everybody', '255.255.255.255'], ['nobody', '0.0.0.0'],
    ['the service address', '192.0.2.53'],
  ])('%s as a peer', (_, address) => {
    expect(told(`unicast: {peers: {${TWO}, dns3: ${address}}}`)).toEqual([expect.stringContaining(`unicast.peers.dns3: ${address} `)])
  })
})

describe('minHopLimit', () => {
  const limited = (n: string) => `unicast: {peers: {${ALL}}, minHopLimit: ${n}}`
  test.each([
    ['0', 'want 1 to 255, not 0'], ['256', 'want 1 to 255, not 256'], ['-1', 'want 1 to 255, not -1'],
    ['1.5', 'want a whole number, not 1.5'], ['x', 'want a number, not "x"'], ["'254'", 'want a number, not "254"'],
    ['', 'is empty: want a number'],
  ])('of "%s" is refused: %s', (n, expected) => {
    expect(told(limited(n))).toEqual([`f:10:95: groups.dns.routers.r.unicast.minHopLimit: ${expected}`])
    expect(unicastOf(limited(n))).toBe('refused')
  })
  test.each([['1', 1], ['254', 254], ['255', 255]] as const)('of %s is taken', (n, expected) => {
    expect(unicastOf(limited(n))).toEqual({ peers: PEERS, minHopLimit: expected })
  })
  test('is 255 where the file says nothing: what crossed a router is refused', () => {
    expect(unicastOf(`unicast: {peers: {${ALL}}}`)).toEqual({ peers: PEERS, minHopLimit: 255 })
  })
})

test('a group of one host has itself as its only peer, and stays unicast', () => {
  expect(unicastOf('unicast: {peers: {dns1: 192.0.2.11}}', '[dns1]')).toEqual({ peers: { dns1: 0xc000_020b }, minHopLimit: 255 })
})
