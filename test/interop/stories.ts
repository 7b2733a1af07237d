/** What is played one after the other, and in which order it can be. After each case one host holds the addresses. */
import { monotonic } from '../../lab/clock.ts'
import { cases, lose, measure, stays, stop, unplug, type Case } from './cases.ts'
import { calm, other, OURS, patience, THEIRS, type Setting } from './setting.ts'

export type Story = Readonly<Record<string, Case>>

/**
 * Two routers that move together. A host that sees one of its links go down gives up both, also the one that it could go on
 * serving, and the other host takes both.
 */
export const together = {
  elect: cases.elect, crash: cases.crash, return: cases.return, order: cases.order, orderBack: cases.orderBack,
  cutFirst: (e, s) => unplug(e, s, s.higher, 0),
  plugFirst: (e, s) => measure(e, s, e.link(0).plug(e.host[s.higher]), s.higher),
  cutSecond: (e, s) => unplug(e, s, s.higher, 1),
  plugSecond: (e, s) => measure(e, s, e.link(1).plug(e.host[s.higher]), s.higher),
  stop: cases.stop,
} as const satisfies Story

/** It returns with one of its links down, and waits for that. */
export const returnHalf: Case = (e, s) => stays(e, s, other(s.higher), () => e.start(s.higher, 1))

/** `preempt: off` here, `nopreempt` there: whoever is active stays so until it fails. The better one begins. */
export const staying = {
  async elect(e, s) {
    await e.start(s.higher)
    const at = monotonic()
    const settled = await e.holds(s.higher, { within: patience(s), calm: calm(s) })
    await stays(e, s, s.higher, () => e.start(other(s.higher)))
    return { moved: Math.max(0, settled - at), outage: 0 }
  },
  /** Out of service it is far worse than keepalived, and keepalived lets it go on. */
  async order(e, s) {
    await e.connected()
    await stays(e, s, OURS, () => e.broker.order(`#${OURS}\n${THEIRS}`))
    return stays(e, s, OURS, () => e.broker.order(`${OURS}\n${THEIRS}`))
  },
  crash: cases.crash,
  return: (e, s) => stays(e, s, other(s.higher), () => e.start(s.higher)),
  crashOther: (e, s) => lose(e, s, e.crash(other(s.higher)), other(s.higher)),
  returnOther: (e, s) => stays(e, s, s.higher, () => e.start(other(s.higher))),
  cut: (e, s) => unplug(e, s, s.higher, 0),
  plug: (e, s) => stays(e, s, other(s.higher), () => e.joins(s.higher, () => { e.link(0).plug(e.host[s.higher]) })),
  stopOther: (e, s) => stop(e, s, other(s.higher)),
} as const satisfies Story

/** keepalived takes no orders. */
const ORDERS: readonly string[] = ['order', 'orderBack']

/** The cases that can be played with a setting. */
export function storyOf(s: Setting): readonly (readonly [string, Case])[] {
  const story: Story = s.together ? together : s.preempt === 'off' ? staying : cases
  return Object.entries(story).filter(([name]) => s.higher === OURS || !ORDERS.includes(name))
}
