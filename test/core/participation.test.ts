/** A router waits for what it needs, and says so to those that move together with it. */
import { expect, test } from 'vitest'
import { after, seconds, type Instant } from '../../contract/time.ts'
import type { Member } from '../../daemon/member.ts'
import { createParticipation } from '../../daemon/participation.ts'
import type { Log } from '../../daemon/ports.ts'
import { clusterOf, stage, type StagedHost } from './stage.ts'

/** Host a of a stage that has not started; `missing`: why there is no socket. */
function waiting({ startDelay = 0 } = {}) {
  const { lan, hosts } = stage(clusterOf('a, b', ''))
  const [a] = hosts as [StagedHost], [m] = a.members as [Member], { socket } = m
  const said: string[] = [], warned: string[] = [], world = { missing: undefined as string | undefined }
  const log: Log = { debug() {}, info() {}, warn: (_, text) => void warned.push(text), error() {} }
  const participation = createParticipation({
    host: 'a', runtime: a.runtime, log, from: after(lan.now, seconds(startDelay)), now: () => lan.now as Instant,
    links: { state: (name) => ({ name, usable: true }), watch() {}, close() {} },
    macvlans: undefined as never,
    sockets: { open: () => world.missing ?? (socket as never), sender: undefined as never, drain() {}, forget() {}, close() {} },
    takesPart: (of, does) => void said.push(`${of.name}: ${does}`),
  })
  return { lan, m, said, warned, world, participation, runtime: a.runtime }
}

test('that there is no address to send from is told once, and that there is again', () => {
  const { m, said, warned, world, participation } = waiting()
  world.missing = 'eth0 has no IPv4 address of its own to send from'
  participation.start(m)
  participation.retry()
  participation.retry()
  expect(m.state.at).toBe('initialize')
  expect(said).toEqual(['r: false'])
  expect(warned).toEqual(['r does not take part yet: eth0 has no IPv4 address of its own to send from'])
  world.missing = undefined
  participation.retry()
  expect(m.state.at).toBe('backup')
  expect(said).toEqual(['r: false', 'r: true'])
})
test('an address that has gone', () => {
  const { m, said, world, participation } = waiting()
  participation.start(m)
  expect(said).toEqual([])
  world.missing = 'eth0 has no IPv4 address of its own to send from'
  participation.renumbered('eth0', 0x0a000001)
  expect([m.state.at, said]).toEqual(['initialize', ['r: false']])
})
test('addresses that the kernel refuses keep it out for 30 s', () => {
  const { lan, m, said, participation, runtime } = waiting()
  participation.start(m)
  runtime.input(m, { is: 'lost', why: 'interface-down' })
  participation.refused(m)
  expect(said).toEqual(['r: false'])
  lan.run(seconds(29.9))
  participation.retry()
  expect(m.state.at).toBe('initialize')
  lan.run(seconds(0.2))
  participation.retry()
  expect([m.state.at, said]).toEqual(['backup', ['r: false', 'r: true']])
})
test('startDelay hinders nobody, but nothing starts before it is over', () => {
  const { lan, m, said, participation } = waiting({ startDelay: 20 })
  participation.start(m)
  lan.run(seconds(19.9))
  participation.retry()
  expect([m.state.at, said]).toEqual(['initialize', []])
  lan.run(seconds(0.2))
  participation.retry()
  expect([m.state.at, said]).toEqual(['backup', []])
})
test('a router whose configuration is gone hinders nobody', () => {
  const { m, said, world, participation } = waiting()
  world.missing = 'there is no interface eth0'
  participation.start(m)
  participation.forget(m)
  expect(said).toEqual(['r: false', 'r: true'])
})
