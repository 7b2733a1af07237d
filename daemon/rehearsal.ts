/**
 * Walks the way of a takeover before it is needed: the real code, with nobody listening. V8 compiles a function when it runs
 * for the first time, and a host that has been a backup for months would do that in the middle of its takeover.
 */
import type { Address } from '../contract/address.ts'
import type { Instant, WallTime } from '../contract/time.ts'
import type { Member } from './member.ts'
import { advertisements } from './outgoing.ts'
import type { AddressTable, AdvertSocket, Clock, Log, Uplink } from './ports.ts'
import { createRuntime } from './runtime.ts'
import { createStory } from './story.ts'
import { GROUP } from './wire/advertisement.ts'

/** As often as V8 wants to see a function before it keeps notes on it. */
const ROUNDS = 10
/** No interface has this name: the kernel is asked as ever, and has nothing to change. */
const NOWHERE = ''
const LOOPBACK = 'lo'
/** By family: we, and a better host. */
const OURS = { 4: 0x7f00_0001, 6: 1n } as const
const BETTER = { 4: 0x7f00_0002, 6: 2n } as const
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const nowhere: Uplink = { tell() {}, show() {}, receive() {}, keep() {}, close: async () => {} }

/** `m` is nobody else's, and of no use afterwards. */
export function rehearse(m: Member, addresses: AddressTable, isLocal: (address: Address) => boolean): void {
  let now = 0 as Instant
  let alarm: { readonly at: Instant; readonly wake: () => void } | undefined
  const wall = () => new Date(0).toISOString() as WallTime
  const clock: Clock = {
    now: () => now, wall, afterDrain: (then) => then(),
    wakeAt(at, wake) {
      alarm = at === undefined ? undefined : { at, wake }
    },
  }
  const stage: AddressTable = {
    hold(_, some, lease) {
      addresses.hold(NOWHERE, some, lease)
      for (const a of some) isLocal(a.address)
      return []
    },
    announce: (_, some, o) => addresses.announce(LOOPBACK, some, { ...o, count: 0 }),
    release: (_, some) => addresses.release(NOWHERE, some),
    renew() {}, flush() {}, present: () => new Set(),
  }
  const { family } = m
  const socket: AdvertSocket = { family, source: OURS[family], group: GROUP[family], send: () => true, close() {} }
  m.socket = socket
  const story = createStory({ host: '', bootId: '', uplink: nowhere, log: silent, wall, healthOf: () => 'healthy' })
  const runtime = createRuntime({ members: [m], clock, addresses: stage, story, log: silent })
  const pass = () => {
    const due = alarm
    if (!due) return
    now = due.at
    due.wake()
  }

  const [better] = advertisements(m, { ...socket, source: [...(m.peers ?? [])][0] ?? BETTER[family] }, 255)
  runtime.input(m, { is: 'startup' })
  for (let i = 0; i < ROUNDS; i++) {
    pass() // nobody is heard: the takeover
    if (better) runtime.receive(m.interface, m.config.unicast?.minHopLimit, better)
    pass() // letting go
  }
}
