/** RFC 9568 §7.1: what is refused is logged, at a bounded rate. */
import { describe, expect, test } from 'vitest'
import { countRejects } from '../../daemon/core/rejects.ts'

describe('counting', () => {
  test('each cause of each sender has its own count', () => {
    const r = countRejects()
    expect([r.count('checksum', 'a'), r.count('checksum', 'a'), r.count('checksum', 'b'), r.count('length', 'a'),
      r.count('checksum', 'a')]).toEqual([1, 2, 1, 1, 3])
    expect(r.total).toBe(5)
  })
  test('a good packet starts the counts of its sender anew, and of nobody else', () => {
    const r = countRejects()
    r.count('checksum', 'a')
    r.count('length', 'a')
    r.count('checksum', 'b')
    r.good('a')
    expect([r.count('checksum', 'a'), r.count('length', 'a'), r.count('checksum', 'b')]).toEqual([1, 1, 2])
    expect(r.total).toBe(6)
    expect(r.byCause).toEqual({ checksum: 4, length: 2 })
  })
  test('spoofed senders cannot fill the memory: the 257th is counted in the total alone', () => {
    const r = countRejects()
    for (let i = 0; i < 256; i++) expect(r.count('checksum', `sender ${i}`)).toBe(1)
    expect([r.count('checksum', 'one more'), r.count('checksum', 'one more')]).toEqual([0, 0])
    expect(r.count('checksum', 'sender 7')).toBe(2)
    expect(r.total).toBe(259)
    expect(r.byCause).toEqual({ checksum: 259 })
    r.good('sender 7')
    expect(r.count('checksum', 'one more')).toBe(1)
  })
})
