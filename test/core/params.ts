/** One backup of rank 1, priority 240, at 10.0.0.2, with timers of one second, as the letter of RFC 9568 has it. */
import { ms, type Instant } from '../../contract/time.ts'
import { step, type Active, type Backup, type Input, type Params, type State,
  type Step } from '../../daemon/core/election.ts'

export const OURS = 0x0a000002, BEFORE_US = 0x0a000001, AFTER_US = 0x0a000003

export const params = (changes: Partial<Params> = {}): Params => ({
  priority: 240, cause: 'started', interval: ms(1000), inStep: false, version: 3, preempt: 'rfc', primary: OURS, preemptDelay: ms(0),
  rank: 1, foremost: false, bandFloor: 230, missed: 3, announce: { repeatAfter: ms(5000), refresh: ms(0) }, ...changes,
})
export const at = (t: number): Instant => t as Instant
export const heard = (priority: number, from = BEFORE_US, interval = 1000): Input =>
  ({ is: 'heard', from, advert: { priority, interval: ms(interval) } })
export const tick: Input = { is: 'tick' }

/** Follows 10.0.0.1 at 250, last heard at 0. */
export const backup = (changes: Partial<Backup> = {}): Backup => ({
  at: 'backup', activeInterval: ms(1000), downAt: at(3062.5), because: 'active-silent',
  heard: { from: BEFORE_US, priority: 250, at: at(0) }, ...changes,
})
/** Active since 0, with nothing left to announce. */
export const active = (changes: Partial<Active> = {}): Active =>
  ({ at: 'active', advertiseAt: at(1000), announceAt: [], announcedAt: at(0), ...changes })

/** Several inputs one after the other; the last step. */
export function play(p: Params, s: State, ...inputs: readonly (readonly [number, Input])[]): Step {
  let last: Step = { state: s, effects: [] }
  for (const [now, input] of inputs) last = step(p, last.state, input, at(now))
  return last
}
