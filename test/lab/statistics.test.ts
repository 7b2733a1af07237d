import { describe, expect, it } from 'vitest'
import { chance, median, percentile, ratio, regularity, summary } from '../../bench/statistics.ts'

describe('statistics of the bench', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([285])).toBe(285)
    expect(median([315, 243, 285])).toBe(285)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([9, 10, 100])).toBe(10) // by value, not by spelling
    expect(median([])).toBeNaN()
  })

  it('leaves the values in their order', () => {
    const values = [3, 1, 2]
    summary(values)
    expect(values).toEqual([3, 1, 2])
  })

  it('sums up', () => {
    expect(summary([0, 57, 3])).toEqual({ n: 3, median: 3, min: 0, max: 57 })
  })

  it('has no ratio to zero or to nothing', () => {
    expect(ratio(2727, 303)).toBe(9)
    expect(ratio(221, 0)).toBeUndefined()
    expect(ratio(Number.NaN, 5)).toBeUndefined()
  })

  it('takes the nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i)
    expect(percentile(values, 0.99)).toBe(198)
    expect(percentile([7], 0.99)).toBe(7)
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('tells how regular instants are', () => {
    expect(regularity([0, 100, 202, 300], 100)).toMatchObject({ n: 3, mean: 100, p99: 2, late: 2 })
    expect(regularity([0, 101, 202, 303], 100)).toEqual({ n: 3, mean: 101, sd: 0, p99: 1, late: 1 })
  })

  it('draws the same moments for the same seed', () => {
    const first = chance(1), second = chance(1), other = chance(2)
    const drawn = Array.from({ length: 1000 }, first)
    expect(Array.from({ length: 1000 }, second)).toEqual(drawn)
    expect(other()).not.toBe(drawn[0])
    expect(drawn.every((x) => x >= 0 && x < 1)).toBe(true)
    expect(drawn.filter((x) => x < 0.5).length).toBeGreaterThan(450)
    expect(drawn.filter((x) => x < 0.5).length).toBeLessThan(550)
  })
})
