import { describe, expect, it } from 'vitest'
import { shared, type Change } from '../../lab/holders.ts'

const change = (at: number, host: string, held: boolean, address = '10.53.0.210'): Change => ({ at, host, address, held })
const together = (journal: readonly Change[], from = 0, to = 1000) => shared(journal, '10.53.0.210', from, to)

describe('how long two hosts held an address', () => {
  it('is nothing when one let go before the other took', () => {
    expect(together([change(-5, 'a', true), change(100, 'a', false), change(101, 'b', true)])).toBe(0)
  })

  it('is from the second one to the first that lets go, however many they were', () => {
    const journal = [change(-5, 'a', true), change(100, 'b', true), change(120, 'c', true), change(150, 'a', false)]
    expect(together([...journal, change(160, 'c', false)])).toBe(60)
  })

  it('is counted to the end when nobody lets go, and from the beginning when it began before', () => {
    const journal = [change(-50, 'a', true), change(-20, 'b', true)]
    expect(together(journal)).toBe(1000)
    expect(together(journal, 400, 700)).toBe(300)
    expect(together([...journal, change(500, 'a', false)], 400, 700)).toBe(100)
  })

  it('is of one address alone', () => {
    expect(together([change(-5, 'a', true), change(0, 'b', true, 'fd53::210')])).toBe(0)
  })
})
