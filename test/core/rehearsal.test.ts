import { describe, expect, test } from 'vitest'
import { createMembers, type Member } from '../../daemon/member.ts'
import type { AddressTable } from '../../daemon/ports.ts'
import { rehearse } from '../../daemon/rehearsal.ts'
import { firstOrder } from '../../contract/order.ts'
import type { Instant, WallTime } from '../../contract/time.ts'
import { clusterOf } from './stage.ts'

/** Each router of such a cluster on the first host. */
function membersOf(...cluster: Parameters<typeof clusterOf>): Member[] {
  const config = clusterOf(...cluster)
  return config.groups.flatMap((group) => group.routers.flatMap((router) => createMembers({
    config: router, group, interface: 'eth0', host: 'a', order: firstOrder(group.hosts), health: 'healthy', password: undefined,
    now: 0 as Instant, wall: '' as WallTime,
  })))
}

/** What a rehearsal asks of the kernel. */
function rehearsed(m: Member) {
  const asked: string[] = [], routes = new Set<string>()
  const never = () => expect.fail('that a rehearsal has no use for')
  const addresses: AddressTable = {
    hold: (name, some) => {
      asked.push(`hold ${some.length} on "${name}"`)
      return some.map(() => 'no such interface')
    },
    announce: (name, some, { count }) => void asked.push(`announce ${some.length} on "${name}", ${count} times`),
    release: (name, some) => void asked.push(`release ${some.length} on "${name}"`),
    renew: never, flush: never, present: never,
  }
  rehearse(m, addresses, (address) => {
    routes.add(typeof address)
    return false
  })
  return { asked, routes: [...routes].sort() }
}

const ROUND = (addresses: number) =>
  [`hold ${addresses} on ""`, `announce ${addresses} on "lo", 0 times`, `release ${addresses} on ""`]
const ten = (addresses: number) => Array.from({ length: 10 }, () => ROUND(addresses)).flat()

describe('a rehearsal', () => {
  test('takes over and lets go ten times, on no interface, and announces nothing', () => {
    const [m] = membersOf('a, b', '')
    expect(rehearsed(m as Member)).toEqual({ asked: ten(2), routes: ['bigint', 'number'] })
  })

  test.each([
    ['preempt: off', ', preempt: off'], ['preempt: rfc with a delay', ', preempt: rfc, preemptDelay: 60'],
    ['version 2', ', version: 2'], ['the owner', ', owner: a'], ['a virtual MAC address', ', mac: virtual'],
    ['unicast', ', unicast: {peers: {a: 10.0.0.1, b: 10.0.0.2}}'], ['no lease', ', lease: off'],
  ])('goes the whole way with %s', (_, options) => {
    const [m] = membersOf('a, b', options)
    expect(rehearsed(m as Member).asked.filter((a) => !a.startsWith('announce'))).toEqual(ten(2).filter((a) => !a.startsWith('announce')))
  })

  test('goes it in each family', () => {
    const members = membersOf('a, b', ', election: per-family')
    expect(members.map((m) => rehearsed(m).asked)).toEqual([ten(1), ten(1)])
  })
})
