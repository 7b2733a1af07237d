/** One host of the simulated LAN: a pretend kernel around the real runtime, steering and story. */
import { formatAddress, type Address, type Family } from '../../contract/address.ts'
import type { Config } from '../../contract/config.ts'
import type { RouterSnapshot } from '../../contract/events.ts'
import { firstOrder, type Order } from '../../contract/order.ts'
import { after, ms, type Instant, type Ms, type WallTime } from '../../contract/time.ts'
import { visible } from '../../daemon/core/election.ts'
import { createMembers, type Member } from '../../daemon/member.ts'
import type { AddressTable, Clock, Log, Told, Uplink } from '../../daemon/ports.ts'
import { createRuntime, type Runtime } from '../../daemon/runtime.ts'
import { createSteering, type Steering } from '../../daemon/steering.ts'
import { createStory, type Story } from '../../daemon/story.ts'
import { GROUP, type Frame, type Lan } from './lan.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
/** The kernel looks at lifetimes now and then: an address goes about this long after its end. */
const EXPIRY_SLACK = ms(200)

/** What the cluster file has where it says nothing. */
const UNICAST_HOP_LIMIT = 255

export class SimHost {
  readonly name: string
  readonly lan: Lan
  /** By family: its IPv4 address, and its link-local one. */
  readonly sources: Readonly<Record<Family, Address>>
  readonly config: Config
  connected = true
  private alive = false
  private stopping = false
  runtime!: Runtime
  steering!: Steering
  /** Everything told upwards, in order. */
  readonly told: (Told & { readonly when: Instant })[] = []
  /** The latest snapshot of each router. */
  readonly shown = new Map<string, RouterSnapshot>()
  /** Announcements (gratuitous ARP, unsolicited NA) as `time address`. */
  readonly announced: { readonly at: Instant; readonly address: string }[] = []
  readonly sent: { readonly at: Instant; readonly payload: Uint8Array }[] = []
  /** Address → when the kernel takes it away; Infinity without a lease. */
  private readonly table = new Map<Address, number>()
  private readonly orders: Map<string, Order>
  private queue: Frame[] = []
  /** It does not run; packets wait in its sockets. */
  stalled = false
  /** Its wall clock was set by so much. */
  private steppedBy = 0
  private linkDownUntil = 0 as Instant
  private frozenUntil = 0 as Instant
  /** Orders that are on their way arrive until then. */
  ordersUntil = 0 as Instant
  private wake: { readonly at: Instant; readonly run: () => void } | undefined
  private late: (() => void) | undefined
  private generation = 0
  private boots = 0

  constructor(lan: Lan, config: Config, name: string) {
    this.lan = lan
    this.config = config
    this.name = name
    const number = lan.hosts.length + 1
    this.sources = { 4: 0x0a00_0000 + number, 6: 0xfe80_0000_0000_0000_0000_0000_0000_0000n + BigInt(number) }
    this.orders = new Map(config.groups.map((g) => [g.name, firstOrder(g.hosts)]))
    lan.hosts.push(this)
  }

  boot(): void {
    this.boots++
    const generation = ++this.generation
    this.alive = true
    this.stopping = false
    this.stalled = false
    this.queue = []
    const { lan, name } = this
    const wall = () => new Date(1_700_000_000_000 + lan.now + this.steppedBy).toISOString() as WallTime
    const clock: Clock = {
      now: () => lan.now,
      wall,
      wakeAt: (at, run) => {
        const wake = at === undefined ? undefined : { at, run }
        this.wake = wake
        if (wake) lan.at(wake.at, () => this.fire(generation, wake))
      },
      afterDrain: (then) => {
        this.drain()
        then()
      },
    }
    const uplink: Uplink = { tell: ({ told }) => void this.told.push({ ...told, when: lan.now }), show: (s) => { if (s.is === 'router') this.shown.set(s.document.router, s.document) }, receive() {}, keep() {}, close: async () => {} }
    let story: Story
    const steering = createSteering({
      host: name, config: this.config, orders: this.orders, runtime: () => this.runtime, story: () => story, wall, log: silent, peer() {},
      noticed() {}, later: (wait, run) => lan.at(after(lan.now, wait), () => generation === this.generation && run()),
    })
    this.steering = steering
    story = createStory({ host: name, bootId: `boot-${this.boots}`, uplink, log: silent, wall, healthOf: steering.healthOf })
    const noted: Story = {
      ...story,
      changed: (m, from, to, meaning) => {
        lan.note(name, `${m.name}: ${from} → ${to} (${meaning.reason}, priority ${m.params.priority})`)
        story.changed(m, from, to, meaning)
      },
    }
    const members = this.config.groups.flatMap((group) => group.routers.flatMap((config) => createMembers({
      config, group, interface: 'eth0', host: name, order: steering.orderOf(group.name), health: steering.healthOf({ group }),
      password: undefined, now: lan.now, wall: wall(),
    })))
    this.runtime = createRuntime({ members, clock, addresses: this.addresses(), story: noted, log: silent })
    for (const m of members) {
      const source = this.sources[m.family]
      m.socket = {
        family: m.family, source, group: GROUP[m.family], close() {},
        send: (payload, dst) => {
          this.sent.push({ at: lan.now, payload })
          lan.send(this, { family: m.family, src: source, dst, payload })
          return true
        },
      }
      m.params = { ...m.params, primary: source }
      for (const a of m.addresses) this.table.delete(a.address) // leftovers
    }
    lan.note(name, 'starts')
    for (const m of members) this.runtime.input(m, { is: 'startup' })
  }

  /** The process is killed with -9: its addresses stay until the kernel's lease on them ends. */
  kill(): void {
    this.lan.note(this.name, 'daemon killed')
    this.end()
  }
  /** The power is cut. */
  crash(): void {
    this.lan.note(this.name, 'crashes')
    this.table.clear()
    this.end()
  }
  async stop(): Promise<void> {
    this.lan.note(this.name, 'is told to stop')
    this.stopping = true
    await this.runtime.stop(this.runtime.members)
  }
  /** A process that was told to stop is gone as soon as its last router has let go. */
  get running(): boolean {
    return this.alive && !(this.stopping && this.runtime.members.every((m) => m.state.at === 'initialize'))
  }
  private end(): void {
    this.generation++
    this.alive = false
    this.wake = undefined
    this.late = undefined
  }

  /** The process does not run for `d`; then its timer comes first, as with libuv, or a packet does. */
  stall(d: Ms, first: 'timer' | 'packet' = 'timer'): void {
    if (!this.running || this.stalled || this.stopping) return
    this.lan.note(this.name, `does not run for ${Math.round(d)} ms`)
    this.stalled = true
    const generation = this.generation
    this.frozenUntil = after(this.lan.now, d)
    this.lan.at(this.frozenUntil, () => {
      if (generation !== this.generation) return
      this.stalled = false
      this.lan.note(this.name, 'runs again')
      if (first === 'packet') this.drain()
      this.late?.()
      this.late = undefined
      this.drain()
    })
  }

  /** Somebody sets the wall clock. */
  stepClock(d: Ms): void {
    this.lan.note(this.name, `its clock is set by ${Math.round(d)} ms`)
    this.steppedBy += d
  }

  /** The link has no carrier for `d`. */
  flap(d: Ms): void {
    if (!this.running || this.stalled || this.stopping || !this.connected) return
    this.link(false)
    const generation = this.generation
    this.linkDownUntil = after(this.lan.now, d)
    const back = (): void => {
      if (generation !== this.generation || !this.running) this.connected = true
      else if (this.stalled) this.lan.at(this.frozenUntil, back)
      else this.link(true)
    }
    this.lan.at(this.linkDownUntil, back)
  }
  private link(usable: boolean): void {
    this.lan.note(this.name, `link ${usable ? 'up' : 'down'}`)
    this.connected = usable
    for (const m of this.runtime.members) this.runtime.input(m, usable ? { is: 'startup' } : { is: 'lost', why: 'interface-down' })
    this.steering.link('eth0', usable)
  }

  /** When a stall or a stop that is under way is over at the latest. */
  busyUntil(): Instant[] {
    const leaving = this.alive ? this.runtime.members.flatMap((m) => (m.state.at === 'leaving' ? [m.state.until] : [])) : []
    return [this.frozenUntil, this.linkDownUntil, this.ordersUntil, ...leaving]
  }
  get longestInterval(): Ms {
    return Math.max(...this.config.groups.flatMap((g) => g.routers.map((r) => r.interval))) as Ms
  }

  member(router: string): Member {
    const m = this.runtime.members.find((x) => x.name === router)
    if (!m) throw new Error(`no router ${router}`)
    return m
  }
  state(router: string): string {
    return this.running ? visible(this.member(router).state) : 'dead'
  }
  /** Any address of that router, or of that election. */
  holds(router: string): boolean {
    const config = this.config.groups.flatMap((g) => g.routers).find((r) => r.name === router)
    const addresses = config?.addresses ?? this.member(router).addresses
    return addresses.some((a) => (this.table.get(a.address) ?? -1) > this.lan.now)
  }
  /** Somebody else takes an address away, and the kernel says so. */
  removeAddress(a: Address): void {
    this.table.delete(a)
    this.runtime.reconcile(this.runtime.members)
  }
  order(group: string, hosts: readonly string[]): void {
    const order: Order = { hosts: hosts.map((h) => ({ host: h.replace('#', ''), inService: !h.startsWith('#') })) }
    this.orders.set(group, order)
    if (this.running) this.steering.down({ is: 'order', group, order })
  }
  check(name: string, good: boolean): void {
    const check = this.config.checks.find((c) => c.name === name)
    if (check && this.running) this.steering.result(check, { ok: good, tookMs: 1, detail: good ? 'answered' : 'no answer' })
  }

  arrive(frame: Frame): void {
    if (!this.running) return
    if (this.stalled) this.queue.push(frame)
    else this.hear(frame)
  }
  private drain(): void {
    const waiting = this.queue
    this.queue = []
    for (const frame of waiting) this.hear(frame)
  }
  private hear(frame: Frame): void {
    this.runtime.receive('eth0', frame.dst === GROUP[frame.family] ? undefined : UNICAST_HOP_LIMIT, { ...frame, hopLimit: 255 })
  }
  private fire(generation: number, wake: { readonly at: Instant; readonly run: () => void }): void {
    if (generation !== this.generation || this.wake !== wake) return
    if (this.stalled) this.late = () => this.fire(generation, wake)
    else wake.run()
  }

  private addresses(): AddressTable {
    const { lan, table } = this
    const waiting: (readonly [Address, number])[] = []
    return {
      hold(_, addresses, lease) {
        for (const a of addresses) table.set(a.address, lease === undefined ? Infinity : lan.now + lease * 1000 + EXPIRY_SLACK)
        return []
      },
      renew: (_, addresses, lease) => void waiting.push(...addresses.map((a) => [a.address, lease] as const)),
      flush() {
        for (const [address, lease] of waiting.splice(0)) table.set(address, lan.now + lease * 1000 + EXPIRY_SLACK)
      },
      release(_, addresses) {
        for (const a of addresses) table.delete(a.address)
      },
      present: () => new Set([...table].filter(([, until]) => until > lan.now).map(([a]) => a)),
      announce: (_, addresses, { count }) => {
        for (let i = 0; i < count; i++) for (const a of addresses) this.announced.push({ at: lan.now, address: formatAddress(a.address) })
      },
    }
  }
}
