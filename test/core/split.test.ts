/** Two active hosts at once: each of the three signs, what is no sign, and the end of it. */
import { describe, expect, test } from 'vitest'
import { seconds } from '../../contract/time.ts'
import { createSplitWatch, type SplitWatch } from '../../daemon/split.ts'
import type { Member } from '../../daemon/member.ts'
import { at, heard } from './params.ts'
import { clusterOf, stage } from './stage.ts'

const DEAF = 'we hear it, it does not obey us: our advertisements do not reach it ' +
  '(IGMP snooping, a firewall on IP protocol 112, one-way loss)'
const CONFLICT = 'it answers ARP for a service address: an address conflict, ' +
  'or a host whose daemon was killed and left the address behind'
const BLOCKED = 'it says so over MQTT and we hear no advertisement of it: ' +
  'multicast or IP protocol 112 is blocked between us, or the network is split'

/** One host, active alone, watched once a second; what was told, as `router other: detail`. */
function watched(router = '') {
  const told: string[] = [], views: string[] = []
  const split = createSplitWatch({ split(m, two, detail) {
    told.push(`${m.name} ${two?.other ?? 'over'}: ${detail}`)
    if (two) views.push(`${two.ours}; ${two.theirs}`)
  } })
  const { lan, hosts } = stage(clusterOf('a', router), { split })
  const a = hosts[0]
  a?.start()
  lan.run(seconds(10))
  const m = a?.members[0] as Member
  const members = a?.members ?? []
  const tick = () => split.tick(members, lan.now)
  /** Once a second for so many seconds: what happens, then the tick. */
  const each = (n: number, happen: () => void) => {
    for (let i = 0; i < n; i++) {
      happen()
      tick()
      lan.run(seconds(1))
    }
  }
  return { told, views, split, lan, a, m, tick, each }
}
const worse = (split: SplitWatch, m: Member, now: number) => split.heardWorse(m, 0x0a000009, 90, at(now))

describe('advertisements of a worse host that goes on', () => {
  test('are told after three intervals, once', () => {
    const { told, views, split, lan, m, each } = watched()
    each(3, () => worse(split, m, lan.now))
    expect(told).toEqual([])
    each(5, () => worse(split, m, lan.now))
    expect(told).toEqual([`r 10.0.0.9: ${DEAF}`])
    expect(views).toEqual(['active at priority 250 since 2023-11-14T22:13:23.023Z; advertises priority 90'])
  })
  test('the end is told when nothing has been heard for three intervals', () => {
    const { told, split, lan, m, each } = watched()
    each(5, () => worse(split, m, lan.now))
    each(3, () => {})
    expect(told.length).toBe(1)
    each(2, () => {})
    expect(told.slice(1)).toEqual(['r over: only one host is active again'])
    each(5, () => worse(split, m, lan.now))
    expect(told.length).toBe(3)
  })
  test('a single one, as in every hand-over, is none', () => {
    const { told, split, lan, m, each } = watched()
    worse(split, m, lan.now)
    each(10, () => {})
    expect(told).toEqual([])
  })
  test('with short intervals it takes a second and a half', () => {
    const { told, split, lan, m, tick } = watched(', interval: 0.1')
    for (let i = 0; i <= 14; i++) {
      worse(split, m, lan.now)
      tick()
      lan.run(seconds(0.1))
    }
    expect(told).toEqual([])
    worse(split, m, lan.now)
    lan.run(seconds(0.1))
    worse(split, m, lan.now)
    tick()
    expect(told.length).toBe(1)
  })
  test('the runtime reports them itself: a packet of a worse host while we stay active, but no farewell', () => {
    const { told, a, m, each } = watched()
    each(8, () => a?.runtime.input(m, heard(0, 0x0a000009)))
    expect(told).toEqual([])
    each(8, () => a?.runtime.input(m, heard(100, 0x0a000009)))
    expect(told.length).toBe(1)
  })
})

describe('another machine answers for our address', () => {
  test('is told, and over when it has not answered for five seconds', () => {
    const { told, split, lan, m, each } = watched()
    each(5, () => split.answered(m, 'c2:95:0f:7f:27:f4', lan.now))
    expect(told).toEqual([`r c2:95:0f:7f:27:f4: ${CONFLICT}`])
    each(5, () => {})
    expect(told.length).toBe(1)
    each(1, () => {})
    expect(told[1]).toBe('r over: only one host is active again')
  })
  test('it need not answer every second', () => {
    const { told, split, lan, m, each } = watched()
    for (let i = 0; i < 3; i++) {
      split.answered(m, 'c2:95:0f:7f:27:f4', lan.now)
      each(4, () => {})
    }
    expect(told.length).toBe(1)
  })
})

describe('another host publishes that it is active', () => {
  test('is told, and over when it says otherwise', () => {
    const { told, split, each } = watched()
    split.published('r', 'b', 'active')
    each(3, () => {})
    expect(told).toEqual([])
    each(3, () => {})
    expect(told).toEqual([`r b: ${BLOCKED}`])
    split.published('r', 'b', 'offline')
    each(5, () => {})
    expect(told.slice(1)).toEqual(['r over: only one host is active again'])
  })
  test('of another router, or as a backup, it is none', () => {
    const { told, split, each } = watched()
    split.published('other', 'b', 'active')
    split.published('r', 'c', 'backup')
    each(10, () => {})
    expect(told).toEqual([])
  })
})

describe('a host that is not active itself', () => {
  test('tells nothing, and what it told is over', () => {
    const { told, split, lan, a, m, each } = watched()
    split.published('r', 'b', 'active')
    each(6, () => worse(split, m, lan.now))
    expect(told.length).toBe(1)
    a?.runtime.input(m, heard(255, 0x0a000009))
    each(1, () => {})
    expect(told.slice(1)).toEqual(['r over: only one host is active again'])
    each(2, () => worse(split, m, lan.now))
    expect(told.length).toBe(2)
  })
})

test('strangers cannot fill the memory: at most 64 pieces of evidence', () => {
  const { told, split, lan, m, each } = watched()
  each(5, () => { for (let i = 0; i < 64; i++) split.heardWorse(m, 0x0b000000 + i, 90, lan.now) })
  expect(told.length).toBe(1)
  each(5, () => { for (let i = 0; i < 1000; i++) split.heardWorse(m, 0x0c000000 + i, 90, lan.now) })
  expect(told.length).toBe(2) // the 65th and later were not kept, so the first are over
})
