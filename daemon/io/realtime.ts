/** Asks the kernel to run this process before others and to keep it in memory. What it refuses is said once, with the remedy. */
import type { Config } from '../../contract/config.ts'
import type { Log } from '../ports.ts'
import * as kernel from './kernel.ts'

const SCHED = { fifo: 1, rr: 2 } as const
const MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4

export function runInRealTime(wish: Config['realtime'], log: Log): void {
  const attempt = (what: string, remedy: string, call: () => void) => {
    try {
      call()
    } catch (error) {
      log.warn({ error: String(error) }, `the kernel refuses ${what}: ${remedy}`)
    }
  }
  // Memory that is touched later is locked when it is touched: locking all of V8's reserved space at once would not fit.
  if (wish.lockMemory) attempt('to lock memory', 'grant CAP_IPC_LOCK, or LimitMEMLOCK=infinity in systemd', () => kernel.lockMemory(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
  const { policy } = wish
  if (policy !== 'off') attempt(`scheduling class ${policy} at priority ${wish.priority}`, 'grant CAP_SYS_NICE, or CPUSchedulingPolicy= in systemd', () => kernel.schedule(SCHED[policy], wish.priority))
}
