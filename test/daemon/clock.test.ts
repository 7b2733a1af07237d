/** The real clock, after a stall: what waits in the sockets is heard first. */
import { describe, expect, test } from 'vitest'
import { openClock } from '../../daemon/io/clock.ts'

/** A socket with packets in it, which gives at most 32 in a turn. `endless`: a flood. */
function drained(packets: number, { endless = false } = {}) {
  let seen = 0
  const clock = openClock({
    packetsSeen: () => seen,
    drain() {
      const taken = endless ? 32 : Math.min(32, packets - seen)
      seen += taken
    },
  })
  const from = performance.now()
  return new Promise<{ seen: number; took: number }>((resolve) => {
    clock.afterDrain(() => resolve({ seen, took: performance.now() - from }))
  })
}

describe('after a stall', () => {
  test('all packets that wait are heard before anything is said', async () => expect((await drained(1500)).seen).toBe(1500))
  test('and it does not wait where there are none', async () => expect((await drained(0)).took).toBeLessThan(15))
  test('a flood does not keep it from going on', async () => {
    const { seen, took } = await drained(0, { endless: true })
    expect(seen).toBeGreaterThan(1000)
    expect(took).toBeLessThan(1000)
  })
})
