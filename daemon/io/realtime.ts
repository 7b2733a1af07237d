/** Asks the kernel to run this process before others. What it refuses is said once, with the remedy. */
import type { Config } from '../../contract/config.ts'
import type { Log } from '../ports.ts'
import * as kernel from './kernel.ts'

const SCHED = { fifo: 1, rr: 2 } as const

/** Memory is not locked here: V8 gives pages back with madvise, which fails on locked ones, and then ends the process. */
export function runInRealTime({ policy, priority }: Config['realtime'], log: Log): void {
  if (policy === 'off') return
  try {
    kernel.schedule(SCHED[policy], priority)
  } catch (error) {
    log.warn({ error: String(error) }, `the kernel refuses scheduling class ${policy} at priority ${priority}: grant CAP_SYS_NICE, or CPUSchedulingPolicy= in systemd`)
  }
}
