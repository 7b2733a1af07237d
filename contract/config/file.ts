/**
 * The cluster file as a person writes it: one YAML document, the same on every host. This schema is the one source of
 * its keys, defaults, units, error messages, of the editors' JSON Schema and of the reference page.
 * Durations are written in seconds; `resolve.ts` turns them into milliseconds.
 */
import { z } from 'zod'
import { parseAddress, parsePrefixed } from '../address.ts'

const seconds = (min: number, max: number) => z.number('want a number of seconds').min(min).max(max)
const name = (what: string) => z.string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/, `want ${what}: letters, digits, "-" and "_", at most 63`)
const path = z.string().min(1, 'want the path of a file')
const refine = (test: (text: string) => { ok: true } | { ok: false; error: string }) =>
  z.string('want an address as text').superRefine((text, context) => {
    const parsed = test(text)
    if (!parsed.ok) context.addIssue({ code: 'custom', message: `"${text}" ${parsed.error}` })
  })

/** A secret is never in the file itself: it is the first line of another file, or an environment variable. */
export const Secret = z.union([
  z.strictObject({ file: path }), z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'want the name of an environment variable') }),
], 'a secret does not belong in this file: write {file: /path} or {env: NAME}')
  .describe('Where a secret is read from: `{file: /path}` (its first line) or `{env: NAME}`.')

const RouterOptions = {
  interface: z.string().min(1).max(15).regex(/^[^\s/]+$/, 'want the name of an interface')
    .describe('Network interface that carries the addresses, e.g. `eth0`.'),
  version: z.literal([2, 3], 'want 2 or 3').describe('VRRP version: 3 (RFC 9568) or 2 (RFC 3768). Default 3.'),
  interval: seconds(0.01, 255)
    .describe('Seconds between advertisements; a dead host is replaced after three to four times this. Version 3: 0.01 to 40.95 in steps of 0.01; version 2: whole seconds, 1 to 255. Default 1.'),
  authentication: z.strictObject({ pass: Secret })
    .describe('Version 2 only: `{pass: {file: …}}`, at most 8 bytes (RFC 2338). It guards against mistakes, not against attackers: anyone on the link can read it.'),
  preempt: z.enum(['fast', 'rfc', 'off'], 'want fast, rfc or off')
    .describe('`fast`: a better host takes over within its Skew_Time. `rfc`: it waits three whole intervals, as RFC 9568 and keepalived do. `off`: it waits until the active host fails (a host whose check fails is still replaced). Default fast.'),
  preemptDelay: seconds(0, 1000)
    .describe('Seconds a better host waits before it takes over from one that serves well. It never waits for one that is silent, leaving or failing. Default 0.'),
  missed: z.int().min(2).max(100)
    .describe('Advertisements that may be missing before the active host counts as gone. Higher: slower takeover, more loss tolerated. RFC 9568 §6.1 and default: 3.'),
  election: z.enum(['shared', 'per-family'], 'want shared or per-family')
    .describe('`shared`: one election over IPv4, which the IPv6 addresses follow. `per-family`: one election for each family, as RFC 9568 has it; version 3 only. Default shared.'),
  mac: z.enum(['interface', 'virtual'], 'want interface or virtual')
    .describe('`interface`: addresses move, neighbours are told by gratuitous ARP. `virtual`: they answer from the MAC address 00-00-5E-00-01-VRID (RFC 9568 §7.3) on a macvlan interface that moves with them. Default interface.'),
  unicast: z.strictObject({
    peers: z.record(z.string(), refine(parseAddress)).refine((p) => Object.keys(p).length > 0, 'names nobody: list every host of the group with its address')
      .describe('Address of every host of the group, by short host name.'),
    minHopLimit: z.int().min(1).max(255).default(255).describe('Advertisements with a smaller TTL or hop limit are refused. 255: they crossed no router.'),
  }).describe('Sends advertisements to each other host instead of a multicast group, for networks without multicast. Only listed hosts are heard.'),
  checksum: z.enum(['rfc5798', 'rfc9568'], 'want rfc5798 or rfc9568')
    .describe('How the checksum of version 3 over IPv4 is computed when sending: `rfc5798` with a pseudo-header, as keepalived and FRR do; `rfc9568` without. Both are accepted. Default rfc5798.'),
  lease: z.union([z.literal('auto'), z.literal('off'), z.int().min(1).max(3600)], 'want auto, off or whole seconds (1 to 3600)')
    .describe('Lifetime in whole seconds that the kernel gives a service address; the daemon renews it, so a dead daemon loses its addresses. `auto`: the slowest takeover, rounded up, at least 2. Default auto.'),
  announce: z.strictObject({
    count: z.int().min(1).max(60).optional().describe('Gratuitous ARP / unsolicited NA per address and burst. Default 5.'),
    repeatAfter: seconds(0, 60).optional().describe('Seconds until the second burst; 0 = none. Default 5.'),
    refresh: seconds(0, 86400).optional().describe('Seconds between bursts while active; 0 = none. Default 0.'),
    perSecond: z.int().min(0).max(1_000_000).optional().describe('Most frames a second on one interface, for switches that drop bursts; 0 = no limit. Default 0.'),
  }).describe('Gratuitous ARP (IPv4) and unsolicited Neighbor Advertisements (IPv6) after a takeover.'),
}
const optionalOptions = z.strictObject(RouterOptions).partial().shape

export const AddressText = refine(parsePrefixed)
const AddressFile = z.union([
  AddressText,
  z.strictObject({
    address: AddressText.describe('Address with prefix length.'),
    advertise: z.boolean().default(true).describe('false: moves with the others but is not listed in advertisements (keepalived: virtual_ipaddress_excluded).'),
    label: z.string().min(1).max(15).optional().describe('Label of an IPv4 address, e.g. `eth0:dns`.'),
    scope: z.enum(['global', 'link', 'host']).default('global').describe('Scope of the address.'),
    duplicateDetection: z.boolean().default(false).describe('IPv6: true lets the kernel look for duplicates first, about a second without answers.'),
    prefixRoute: z.boolean().optional().describe('Whether the kernel makes a route to the network of the address. Default: yes for IPv4, no for IPv6.'),
    source: z.boolean().default(false).describe('true: the kernel may choose it as the source of outgoing connections.'),
  }),
], 'want an address with its prefix length, e.g. 192.0.2.53/24, or {address: …, label: …}')

export const RouterFile = z.strictObject({
  vrid: z.int('want a whole number').min(1, 'want 1 to 255').max(255, 'want 1 to 255')
    .describe('Virtual Router ID, 1–255 (RFC 9568 §5.2.3). Unique on its link.'),
  addresses: z.array(AddressFile).min(1, 'want at least one address').max(255)
    .describe('Service addresses with prefix length, both families, e.g. `192.0.2.53/24`, `2001:db8::53/64`. Advertised in this order.'),
  order: z.enum(['forward', 'reverse'], 'want forward or reverse').default('forward')
    .describe('`forward`: the first host of the order serves first; `reverse`: the last one.'),
  owner: z.string().optional()
    .describe('Host whose own addresses these are (RFC 9568 §1.7): it has priority 255 while it can serve. Rarely wanted: no order moves the addresses from it.'),
  ...optionalOptions,
})

const Band = z.strictObject({
  first: z.int().min(1).max(254).describe('Priority of the host that stands first.'),
  step: z.int().min(0).max(253).describe('How much less each next host has.'),
})

export const GroupFile = z.strictObject({
  hosts: z.array(name('a short host name')).min(1, 'want at least one host').max(32)
    .describe('The first order: short host names, the one that should serve first at the top. Used until an order is published.'),
  checks: z.array(z.string()).default([])
    .describe('Names of the checks that decide whether this host can serve. None: it always can.'),
  bands: z.strictObject({
    healthy: Band.optional().describe('Every check is good. Default 250, 240 ….'),
    degraded: Band.optional().describe('A check with `meaning: degraded` fails. Default 150, 140 ….'),
    failed: Band.optional().describe('Another check fails, or has no result yet. Default 50, 40 ….'),
    outOfService: Band.optional().describe('The order or a maintenance says so. Default 9, 8 ….'),
  }).default({})
    .describe('Priorities by health and rank. Default: healthy 250, 240 …; degraded 150, 140 …; failed 50, 40 …; out of service 9, 8 ….'),
  together: z.boolean().default(false)
    .describe('All routers of the group move together or not at all: an interface that one of them cannot use makes the host fail for all.'),
  track: z.strictObject({
    interfaces: z.array(z.string().min(1).max(15)).min(1).describe('Further interfaces without which the host cannot serve, e.g. the uplink.'),
    downDelay: seconds(0, 3600).default(0).describe('Seconds an interface must be down before it counts.'),
    upDelay: seconds(0, 3600).default(0).describe('Seconds it must be up again before it counts.'),
  }).optional().describe('Interfaces that decide, beside the checks, whether this host can serve.'),
  defaults: z.strictObject(optionalOptions).default({}).describe('Options for all routers of this group.'),
  routers: z.record(name('a name for the router'), RouterFile).describe('The virtual routers, by name.'),
})

const DnsProbe = z.strictObject({
  server: refine(parseAddress).default('127.0.0.1').describe('Address of the server to ask.'),
  port: z.int().min(1).max(65535).default(53).describe('Port of the server.'),
  name: z.string().min(1).max(253).describe('The name to ask for.'),
  type: z.enum(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT']).default('A').describe('The type to ask for.'),
  transport: z.enum(['udp', 'tcp']).default('udp').describe('How to ask.'),
  expect: z.union([z.string(), z.array(z.string()).min(1)]).optional()
    .describe('Answer that must be among those given, as `dig +short` prints it (without quotes for TXT); a list: all of them. Without it any answer to the question will do.'),
})

export const CheckFile = z.strictObject({
  dns: DnsProbe.describe('Asks a name server and looks at the answer.'),
  interval: seconds(0.05, 3600).default(1).describe('Seconds between two questions.'),
  timeout: seconds(0.01, 60).default(1).describe('Seconds to wait for an answer.'),
  rise: z.int().min(1).max(100).default(2).describe('Good results in a row before a failed check is good again.'),
  fall: z.int().min(1).max(100).default(2).describe('Bad results in a row before a good check has failed.'),
  meaning: z.enum(['failed', 'degraded']).default('failed').describe('What a failing check makes of the host.'),
})

const BrokerUrl = z.string().regex(/^(mqtts?|wss?):\/\/[^\s/]+/, 'want a URL such as mqtt://192.0.2.10:1883 or mqtts://broker.example:8883')
  .regex(/^[^@]*$/, 'an account does not belong in the URL: write {url: …, user: …, password: {file: …}}')
export const BrokerFile = z.union([
  BrokerUrl,
  z.strictObject({
    url: BrokerUrl.describe('mqtt://, mqtts://, ws:// or wss:// URL. Prefer an IP address: DNS may be what is broken.'),
    user: z.string().optional().describe('Account. `{name}` stands for the host name in a daemon and the handler name in a handler.'),
    password: Secret.optional().describe('Where its password is. `{name}` as above.'),
    ca: path.optional().describe('PEM file of the authority that signed the certificate of the broker.'),
  }),
])

const SmtpFile = z.strictObject({
  host: z.string().min(1).describe('SMTP relay. Prefer an IP address: DNS may be what is broken.'),
  port: z.int().min(1).max(65535).default(25).describe('Port of the relay.'),
  tls: z.enum(['off', 'opportunistic', 'starttls', 'implicit']).default('opportunistic')
    .describe('`opportunistic`: STARTTLS where offered; `starttls`: required; `implicit`: TLS from the start; `off`: never.'),
  user: z.string().optional().describe('Account at the relay.'),
  password: Secret.optional().describe('Where its password is.'),
})

const required = z.boolean().default(true).describe('Daemons keep an event until every required handler has confirmed it.')
export const EmailFile = z.strictObject({
  to: z.array(z.email('want an e-mail address')).min(1, 'want at least one recipient').describe('Who is told.'),
  from: z.email('want an e-mail address').describe('Sender address.'),
  smtp: SmtpFile.describe('The relay.'),
  window: seconds(0, 600).default(2).describe('Seconds to wait for what belongs to the same incident, so that it makes one mail.'),
  required,
})
export const LogFile = z.strictObject({
  file: path.optional().describe('File to append to; standard output if left out.'),
  required: z.boolean().default(false).describe('Daemons keep an event until every required handler has confirmed it.'),
})
export const AuditFile = z.strictObject({ file: path.describe('File to append to.'), required })
export const CustomHandlerFile = z.strictObject({
  module: path.describe('A file with one exported handler, see the how-to on writing handlers.'),
  settings: z.record(z.string(), z.json()).default({}).describe('Handed to the handler, which validates it.'),
  required,
})

export const HandlersFile = z.strictObject({
  email: EmailFile.optional().describe('Mails the operators, once an incident.'),
  log: LogFile.optional().describe('One structured line an event.'),
  audit: AuditFile.optional().describe('Append-only file of events, each line carrying the hash of the one before.'),
  custom: z.record(name('a name for the handler'), CustomHandlerFile).default({}).describe('Your own handlers, by name.'),
})

export const EmbeddedBrokerFile = z.strictObject({
  listen: z.array(z.string().regex(/^(mqtts?|wss?):\/\/[^\s/]+:\d+$/, 'want e.g. mqtt://0.0.0.0:1883'))
    .min(1).default(['mqtt://127.0.0.1:1883']).describe('Where to listen: mqtt://, mqtts://, ws://, wss:// with address and port.'),
  store: path.default('/var/lib/understudy/broker.db').describe('File of retained messages, sessions and queues.'),
  accounts: path.optional().describe('File of accounts, written with `understudy account`.'),
  anonymous: z.enum(['never', 'loopback']).default('never').describe('`loopback`: clients from this very machine need no account.'),
  tls: z.strictObject({ certificate: path.describe('PEM file of the certificate and those between it and the authority.'), key: path.describe('PEM file of its private key.') }).optional().describe('PEM files for mqtts:// and wss://.'),
  limits: z.strictObject({
    packetBytes: z.int().min(1024).max(1 << 24).default(1 << 18).describe('Largest MQTT packet.'),
    connections: z.int().min(1).max(100_000).default(1000).describe('Connections at a time.'),
    connectionsPerAddress: z.int().min(1).max(100_000).default(100).describe('Connections at a time from one address.'),
    queuedMessages: z.int().min(1).max(10_000_000).default(100_000).describe('Messages kept for one absent client; the oldest are kept, newer ones refused.'),
  }).prefault({}).describe('Bounds on what one client can use up.'),
})

const HostFile = z.strictObject({
  interface: z.string().min(1).max(15).optional().describe('Interface on this host, where it differs from the one in the router.'),
})

export const ClusterFile = z.strictObject({
  cluster: name('a name for the cluster').describe('Name of the cluster; part of every topic.'),
  topicRoot: z.string().regex(/^[^\s#+/][^\s#+]*$/, 'want a topic without wildcards').optional()
    .describe('Root of all topics. Default `understudy/<cluster>`.'),
  brokers: z.array(BrokerFile).default([]).describe('MQTT brokers; daemons and handlers connect to all of them.'),
  hosts: z.record(z.string(), HostFile).default({}).describe('What differs between hosts, by short host name.'),
  groups: z.record(name('a name for the group'), GroupFile).describe('Virtual routers that follow one order, by name of the group.'),
  checks: z.record(name('a name for the check'), CheckFile).default({}).describe('Checks, by name.'),
  handlers: HandlersFile.prefault({}).describe('Settings of the handlers. A handler that is not named here does not run.'),
  broker: EmbeddedBrokerFile.prefault({}).describe('Settings of the embedded broker, `understudy broker`.'),
  startDelay: seconds(0, 3600).default(0)
    .describe('Seconds after the start of the daemon before it takes part, e.g. until a switch port forwards.'),
  realtime: z.strictObject({
    policy: z.enum(['auto', 'fifo', 'rr', 'off']).default('auto')
      .describe('Scheduling class of the thread of the election: SCHED_FIFO or SCHED_RR; `auto`: SCHED_RR where the kernel allows it; `off`: as it was started.'),
    priority: z.int().min(1).max(99).default(20).describe('Priority within that class; interrupt threads of the kernel have 50.'),
  }).prefault({}).describe('What keeps the daemon running on a busy host, and its program in memory. What the kernel refuses is said once; systemd can grant it too, and keep its memory out of swap (MemorySwapMax=0).'),
  recorder: z.strictObject({
    seconds: seconds(0, 3600).default(120).describe('How much of the past to keep in memory; 0 = none.'),
    megabytes: z.number().min(0.1).max(1000).default(16).describe('Most that the files take; the oldest go first.'),
  }).prefault({}).describe('Flight recorder: packets and decisions before a transition, written to `flight/` below the state directory as pcap and as text.'),
  state: path.default('/var/lib/understudy').describe('Directory for what must last: the last orders, the outbox, the inboxes.'),
})
export type ClusterFile = z.output<typeof ClusterFile>
export type Secret = z.output<typeof Secret>
