/** Hosts with the real runtime on one wire in virtual time, with witnesses of the test's choice. */
import type { Address } from '../../contract/address.ts'
import { formatProblem, parseConfig, type Config } from '../../contract/config.ts'
import { firstOrder } from '../../contract/order.ts'
import { after, ms, type Ms, type WallTime } from '../../contract/time.ts'
import { createMembers, type Member } from '../../daemon/member.ts'
import type { Log, Told } from '../../daemon/ports.ts'
import { createRuntime, type Runtime } from '../../daemon/runtime.ts'
import type { SplitWatch } from '../../daemon/split.ts'
import { createStory } from '../../daemon/story.ts'
import type { Datagram } from '../../daemon/wire/advertisement.ts'
import { together, type Witness } from '../../daemon/witness.ts'
import { GROUP, Lan } from '../sim/lan.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export function parsed(text: string): Config {
  const config = parseConfig(text)
  if (!config.ok) throw new Error(config.error.map((p) => formatProblem('stage.yaml', p)).join('\n'))
  return config.value
}

/** Hosts a, b, …; the router's options and addresses as they stand in a cluster file. */
export const clusterOf = (hosts: string, router: string, addresses = '10.0.0.100/24, "fd00::100/64"'): Config =>
  parsed(`cluster: stage
groups:
  g:
    hosts: [${hosts}]
    routers:
      r: {vrid: 7, interface: eth0, addresses: [${addresses}]${router}}`)

export interface StagedHost {
  readonly name: string; readonly runtime: Runtime; readonly members: readonly Member[]
  readonly held: Set<Address>; readonly sent: Datagram[]; readonly told: Told[]
  /** What was done and said, in order: `hold`, `renew`, `release`, `announce`, or the priority that was sent. */
  readonly done: (string | number)[]
  start(): void
  /** Its timers wait for so long. */
  freeze(d: Ms): void
}
export interface StageOptions {
  readonly witnesses?: (host: string) => readonly Witness[]
  readonly split?: SplitWatch
  /** How long it takes, after a stall, to hear all that waits. */
  readonly drain?: Ms
  /** Hosts whose kernel refuses every service address. */
  readonly refusedOn?: readonly string[]
  /** Padded to 8 bytes. */
  readonly password?: Uint8Array
}

export const wallOf = (lan: Lan): WallTime => new Date(1_700_000_000_000 + lan.now).toISOString() as WallTime

export function stage(config: Config, o: StageOptions = {}): { readonly lan: Lan; readonly hosts: readonly StagedHost[] } {
  const lan = new Lan()
  const hosts: StagedHost[] = []
  const names = [...new Set(config.groups.flatMap((g) => g.hosts))]
  for (const [i, name] of names.entries()) hosts.push(host(name, i))
  return { lan, hosts }

  function host(name: string, i: number): StagedHost {
    const held = new Set<Address>(), sent: Datagram[] = [], told: Told[] = [], done: (string | number)[] = []
    const waiting: Address[] = []
    let wake: (() => void) | undefined, frozenUntil = lan.now
    const members = config.groups.flatMap((group) => group.routers.flatMap((router) => createMembers({
      config: router, group, interface: 'eth0', host: name, order: firstOrder(group.hosts), health: 'healthy',
      password: o.password, now: lan.now, wall: wallOf(lan),
    })))
    const runtime = createRuntime({
      members, log: silent, witness: together(o.witnesses?.(name) ?? []), ...(o.split ? { split: o.split } : {}),
      clock: {
        now: () => lan.now, wall: () => wallOf(lan), afterDrain: (then) => (o.drain === undefined ? then() : lan.at(after(lan.now, o.drain), then)),
        wakeAt(at, run) {
          wake = run
          const fire = (): void => {
            if (wake !== run) return
            if (lan.now < frozenUntil) lan.at(frozenUntil, fire)
            else run()
          }
          if (at !== undefined) lan.at(at, fire)
        },
      },
      addresses: {
        hold: (_, addresses) => {
          if (o.refusedOn?.includes(name)) return addresses.map((a) => `${a.address}: errno 99`)
          for (const a of addresses) held.add(a.address)
          done.push('hold')
          return []
        },
        renew: (_, addresses) => {
          done.push('renew')
          waiting.push(...addresses.map((a) => a.address))
        },
        flush: () => {
          for (const a of waiting.splice(0)) held.add(a)
        },
        release: (_, addresses) => {
          for (const a of addresses) held.delete(a.address)
          done.push('release')
        },
        present: () => held,
        announce: () => void done.push('announce'),
      },
      story: createStory({
        host: name, bootId: 'boot', log: silent, wall: () => wallOf(lan), healthOf: () => 'healthy',
        uplink: { tell: (e) => void told.push(e.told), show() {}, receive() {}, keep() {}, close: async () => {} },
      }),
    })
    for (const m of members) {
      const source: Address = m.family === 4 ? 0x0a00_0001 + i : 0xfe80_0000_0000_0000_0000_0000_0000_0001n + BigInt(i)
      m.params = { ...m.params, primary: source }
      m.socket = {
        family: m.family, source, group: GROUP[m.family], close() {},
        send(payload, dst) {
          const d: Datagram = { family: m.family, src: source, dst, hopLimit: 255, payload }
          sent.push(d)
          done.push(payload[2] ?? -1)
          for (const other of hosts) {
            if (other.name !== name) lan.at(after(lan.now, ms(0.2)),
              () => other.runtime.receive('eth0', m.config.unicast?.minHopLimit, d))
          }
          return true
        },
      }
    }
    const start = () => { for (const m of members) runtime.input(m, { is: 'startup' }) }
    const freeze = (d: Ms) => { frozenUntil = after(lan.now, d) }
    return { name, runtime, members, held, sent, told, done, start, freeze }
  }
}
