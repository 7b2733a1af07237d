/** From results of checks to a verdict, and from verdicts to what the host is worth. */
import { describe, expect, test } from 'vitest'
import { combined, judge, unchecked, type CheckState, type Rule } from '../../daemon/core/health.ts'

const rule: Rule = { rise: 2, fall: 3, meaning: 'failed' }
/** What a row of results (`+` good, `-` bad) makes of it, one state for each. */
function states(results: string, r = rule, from: CheckState = unchecked): string[] {
  let s = from
  return [...results].map((x) => {
    s = judge(r, s, x === '+')
    return `${s.health} ${s.against}`
  })
}

describe('one check', () => {
  test('is unknown before its first result, which decides at once', () => {
    expect(unchecked).toEqual({ health: 'unknown', against: 0 })
    expect(states('+')).toEqual(['healthy 0'])
    expect(states('-')).toEqual(['failed 0'])
  })
  test('falls after so many bad results in a row', () => {
    expect(states('+---')).toEqual(['healthy 0', 'healthy 1', 'healthy 2', 'failed 0'])
    expect(states('+--+--')).toEqual(['healthy 0', 'healthy 1', 'healthy 2', 'healthy 0', 'healthy 1', 'healthy 2'])
  })
  test('rises after so many good results in a row', () => {
    expect(states('-++')).toEqual(['failed 0', 'failed 1', 'healthy 0'])
    expect(states('-+-+')).toEqual(['failed 0', 'failed 1', 'failed 0', 'failed 1'])
  })
  test('goes on as it is, however often that is confirmed', () => {
    expect(states('++++')).toEqual(['healthy 0', 'healthy 0', 'healthy 0', 'healthy 0'])
    expect(states('---')).toEqual(['failed 0', 'failed 0', 'failed 0'])
  })
  test('with rise 1 and fall 1 each result counts', () => {
    expect(states('+-+', { rise: 1, fall: 1, meaning: 'failed' })).toEqual(['healthy 0', 'failed 0', 'healthy 0'])
  })
  test('may only degrade', () => {
    const degrading: Rule = { rise: 2, fall: 2, meaning: 'degraded' }
    expect(states('+--++', degrading)).toEqual(['healthy 0', 'healthy 1', 'degraded 0', 'degraded 1', 'healthy 0'])
    expect(states('-', degrading)).toEqual(['degraded 0'])
  })
})

describe('all checks of a host', () => {
  test.each([
    [[], 'healthy'], [['healthy'], 'healthy'], [['healthy', 'healthy'], 'healthy'],
    [['healthy', 'degraded'], 'degraded'], [['degraded', 'unknown'], 'unknown'], [['unknown', 'healthy'], 'unknown'],
    [['unknown', 'failed', 'degraded', 'healthy'], 'failed'], [['healthy', 'failed'], 'failed'],
  ] as const)('%j make it %s: the worst counts', (healths, expected) => expect(combined(healths)).toBe(expected))
})
