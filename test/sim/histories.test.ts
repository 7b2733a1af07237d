import { expect, test } from 'vitest'
import { play } from './history.ts'

const HISTORIES = Number(process.env.HISTORIES ?? 10_000)

test(`${HISTORIES} random histories: one active, the best, with its addresses, in every connected part`, { timeout: 120_000 }, () => {
  const failed: string[] = []
  let packets = 0
  for (let seed = 1; seed <= HISTORIES && failed.length < 3; seed++) {
    const history = play(seed)
    packets += history.packets
    if (history.violations.length === 0) continue
    failed.push([...history.violations, `replay with: node test/sim/replay.ts ${seed}`, ...history.transcript].join('\n'))
  }
  expect(failed.join('\n\n')).toBe('')
  expect(packets).toBeGreaterThan(HISTORIES * 100) // the histories are not empty
})

test('a history is the same each time it is played', () => {
  expect(play(4711).transcript).toEqual(play(4711).transcript)
})
