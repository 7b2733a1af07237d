/**
 * A network on this machine: a switch, hosts, a client and an `ops` machine (broker, mail), each a network namespace. The
 * one place that runs `ip`. No packet leaves it. Everything is done when a call returns (some milliseconds each: `ip` is
 * a program).
 *
 *   const lab = createLab(['recdns-cnh', 'recdns-wcdc'])
 *   lab.start(lab.host('recdns-cnh'), ['sleep', '100'])
 *   lab.cut(lab.client)
 *   lab.close()
 *
 * It is gone after `close()`, after exit, an exception or a signal; what a killed process left is removed by the next
 * `createLab`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { monotonic } from './clock.ts'
import { run, type Running, type RunOptions } from './process.ts'
import type { Instant } from '../contract/time.ts'

export interface Machine {
  readonly name: string
  /** For `ip netns exec`. */
  readonly namespace: string
  /** Its end of the cable is `eth0`, with these addresses in 10.53.0.0/24 and fd53::/64. */
  readonly ipv4: string
  readonly ipv6: string
  /** The switch's end of the cable, in the namespace of the switch. */
  readonly port: string
}

export interface Lab {
  /** For configurations, logs and state; removed with the lab unless `keepFiles`. */
  readonly directory: string
  /** .11, .12 … in the order given. */
  readonly hosts: readonly Machine[]
  readonly client: Machine
  readonly ops: Machine
  /** Where the other ends of all cables are. */
  readonly switch: Pick<Machine, 'namespace'>
  host(name: string): Machine
  /** Starts a program there. It ends at the latest with the lab, or with this process. */
  start(machine: Machine, command: readonly string[], o?: RunOptions): Running
  /** Runs a program there to its end and returns what it printed; throws when it fails. */
  output(machine: Pick<Machine, 'namespace'>, command: readonly string[]): string
  /** Addresses on its eth0 now, without prefix length and link-local ones. */
  addresses(machine: Machine): string[]
  /**
   * `silent`: the switch forwards nothing to or from it and nobody is told. `carrier`: both ends notice that the link is
   * down.
   */
  cut(machine: Machine, how?: 'silent' | 'carrier'): Instant
  plug(machine: Machine): Instant
  /** Of its eth0, e.g. `02:00:00:00:00:0b`. */
  mac(machine: Machine): string
  /** A dead host: first silence, then SIGKILL for all its processes, then `tidy`. `plug` brings it back. */
  crash(machine: Machine): Instant
  /** Its addresses are again what they were at boot. */
  tidy(machine: Machine): void
  close(): void
}

export interface LabOptions {
  /** Leave `directory` where it is. */
  readonly keepFiles?: boolean
  /** Instead of a fresh folder below the system's temporary one. */
  readonly directory?: string
}

export const CLIENT = 90
export const OPS = 99
const FIRST_HOST = 11

export function createLab(hosts: readonly string[], o: LabOptions = {}): Lab {
  removeStale()
  const prefix = freePrefix()
  const directory = o.directory ?? mkdtempSync(path.join(tmpdir(), o.keepFiles ? 'understudy-lab-' : `${prefix}-`))
  const machine = (name: string, n: number): Machine =>
    ({ name, namespace: `${prefix}-${name}`, port: `port${n}`, ipv4: `10.53.0.${n}`, ipv6: `fd53::${n}` })
  const cluster = hosts.map((name, i) => machine(name, FIRST_HOST + i))
  const client = machine('client', CLIENT), ops = machine('ops', OPS)
  const everyone = [...cluster, client, ops]
  const wire = `${prefix}-switch`
  const started = new Map<string, Running[]>(everyone.map((m) => [m.name, []]))

  let there = true
  const close = () => {
    if (!there) return
    there = false
    process.off('exit', close)
    for (const [signal, handler] of onSignal) process.off(signal, handler)
    for (const running of [...started.values()].flat()) running.signal('SIGKILL')
    for (const namespace of [...everyone.map((m) => m.namespace), wire]) removeNamespace(namespace)
    if (!o.keepFiles) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const onSignal = ([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const)
    .map(([signal, code]) => [signal, () => process.exit(code)] as const)
  process.on('exit', close)
  for (const [signal, handler] of onSignal) process.on(signal, handler)

  try {
    build(wire, everyone)
  } catch (e) {
    close()
    throw e
  }

  const cut = (m: Machine, how: 'silent' | 'carrier' = 'silent') => {
    const at = monotonic()
    ip('-n', wire, 'link', 'set', m.port, ...(how === 'silent' ? ['nomaster'] : ['down']))
    return at
  }
  return {
    directory, hosts: cluster, client, ops, switch: { namespace: wire }, cut, tidy, close,
    host(name) {
      const found = cluster.find((m) => m.name === name)
      if (!found) throw new Error(`no host ${name} in this lab`)
      return found
    },
    start(m, command, options) {
      // Should this process be killed, the kernel kills what it started; `ip` and `setpriv` both exec, so the id is the
      // program's own.
      const running = run(['ip', 'netns', 'exec', m.namespace, 'setpriv', '--pdeathsig', 'KILL', '--', ...command], options)
      const others = started.get(m.name) ?? []
      started.set(m.name, [...others.filter((r) => r.alive), running])
      return running
    },
    output: (m, command) => ip('netns', 'exec', m.namespace, ...command),
    addresses: (m) => [...ip('-n', m.namespace, '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global')
      .matchAll(/ inet6? ([^/ ]+)/g)].flatMap((found) => found[1] ?? []),
    mac: (m) => /link\/ether ([0-9a-f:]+)/.exec(ip('-n', m.namespace, 'link', 'show', 'dev', 'eth0'))?.[1] ?? '',
    plug(m) {
      const at = monotonic()
      ip('-n', wire, 'link', 'set', m.port, 'up', 'master', 'switch')
      return at
    },
    crash(m) {
      const at = cut(m)
      for (const running of started.get(m.name) ?? []) running.signal('SIGKILL')
      killAllIn(m.namespace)
      tidy(m)
      return at
    },
  }
}

function build(wire: string, machines: readonly Machine[]): void {
  for (const namespace of [wire, ...machines.map((m) => m.namespace)]) {
    ip('netns', 'add', namespace)
    ip('netns', 'exec', namespace, 'sh', '-c', SYSCTLS)
  }
  // Forwards from the first frame on, and multicast to every port: no spanning tree, no snooping.
  batch(wire, [
    'link add switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0', 'link set switch up',
    ...machines.flatMap((m) => [
      `link add ${m.port} type veth peer name eth0 netns ${m.namespace}`, `link set ${m.port} master switch up`,
    ]),
  ])
  for (const m of machines) batch(m.namespace, ['link set lo up', 'link set eth0 up', ...ownAddresses(m)])
}

/**
 * A server may bind an address that its host does not hold yet, and IPv6 addresses are usable at once (no duplicate address
 * detection: keepalived and Understudy add theirs with `nodad` anyway, and a lab need not wait for its own). A namespace
 * takes forwarding from the machine; a host that forwards would keep the packets for an address it has lost until the
 * next host has it.
 */
const SYSCTLS = `cd /proc/sys/net
echo 1 >ipv4/ip_nonlocal_bind; echo 1 >ipv6/ip_nonlocal_bind; echo 0 >ipv4/ip_forward
for c in all default; do
  for no in accept_dad dad_transmits accept_ra; do echo 0 >ipv6/conf/$c/$no; done
done`

function tidy(m: Machine): void {
  batch(m.namespace, ['addr flush dev eth0 scope global', ...ownAddresses(m)])
}

const ownAddresses = (m: Machine) => [`addr add ${m.ipv4}/24 dev eth0`, `addr add ${m.ipv6}/64 dev eth0 nodad`]

function ip(...words: readonly string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function batch(namespace: string, lines: readonly string[]): void {
  execFileSync('ip', ['-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'pipe', 'pipe'] })
}

const NAMES = '/run/netns'
const names = () => (existsSync(NAMES) ? readdirSync(NAMES) : [])

/** `us-<pid>-<n>`: threads of one process may each have a lab. */
function freePrefix(): string {
  const taken = names()
  for (let n = 1; ; n++) {
    const prefix = `us-${process.pid}-${n}`
    if (!taken.some((name) => name.startsWith(`${prefix}-`))) return prefix
  }
}

/** What a lab left whose process was killed. */
function removeStale(): void {
  const stale = (name: string) => {
    const owner = /^us-(\d+)-\d+-/.exec(name)?.[1]
    return owner !== undefined && !existsSync(`/proc/${owner}`)
  }
  for (const name of names().filter(stale)) removeNamespace(name)
  for (const name of readdirSync(tmpdir()).filter(stale)) {
    try {
      rmSync(path.join(tmpdir(), name), { recursive: true, force: true })
    } catch {} // another user's
  }
}

function removeNamespace(name: string): void {
  if (!existsSync(path.join(NAMES, name))) return
  killAllIn(name)
  spawnSync('ip', ['netns', 'del', name])
}

/** Only processes of the lab are in its namespaces: what it started, and what that has started. */
function killAllIn(namespace: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout ?? ''
  for (const pid of pids.split('\n').filter(Boolean).map(Number)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {} // ended by itself meanwhile
  }
}
