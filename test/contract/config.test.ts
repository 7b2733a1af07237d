/** Bad cluster files and the exact words about them: what a person reads at three in the morning. */
import { describe, expect, test } from 'vitest'
import { formatProblem, parseConfig } from '../../contract/config.ts'

const told = (text: string) => {
  const parsed = parseConfig(text)
  return parsed.ok ? [] : parsed.error.map((p) => formatProblem('f', p))
}

/** A sound file in which `router`, `group` and `rest` put more lines. */
const file = (more: { router?: string; group?: string; rest?: string; addresses?: string; hosts?: string }) => `cluster: c
groups:
  dns:
    hosts: ${more.hosts ?? '[dns1, dns2]'}
${more.group ?? '    checks: []'}
    routers:
      r:
        vrid: 7
        interface: eth0
        addresses: ${more.addresses ?? '[192.0.2.53/24]'}
${more.router ?? ''}
${more.rest ?? ''}
`

test('a sound file', () => expect(told(file({}))).toEqual([]))

describe('text that is no cluster file', () => {
  const empty = 'want a block of keys, at least "cluster:" and "groups:"'
  test.each([
    ['', `f:1:1: the file is empty: ${empty}`],
    ['# nothing yet\n', `f:1:1: the file is empty: ${empty}`],
    ['- a\n- b\n', `f:1:1: the file is a list: ${empty}`],
    ['hello', `f:1:1: the file is a single text: ${empty}`],
    ['cluster: c\n\tgroups: {}', 'f:2:1: a tab in the indentation: indent with spaces'],
    ['cluster: c\ngroups: {\n', 'f:3:1: a bracket or brace opened above is not closed, or what stands in it is not indented'],
    ['cluster: "c\ngroups: {}\n', 'f:3:1: something is missing before this place: a closing quote or bracket, a comma, or the space after ":"'],
    ['cluster: *c\n', 'f:1:10: this alias (*) has no anchor (&) above it: define it first, or write the value in quotes'],
    ['cluster: c\n---\ncluster: d\n', 'f:2:1: a second document starts here: take out the line "---"'],
    ['cluster: @c', 'f:1:10: a plain text cannot start with this character: put it in quotes'],
    ['cluster: c\ngroups: a: b\n', 'f:2:9: a block cannot stand on the line of its key: put it on the next line, indented, or a text with ": " in quotes'],
    ['cluster: !x c\n', 'f:1:10: a tag (!) has no meaning here: take it out, or put the text in quotes'],
    ['cluster: c\nnot\u0000text: 1\n', 'f:2:4: a character that text does not have: is this a text file in UTF-8?'],
    ['__proto__: {}\n', 'f:1:1: the name "__proto__" cannot be used: choose another one'],
    ['['.repeat(100), 'f:1:101: a bracket or brace opened above is not closed, or what stands in it is not indented'],
    ['['.repeat(40) + ']'.repeat(40), 'f:1:1: blocks within blocks, more than 32 deep: this is no cluster file'],
    ['['.repeat(100_000), 'f:1:1: blocks within blocks, more than 32 deep: this is no cluster file'],
    ['#'.repeat((1 << 20) + 1), 'f:1:1: the file has 1048577 characters: a cluster file has at most 1048576'],
    ['a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]\n', 'f:1:1: aliases (*) that multiply without end: write the values out'],
  ] as const)('%#', (text, expected) => expect(told(text)).toEqual([expected]))
})

test('a key that stands twice is told beside everything else', () => {
  expect(told('cluster: c\ncluster: d\ngroups: 1\n')).toEqual([
    'f:2:1: this key stands twice in one block: keep one of them',
    'f:3:9: groups: want a block of keys, not 1',
  ])
})

describe('keys', () => {
  test.each([
    ['a slip', file({ router: '        intervall: 2' }), ['f:11:9: groups.dns.routers.r.intervall: there is no key "intervall" here: write interval']],
    ['a word of keepalived', file({ router: '        priority: 200' }),
      ['f:11:9: groups.dns.routers.r.priority: there is no key "priority" here: take it out, priorities follow from the order of the hosts and the bands']],
    ['nothing near', file({ rest: 'broker: {frobnicate: 1}' }),
      ['f:12:10: broker.frobnicate: there is no key "frobnicate" here: known are listen, store, accounts, anonymous, tls, limits']],
    ['a slip in a key that must be there is one problem', 'cluster: c\ngroups: {dns: {hsots: [a], routers: {}}}\n', [
      'f:2:16: groups.dns.hsots: there is no key "hsots" here: write hosts',
      'f:2:37: groups.dns.routers: the group has no router: name at least one',
    ]],
    ['missing ones', 'groups:\n  dns:\n    routers: {r: {}}\n', [
      'f:1:1: cluster: is missing: want a text',
      'f:2:3: groups.dns.hosts: is missing: want a list',
      'f:3:15: groups.dns.routers.r.vrid: is missing: want a whole number',
      'f:3:15: groups.dns.routers.r.addresses: is missing: want a list',
      'f:3:15: groups.dns.routers.r: the router has no interface: write interface: eth0 here or in the defaults of the group',
    ]],
    ['an empty one', file({ addresses: '' }), ['f:10:20: groups.dns.routers.r.addresses: is empty: want a list']],
    ['a bad name, and what stands under it', 'cluster: c\ngroups:\n  my dns:\n    hosts: [a]\n    routers: {r: {vrid: 0, interface: e, addresses: [192.0.2.1/24]}}\n', [
      'f:3:3: groups["my dns"]: want a name for the group: letters, digits, "-" and "_", at most 63, not "my dns"',
      'f:5:25: groups["my dns"].routers.r.vrid: want 1 to 255, not 0',
    ]],
  ])('%s', (_, text, expected) => expect(told(text)).toEqual(expected))
})

describe('values of a router', () => {
  test.each([
    ['interval: 0', '11:19', 'interval', 'want 0.01 to 255, not 0'],
    ['interval: fast', '11:19', 'interval', 'want a number of seconds, not "fast"'],
    ['interval: 41', '11:19', 'interval', 'the packet holds at most 40.95 seconds (RFC 9568 §5.2.7), not 41'],
    ['interval: 0.015', '11:19', 'interval', 'the packet carries steps of 0.01 seconds, not 0.015: write 0.02'],
    ['version: 4', '11:18', 'version', 'want 2 or 3, not 4'],
    ['preempt: yes', '11:18', 'preempt', 'want fast, rfc or off, not "yes"'],
    ['lease: 3', '11:16', 'lease', 'shorter than the slowest takeover: want at least 4, or auto'],
    ['lease: 1.5', '11:16', 'lease', 'want auto, off or whole seconds (1 to 3600), not 1.5'],
    ['order: up', '11:16', 'order', 'want forward or reverse, not "up"'],
    ['announce: {count: 0}', '11:27', 'announce.count', 'want 1 to 60, not 0'],
    ['authentication: {pass: hunter2}', '11:32', 'authentication.pass', 'a secret does not belong in this file: write {file: /path} or {env: NAME}'],
  ])('%s', (line, place, path, message) =>
    expect(told(file({ router: `        ${line}` })).filter((t) => !t.includes('has no authentication'))).toEqual([`f:${place}: groups.dns.routers.r.${path}: ${message}`]))

  test.each([
    ['[]', 'addresses: want at least one address, not a list'],
    ['[192.0.2.53]', 'addresses[0]: "192.0.2.53" has no prefix length: write 192.0.2.53/24'],
    ['[192.0.2.999/24]', 'addresses[0]: "192.0.2.999/24" is not an IP address'],
    ['[224.0.0.18/24]', 'addresses[0]: 224.0.0.18 is no unicast address: write the address that clients ask'],
    ['["2001:db8::1/64", "2001:0db8::1/64"]', 'addresses[1]: address 2001:db8::1 stands twice: one router holds it'],
  ])('addresses: %s', (addresses, expected) =>
    expect(told(file({ addresses })).map((t) => t.replace(/^f:10:\d+: groups\.dns\.routers\.r\./, ''))).toEqual([expected]))

  test('version 2', () => expect(told(file({ router: '        version: 2\n        interval: 1.5', addresses: '["2001:db8::1/64"]' }))).toEqual([
    'f:10:20: groups.dns.routers.r.addresses: VRRP version 2 knows IPv4 only: add an IPv4 address, or write version: 3',
    'f:12:19: groups.dns.routers.r.interval: VRRP version 2 carries whole seconds only, not 1.5: write 1, or version: 3',
  ]))
})

describe('what joins several places', () => {
  const two = (second: string) => file({ router: `      s: {vrid: 8, interface: eth0, addresses: [192.0.2.54/24]}\n  other:\n    hosts: [dns1]\n    routers:\n${second}` })
  test.each([
    ['a host twice', file({ hosts: '[dns1, dns1]' }), 'f:4:19: groups.dns.hosts[1]: host dns1 stands twice: a host has one place in the order'],
    ['an unknown check', file({ group: '    checks: [named]' }), 'f:5:14: groups.dns.checks[0]: there is no check "named": the file defines no checks'],
    ['a check with the name of a method', file({ group: '    checks: [toString]', rest: 'checks: {a: {dns: {name: x}}}' }), 'f:5:14: groups.dns.checks[0]: there is no check "toString": known are a'],
    ['a VRID twice on a link', two('      t: {vrid: 8, interface: eth0, addresses: [192.0.2.55/24]}'),
      'f:15:17: groups.other.routers.t.vrid: VRID 8 is in use on eth0 by another router: every router on a link has its own'],
    ['an address twice', two('      t: {vrid: 9, interface: eth0, addresses: [192.0.2.54/24]}'), 'f:15:49: groups.other.routers.t.addresses[0]: address 192.0.2.54 stands twice: one router holds it'],
    ['a router name twice', two('      s: {vrid: 9, interface: eth1, addresses: [192.0.2.55/24]}'), 'f:15:7: groups.other.routers.s: another group has a router "s" already: give it another name'],
    ['an unknown host', file({ rest: 'hosts: {dns3: {interface: eth1}}' }), 'f:12:9: hosts.dns3: no group has a host "dns3": known are dns1, dns2'],
    ['TLS without a certificate', file({ rest: "broker: {listen: ['mqtts://0.0.0.0:8883']}" }), 'f:12:19: broker.listen[0]: TLS needs a certificate: write tls: {certificate: …, key: …} in the block broker'],
    ['a host that is misspelt', file({ rest: 'hosts: {dsn2: {interface: eth1}}' }), 'f:12:9: hosts.dsn2: no group has a host "dsn2": write dns2'],
    ['too many hosts for the bands', file({ hosts: '[a, b, c, d, e, f]', group: '    bands: {failed: {first: 50, step: 10}, outOfService: {first: 1, step: 0}}' }),
      'f:5:5: groups.dns.bands: the last of 6 hosts would have the failed priority 0: want at least 1, so use a smaller step'],
    ['bands that overlap', file({ group: '    bands: {healthy: {first: 60, step: 10}}' }),
      'f:5:5: groups.dns.bands: the last healthy host would have 50, no more than the first failed one (50): health must beat rank, so use smaller steps or lower failed'],
  ])('%s', (_, text, expected) => expect(told(text)).toEqual([expected]))
})

test('a slip hides no other problem, and each is told once, by line', () => {
  expect(told(`cluster: my cluster
brokers: ['http://192.0.2.1', 'mqtt://u:pw@192.0.2.1', {url: 'mqtt://192.0.2.1', pasword: {file: x}}]
groups:
  dns:
    hosts: [dns1, dns1, 7]
    checks: [named]
    routers:
      a: {vrdi: 7, interface: eth0, interval: 50, addresses: [192.0.2.1, 192.0.2.2/24]}
      b: {vrid: 300, interfce: eth0, addresses: [192.0.2.2/24]}
checks:
  named: {dns: {name: x, type: AXFR}, rise: 0}
`)).toEqual([
    'f:1:10: cluster: want a name for the cluster: letters, digits, "-" and "_", at most 63, not "my cluster"',
    'f:2:11: brokers[0]: want a URL such as mqtt://192.0.2.10:1883 or mqtts://broker.example:8883, not "http://192.0.2.1"',
    'f:2:31: brokers[1]: an account does not belong in the URL: write {url: …, user: …, password: {file: …}}',
    'f:2:82: brokers[2].pasword: there is no key "pasword" here: write password',
    'f:5:19: groups.dns.hosts[1]: host dns1 stands twice: a host has one place in the order',
    'f:5:25: groups.dns.hosts[2]: want a text, not 7',
    'f:8:11: groups.dns.routers.a.vrdi: there is no key "vrdi" here: write vrid',
    'f:8:47: groups.dns.routers.a.interval: the packet holds at most 40.95 seconds (RFC 9568 §5.2.7), not 50',
    'f:8:63: groups.dns.routers.a.addresses[0]: "192.0.2.1" has no prefix length: write 192.0.2.1/24',
    'f:9:17: groups.dns.routers.b.vrid: want 1 to 255, not 300',
    'f:9:22: groups.dns.routers.b.interfce: there is no key "interfce" here: write interface',
    'f:9:50: groups.dns.routers.b.addresses[0]: address 192.0.2.2 stands twice: one router holds it',
    'f:11:32: checks.named.dns.type: want A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT, not "AXFR"',
    'f:11:45: checks.named.rise: want 1 to 100, not 0',
  ])
})

test('control characters in a value do not reach the terminal', () => {
  expect(told(file({ router: '        preempt: "\\e[31mred"' }))).toEqual(['f:11:18: groups.dns.routers.r.preempt: want fast, rfc or off, not "\\u001b[31mred"'])
})

test('hosts, owners, peers, addresses with settings of their own', () => {
  expect(told(`cluster: c
groups:
  dns:
    hosts: [dns1, dns2]
    together: true
    track: {interface: [eth1]}
    routers:
      a:
        vrid: 1
        interface: eth0
        owner: dsn1
        lease: 5
        missed: 9
        addresses: [{adress: 192.0.2.1/24}, {address: 192.0.2.2}, 5, {address: 192.0.2.3/24, scope: site}, {}]
      b:
        vrid: 2
        interface: eth0
        version: 2
        election: per-family
        order: reverse
        unicast: {peers: {dns1: 192.0.2.11, dns3: '::1', dns2: x}}
        addresses: [192.0.2.4/24]
      c:
        vrid: 3
        interface: eth0
        order: reverse
        unicast: {peers: {dns1: 192.0.2.11, dns3: '::1'}}
        addresses: [192.0.2.5/24]
realtime: {policy: fiffo}
recorder: {seconds: -1}
`)).toEqual([
    'f:5:15: groups.dns.together: routers with opposite orders cannot move together: make two groups, or take together out',
    'f:6:13: groups.dns.track.interface: there is no key "interface" here: write interfaces',
    'f:11:16: groups.dns.routers.a.owner: the group has no host "dsn1": write dns1',
    'f:12:16: groups.dns.routers.a.lease: shorter than the slowest takeover: want at least 10, or auto',
    'f:14:22: groups.dns.routers.a.addresses[0].adress: there is no key "adress" here: write address',
    'f:14:55: groups.dns.routers.a.addresses[1].address: "192.0.2.2" has no prefix length: write 192.0.2.2/24',
    'f:14:67: groups.dns.routers.a.addresses[2]: want an address with its prefix length, e.g. 192.0.2.53/24, or {address: …, label: …}, not 5',
    'f:14:101: groups.dns.routers.a.addresses[3].scope: want global, link or host, not "site"',
    'f:14:108: groups.dns.routers.a.addresses[4]: want an address with its prefix length, e.g. 192.0.2.53/24, or {address: …, label: …}, not a block of keys',
    'f:19:19: groups.dns.routers.b.election: VRRP version 2 knows IPv4 only: write election: shared, or version: 3',
    'f:21:64: groups.dns.routers.b.unicast.peers.dns2: "x" is not an IP address',
    'f:27:19: groups.dns.routers.c.unicast.peers: no address for dns2: list every host of the group',
    'f:27:19: groups.dns.routers.c.unicast.peers: the group has no host "dns3": known are dns1, dns2',
    'f:27:19: groups.dns.routers.c.unicast.peers: the election of this router runs over IPv4: give IPv4 addresses',
    'f:29:20: realtime.policy: want auto, fifo, rr or off, not "fiffo"',
    'f:30:21: recorder.seconds: want 0 to 3600, not -1',
  ])
})
