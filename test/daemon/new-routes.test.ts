import { describe, expect, it } from 'vitest'
import { createAwaitRoutes } from '../../daemon/io/new-routes.ts'

const FD53_210 = 0xfd53_0000_0000_0000_0000_0000_0000_0210n

/** Milliseconds each call took, when the worker of the kernel needs that long. */
function waits(works: readonly number[]): number[] {
  let now = 0, readyAt = 0
  const awaitRoutes = createAwaitRoutes({ isLocal: () => now >= readyAt, now: () => now, sleep: (ms) => { now += ms } })
  return works.map((work) => {
    const begin = now
    readyAt = begin + work
    awaitRoutes('eth0', [FD53_210])
    return Math.round(now - begin)
  })
}

describe('waiting for the routes of new IPv6 addresses', () => {
  it('ends when they are there', () => {
    expect(waits([0, 1, 4])).toEqual([0, 1, 4])
  })

  it('is given up after 5 ms, but not for ever', () => {
    expect(waits([9, 2, 9, 2, 4])).toEqual([5, 2, 5, 2, 4])
  })

  it('costs next to nothing where they never come', () => {
    expect(waits(Array(200).fill(Infinity)).reduce((sum, ms) => sum + ms)).toBeLessThan(15)
  })
})
