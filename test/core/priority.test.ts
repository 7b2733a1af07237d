/** Order and health → priority (RFC 9568 §5.2.4: 1–254; 255 is for owners alone). */
import { describe, expect, test } from 'vitest'
import { standing, type Bands, type Health, type Place } from '../../daemon/core/priority.ts'

const bands: Bands = {
  healthy: { first: 250, step: 10 }, degraded: { first: 150, step: 10 }, failed: { first: 50, step: 10 },
    outOfService: { first: 9, step: 1 },
}
const place = (rank: number, inService = true): Place => ({ rank, inService, foremost: inService && rank === 0 })
const of = (rank: number, health: Health, inService = true) => standing(bands, place(rank, inService), health, 4, 'started')

describe('four hosts', () => {
  test.each([
    [0, 'healthy', 250], [1, 'healthy', 240], [3, 'healthy', 220], [0, 'degraded', 150], [3, 'degraded', 120],
    [0, 'failed', 50], [3, 'failed', 20], [0, 'unknown', 50], [2, 'unknown', 30],
  ] as const)('rank %d, %s: %d', (rank, health, priority) => expect(of(rank, health).priority).toBe(priority))

  test.each(['healthy', 'degraded', 'failed', 'unknown'] as const)('out of service counts more than being %s', (health) => {
    expect(of(0, health, false).priority).toBe(9)
    expect(of(3, health, false).priority).toBe(6)
  })
  test('health beats rank: the last healthy one is better than the first degraded one, and so on', () => {
    expect(of(3, 'healthy').priority).toBeGreaterThan(of(0, 'degraded').priority)
    expect(of(3, 'degraded').priority).toBeGreaterThan(of(0, 'failed').priority)
    expect(of(3, 'failed').priority).toBeGreaterThan(of(0, 'healthy', false).priority)
  })
})

test('the band tells from which priority on a host serves as well as we do', () => {
  expect([of(1, 'healthy').bandFloor, of(1, 'degraded').bandFloor, of(1, 'failed').bandFloor,
    of(1, 'healthy', false).bandFloor]).toEqual([220, 120, 20, 6])
})
test('foremost: first in service, and healthy', () => {
  expect(of(0, 'healthy').foremost).toBe(true)
  expect(of(1, 'healthy').foremost).toBe(false)
  for (const health of ['degraded', 'failed', 'unknown'] as const) expect(of(0, health).foremost).toBe(false)
  expect(standing(bands, { rank: 2, inService: true, foremost: true }, 'healthy', 4, 'started').foremost).toBe(true)
  expect(standing(bands, { rank: 0, inService: false, foremost: true }, 'healthy', 4, 'started').foremost).toBe(false)
})
test('no host gets 0 or 255, whatever the bands', () => {
  const steep: Bands = { ...bands, failed: { first: 5, step: 10 }, healthy: { first: 254, step: 0 } }
  expect(standing(steep, place(3), 'failed', 4, 'started')).toMatchObject({ priority: 1, bandFloor: 1 })
  expect(standing(steep, place(3), 'healthy', 4, 'started')).toMatchObject({ priority: 254, bandFloor: 254 })
})
test('the rest of a standing', () => {
  expect(standing(bands, place(1), 'healthy', 4, 'order-changed')).toEqual({
    priority: 240, cause: 'order-changed', rank: 1, foremost: false, inService: true, bandFloor: 220,
      because: 'healthy, place 2 of 4: 250 − 1 × 10',
  })
})
test.each([
  ['unknown', true, 'health not known yet, place 1 of 4: 50 − 0 × 10'],
  ['failed', true, 'failed, place 1 of 4: 50 − 0 × 10'],
  ['degraded', true, 'degraded, place 1 of 4: 150 − 0 × 10'],
  ['unknown', false, 'out of service, place 1 of 4: 9 − 0 × 1'],
] as const)('how it came about: %s, in service %s', (health, inService, because) => {
  expect(standing(bands, place(0, inService), health, 4, 'started')).toMatchObject({ because, inService })
})
