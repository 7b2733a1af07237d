import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import type { SimHost } from '../sim/host.ts'
import { cluster, lanOf, type RouterWish } from '../sim/cluster.ts'

const NAMES = ['a', 'b', 'c'] as const
function three(router: RouterWish = {}, checked = false) {
  const { lan, hosts } = lanOf(cluster(NAMES, { r: router }, checked))
  if (checked) for (const h of lan.hosts) h.check('dns', true)
  lan.run(seconds(10))
  return { lan, ...(hosts as Record<'a' | 'b' | 'c', SimHost>) }
}
/** When the host last became active, in ms after `since`. */
const becameActive = (h: SimHost, since: number) =>
  (h.told.findLast((e) => e.type === 'router.state' && e.data.to === 'active')?.when ?? Number.NaN) - since
const why = (h: SimHost) => h.told.findLast((e) => e.type === 'router.state')?.data.reason

describe('a crash', () => {
  test('the next in the order takes over after Active_Down_Interval (RFC 9568 §6.1)', () => {
    const { lan, a, b } = three()
    expect(lan.holders('r')).toEqual(['a'])
    const last = a.sent.at(-1)?.at ?? 0
    a.crash()
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['b'])
    // 0.2 ms on the wire, three intervals, Skew_Time (256 − 240) / 256 s
    expect(becameActive(b, last)).toBeCloseTo(0.2 + 3000 + 62.5, 6)
    expect(why(b)).toBe('active-silent')
  })

  test('version 2: Skew_Time counts in seconds whatever the interval (RFC 3768 §6.1)', () => {
    const { lan, a, b } = three({ version: 2, interval: 2 })
    const last = a.sent.at(-1)?.at ?? 0
    a.crash()
    lan.run(seconds(10))
    expect(becameActive(b, last)).toBeCloseTo(0.2 + 6000 + 62.5, 6)
  })

  test('at 0.01 s the takeovers of neighbours in rank keep apart', () => {
    const { lan, a, b, c } = three({ interval: 0.01 })
    a.crash()
    b.crash()
    const at = lan.now
    lan.run(ms(100))
    expect(lan.holders('r')).toEqual(['c'])
    expect(becameActive(c, at)).toBeGreaterThan(30 - 10 + 11) // 10 ms and the difference of their skews after b would have
    expect(becameActive(c, at)).toBeLessThanOrEqual(30 + 11.1 + 0.2)
  })

  test('a killed daemon loses its addresses by its lease, after the other host has taken over and within 1.5 s', () => {
    const { lan, a, b } = three()
    a.kill()
    const at = lan.now
    lan.run(seconds(2))
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(ms(1100))
    expect(lan.holders('r')).toEqual(['a', 'b'])
    lan.run(ms(1500))
    expect(lan.holders('r')).toEqual(['b'])
    expect(becameActive(b, at)).toBeLessThan(3100)
  })
})

describe('a stop', () => {
  test('the stopping host answers until its successor does', async () => {
    const { lan, a, b } = three()
    const at = lan.now
    const stopped = a.stop()
    lan.run(ms(62)) // b waits its Skew_Time of 62.5 ms
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(ms(2))
    expect(lan.holders('r')).toEqual(['a', 'b'])
    lan.run(ms(8))
    expect(lan.holders('r')).toEqual(['b'])
    await stopped
    expect(becameActive(b, at)).toBeCloseTo(0.2 + 62.5, 6)
    expect(why(b)).toBe('active-left')
    expect(a.told.at(-1)).toMatchObject({ type: 'router.state', data: { reason: 'stopped', planned: true, impact: 'none' } })
  })

  test('with nobody to take over, it says farewell with priority 0 and lets go', async () => {
    const { lan, a, b, c } = three()
    b.crash()
    c.crash()
    const stopped = a.stop()
    lan.run(seconds(3))
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(seconds(2))
    await stopped
    expect(lan.holders('r')).toEqual([])
    expect(a.sent.at(-1)?.payload[2]).toBe(0)
  })
})

describe('an order', () => {
  test('moves the addresses without a moment on no host', () => {
    const { lan, b } = three()
    const at = lan.now
    for (const h of lan.hosts) h.order('g', ['b', 'a', 'c'])
    lan.run(ms(0.1))
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(ms(0.11)) // the old active's lower priority reaches b, which is foremost and waits for nobody
    expect(lan.holders('r')).toEqual(['a', 'b'])
    lan.run(ms(8))
    expect(lan.holders('r')).toEqual(['a', 'b'])
    lan.run(ms(0.2))
    expect(lan.holders('r')).toEqual(['b'])
    expect(becameActive(b, at)).toBeCloseTo(0.2, 6)
    expect(why(b)).toBe('order-changed')
  })

  test('may reach the hosts in any sequence, seconds apart', () => {
    const { lan, a, b, c } = three()
    b.order('g', ['b', 'a', 'c'])
    lan.run(seconds(2))
    expect(lan.holders('r')).toEqual(['a']) // a still advertises 250, and so would b
    a.order('g', ['b', 'a', 'c'])
    lan.run(ms(10))
    expect(lan.holders('r')).toEqual(['b'])
    c.order('g', ['b', 'a', 'c'])
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['b'])
  })

  test('a host out of service serves only when nobody else does', () => {
    const { lan, b, c } = three()
    for (const h of lan.hosts) h.order('g', ['#a', 'b', 'c'])
    lan.run(seconds(1))
    expect(lan.holders('r')).toEqual(['b'])
    b.crash()
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['c'])
    c.crash()
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['a'])
  })
})

describe('health', () => {
  test('a failed check moves the addresses within Skew_Time, make before break', () => {
    const { lan, a, b } = three({}, true)
    expect(lan.holders('r')).toEqual(['a'])
    const at = lan.now
    a.check('dns', false)
    lan.run(ms(72))
    expect(lan.holders('r')).toEqual(['b'])
    expect(becameActive(b, at)).toBeCloseTo(0.2 + 62.5, 6)
    expect(why(b)).toBe('active-failing')
    expect(a.told.findLast((e) => e.type === 'router.state')?.data).toMatchObject({ to: 'backup', reason: 'check-failed', planned: false, impact: 'outage' })
  })

  test('when every host is broken, one of them still answers', () => {
    const { lan } = three({}, true)
    for (const h of lan.hosts) h.check('dns', false)
    lan.run(seconds(5))
    expect(lan.holders('r')).toEqual(['a'])
  })

  test('preempt: off keeps a healthy host in place but not a failing one', () => {
    const { lan, a } = three({ preempt: 'off' }, true)
    a.check('dns', false)
    lan.run(seconds(1))
    expect(lan.holders('r')).toEqual(['b'])
    a.check('dns', true)
    lan.run(seconds(10))
    expect(lan.holders('r')).toEqual(['b'])
  })
})

describe('the return of the preferred host', () => {
  test.each([['fast', 1001], ['rfc', 3100]] as const)('preempt: %s takes at most %d ms', (preempt, most) => {
    const { lan, a } = three({ preempt })
    a.crash()
    lan.run(seconds(10))
    expect(lan.holders('r')).toEqual(['b'])
    a.boot()
    const at = lan.now
    lan.run(ms(most))
    expect(lan.holders('r')).toEqual(['a'])
    expect(becameActive(a, at)).toBeGreaterThan(preempt === 'rfc' ? 3000 : 0)
  })
})

describe('two active hosts', () => {
  test('after a healed split, one advertisement decides, and the winner announces again within a second', () => {
    const { lan, a } = three()
    lan.carries = () => []
    lan.run(seconds(10))
    expect(lan.holders('r')).toEqual(['a', 'b', 'c'])
    const healed = lan.now
    lan.carries = () => [ms(0.2)]
    lan.run(ms(1001))
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(seconds(2))
    const times = a.announced.filter((x) => x.at > healed && x.address === '10.0.0.100').map((x) => x.at - healed)
    expect(times.length).toBeGreaterThanOrEqual(10)
    expect(Math.min(...times)).toBeLessThanOrEqual(1001)
  })
})

describe('a stalled host', () => {
  test('SIGSTOP for 5 s: the other takes over, then both hold the address for under 5 ms after SIGCONT', () => {
    const { lan, a } = three()
    a.stall(seconds(5))
    lan.run(ms(4999))
    expect(lan.holders('r')).toEqual(['b'])
    lan.run(ms(1.1))
    lan.run(ms(5))
    expect(lan.holders('r')).toEqual(['a'])
    lan.run(seconds(20))
    expect(lan.transcript.filter((l) => l.includes('→ active')).length).toBe(2) // a at first, b once; a never left active
    expect(a.told.filter((e) => e.type === 'stall').map((e) => e.data)).toEqual([
      { reason: 'event-loop-late', planned: false, impact: 'degraded', lateMs: 4977 },
    ])
  })

  test('a short stall of a backup starts nothing', () => {
    const { lan, b } = three()
    b.stall(ms(900))
    lan.run(seconds(20))
    expect(lan.holders('r')).toEqual(['a'])
    expect(lan.transcript.filter((l) => l.includes('→ active')).length).toBe(1)
  })

  test('all hosts paused together for a moment, as virtual machines are: nobody takes over', () => {
    const { lan, a, b, c } = three({ interval: 0.01 })
    for (const pause of [25, 35, 45, 55, 70]) {
      for (const h of [a, b, c]) h.stall(ms(pause))
      lan.run(seconds(1))
    }
    expect(lan.holders('r')).toEqual(['a'])
    expect(lan.transcript.filter((l) => l.includes('→ active')).length).toBe(1)
  })

  test('a stalled backup hears what waited before it believes that the active host has gone', () => {
    const { lan, b } = three()
    b.stall(ms(3500))
    lan.run(seconds(20))
    expect(lan.transcript.filter((l) => l.includes('→ active')).length).toBe(1)
  })
})

describe('a wall clock', () => {
  /** Priorities and times of all that was sent. */
  function sent(step?: (h: SimHost) => void) {
    const { lan, a, b, c } = three({ interval: 0.1 })
    step?.(a)
    lan.run(seconds(3))
    step?.(b)
    a.crash()
    lan.run(seconds(3))
    step?.(c)
    lan.run(seconds(3))
    expect(lan.holders('r')).toEqual(['b'])
    return [a, b, c].map((h) => h.sent.map((s) => [s.at, s.payload[2]]))
  }
  test.each([['back by a day', -86_400_000], ['forward by a year', 365 * 86_400_000]])('that is set %s changes nothing', (_, d) => {
    expect(sent((h) => h.stepClock(ms(d)))).toEqual(sent())
  })
})

describe('a service address removed by hand', () => {
  test('is put back at once, without giving up active', () => {
    const { lan, a } = three()
    a.removeAddress(0x0a000064)
    expect(lan.holders('r')).toEqual(['a'])
    expect(a.told.at(-1)).toMatchObject({ type: 'addresses.repaired', data: { addresses: ['10.0.0.100/24'] } })
    expect(a.state('r')).toBe('active')
  })
})
