/** What a flight record says of checks, orders, maintenance and interfaces, beside what the election made of them. */
import { describe, expect, test } from 'vitest'
import { after, ms, seconds, type Instant } from '../../contract/time.ts'
import { createFlightRecorder, type Flight } from '../../daemon/flight.ts'
import type { Downlink, Log } from '../../daemon/ports.ts'
import { createSteering, type Steering } from '../../daemon/steering.ts'
import { createStory } from '../../daemon/story.ts'
import type { Lan } from '../sim/lan.ts'
import { parsed, stage, wallOf, type StagedHost } from './stage.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const CONFIG = parsed(`cluster: stage
checks:
  dns: {dns: {name: ns.example, type: TXT}, interval: 1}
groups:
  g:
    hosts: [a, b]
    checks: [dns]
    track: {interfaces: [up0], downDelay: 2}
    routers:
      r: {vrid: 7, interface: eth0, addresses: [10.0.0.100/24]}`)

/** Host a serves and b stands by; a's steering tells a's recorder what it notices. */
interface Watched {
  readonly lan: Lan; readonly steering: Steering
  check(ok: boolean, detail: string): void
  /** The newest record without packets, times and host; it begins with three lines of the start. */
  lines(): string[]
}
function watched(): Watched {
  const flights: Flight[] = []
  let lan: Lan | undefined
  const now = () => lan?.now ?? (0 as Instant), wall = () => wallOf(lan as Lan)
  const recorder = createFlightRecorder({
    span: seconds(60), host: 'a', now, wall, keep: (f) => flights.push(f),
    later: (wait, run) => lan?.at(after(lan.now, wait), run),
  })
  const staged = stage(CONFIG, { witnesses: (host) => (host === 'a' ? [recorder] : []) })
  lan = staged.lan
  const [a, b] = staged.hosts as [StagedHost, StagedHost]
  const steering: Steering = createSteering({
    host: 'a', config: CONFIG, orders: new Map(), runtime: () => a.runtime, story: () => story, wall, log: silent,
    peer() {}, later: (wait, run) => staged.lan.at(after(staged.lan.now, wait), run),
    noticed: (text) => recorder.noticed?.(text, now()),
  })
  const story = createStory({
    host: 'a', bootId: 'boot', log: silent, wall, healthOf: steering.healthOf,
    uplink: { tell() {}, show() {}, receive() {}, keep() {}, close: async () => {} },
  })
  a.start()
  b.start()
  staged.lan.run(seconds(10))
  return {
    lan, steering,
    check: (ok, detail) => steering.result(CONFIG.checks[0] as never, { ok, tookMs: 1, detail }),
    lines: () => (flights.at(-1)?.timeline.trimEnd().split('\n') ?? [])
      .filter((line) => !/ r: (heard|sent) v3/.test(line)).map((line) => line.slice('2023-11-14T22:13:20.000Z  a  '.length)),
  }
}

type Answer = readonly [ok: boolean, detail: string]
const GOOD: Answer = [true, '192.0.2.1'], SILENT: Answer = [false, 'no answer from 127.0.0.1 within 500 ms']

describe('checks', () => {
  test('every failure, every change, and one line for equal successes, before the transition that follows', () => {
    const { lan, check, lines } = watched()
    const answers = [GOOD, GOOD, GOOD, [true, '192.0.2.2'] as const, SILENT, GOOD, GOOD, SILENT, SILENT, SILENT]
    for (const [ok, detail] of answers) {
      check(ok, detail)
      lan.run(ms(500))
    }
    lan.run(seconds(5))
    expect(lines().slice(3)).toEqual([
      'check dns ok (unknown → healthy): 192.0.2.1',
      'check dns ok: 192.0.2.2',
      'check dns failed: no answer from 127.0.0.1 within 500 ms',
      'check dns ok: 192.0.2.1',
      'check dns failed: no answer from 127.0.0.1 within 500 ms',
      'check dns failed (healthy → failed): no answer from 127.0.0.1 within 500 ms',
      'r: retuned',
      'r: heard → release; active → backup, check-failed',
      'check dns failed: no answer from 127.0.0.1 within 500 ms',
    ])
  })
  test('what a server answers is one line, of bounded length', () => {
    const { lan, check, lines } = watched()
    check(true, `one\n2023-11-14T22:13:30.000Z  a  r: tick → claim\u001b[2J${'x'.repeat(2000)}`)
    for (let i = 0; i < 2; i++) check(...SILENT)
    lan.run(seconds(5))
    expect(lines()[3]).toBe('check dns ok (unknown → healthy): one\\u000a' +
      `2023-11-14T22:13:30.000Z  a  r: tick → claim\\u001b[2J${'x'.repeat(914)}…`)
  })
})

describe('what MQTT brought', () => {
  const order = (hosts: string, more: object = {}): Downlink => ({ is: 'order', group: 'g', order: {
    hosts: hosts.split(' ').map((h) => ({ host: h.replace('#', ''), inService: !h.startsWith('#') })), ...more,
  } })
  test('an order, by whom and which revision, once; a refused one and why', () => {
    const { lan, steering, check, lines } = watched()
    check(...GOOD)
    steering.down(order('a b'))
    steering.down({ is: 'order-refused', group: 'g', refusal: { fault: 'unknown-host', message: 'c not in this group' } })
    for (let i = 0; i < 2; i++) steering.down(order('b #a', { by: 'ops', reason: 'repair', revision: 4 }))
    lan.run(seconds(5))
    expect(lines().slice(4)).toEqual([
      'order of g: a, b',
      'order of g refused: c not in this group',
      'order of g: b, #a; by ops; revision 4',
      'r: retuned',
      'r: heard → release; active → backup, order-changed',
    ])
  })
  test('maintenance, set and ended by whomever or by its time', () => {
    const { lan, steering, check, lines } = watched()
    const until = '2023-11-14T22:14:00.000Z'
    check(...GOOD)
    for (let i = 0; i < 2; i++) steering.down({ is: 'maintenance', host: 'b', maintenance: { reason: 'disks', by: 'ops' } })
    steering.down({ is: 'maintenance', host: 'b', maintenance: undefined })
    steering.down({ is: 'maintenance', host: 'a', maintenance: { reason: 'new kernel', by: 'ops', until } })
    lan.run(seconds(40))
    steering.tick()
    lan.run(seconds(5))
    expect(lines().slice(4, 12)).toEqual([
      'maintenance of b by ops: disks',
      'maintenance of b ended',
      `maintenance of a by ops until ${until}: new kernel`,
      'r: retuned',
      'r: heard → release; active → backup, maintenance',
      'maintenance of a ended: its time is over',
      'r: retuned',
      'r: tick → claim; backup → active, maintenance',
    ])
  })
})

test('a tracked interface that went and came, and when that counted; no other', () => {
  const { lan, steering, check, lines } = watched()
  check(...GOOD)
  for (const usable of [false, true, false]) {
    steering.link('up0', usable)
    steering.link('eth7', usable)
    lan.run(ms(500))
  }
  lan.run(seconds(5))
  expect(lines().slice(4)).toEqual([
    'interface up0: down',
    'interface up0: up',
    'interface up0: down',
    'r: retuned',
    'r: heard → release; active → backup, interface-down',
  ])
})
