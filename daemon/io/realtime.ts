/**
 * Asks the kernel to run this process before others and to keep its program in memory. What it refuses is said once,
 * with the remedy.
 */
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import type { Config } from '../../contract/config.ts'
import type { Log } from '../ports.ts'
import * as kernel from './kernel.ts'

const NICE = -10
/** The shortest there is: who wants little at a time is let in first. */
const SLICE_NANOSECONDS = 100_000
const SCHED = { fifo: 1, rr: 2 } as const
/** sched(7): threads and processes that the election's thread starts are ordinary ones, and never in its way. */
const SCHED_RESET_ON_FORK = 0x4000_0000

export function runInRealTime({ policy, priority }: Config['realtime'], log: Log): void {
  if (policy === 'off') return beforeOthers(log)
  const wanted = policy === 'auto' ? 'rr' : policy
  // Of what nobody asked for a refusal is no warning.
  const refused: Log['warn'] = (fields, text) => log[policy === 'auto' ? 'info' : 'warn'](fields, text)
  try {
    if (policy !== 'auto' || isOrdinary()) kernel.schedule(SCHED[wanted] | SCHED_RESET_ON_FORK, priority)
  } catch (error) {
    refused({ error: String(error) }, `the kernel refuses scheduling class ${wanted} at priority ${priority}: grant CAP_SYS_NICE, or CPUSchedulingPolicy= in systemd`)
    beforeOthers(log)
  }
  lockMemory(refused)
}

/** systemd may have given us a better class. */
const isOrdinary = (): boolean => (kernel.schedulingClass() & ~SCHED_RESET_ON_FORK) === 0

/**
 * An ordinary thread, but ahead of other ordinary ones. Nobody asked for it, so a refusal is no news. Not the session
 * (autogroup): the thread that speaks MQTT would come before name servers, and planned moves then lose queries.
 */
function beforeOthers(log: Log): void {
  if (!isOrdinary()) return
  for (const niceness of [NICE, getPriority()]) {
    try {
      return kernel.scheduleSoon(niceness, SLICE_NANOSECONDS)
    } catch (error) {
      log.debug({ error: String(error) }, `the kernel refuses niceness ${niceness} in short slices`)
    }
  }
}

/** What has been locked before the kernel refuses stays locked. */
function lockMemory(refused: Log['warn']): void {
  try {
    for (const { start, length } of lockable(readFileSync('/proc/self/maps', 'utf8'))) kernel.lockOnFault(start, length)
  } catch (error) {
    const remedy = 'grant CAP_IPC_LOCK, or LimitMEMLOCK=infinity in systemd'
    refused({ error: String(error) }, `the kernel refuses to lock memory: ${remedy}`)
  }
}

export interface Range { readonly start: number; readonly length: number }

/**
 * The mappings of proc_pid_maps(5) that can be locked: private ones of files, which are programs and libraries, and
 * `[heap]`, which is malloc's. Not memory without a name, where V8 has its heap: V8 gives pages back with madvise, which
 * fails on locked ones, and then ends the process. Not `[stack]`: where the limit on locked memory keeps a locked stack
 * from growing, the kernel ends the process.
 */
export function lockable(maps: string): Range[] {
  const found = maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) (?!---)...p \S+ \S+ \S+ +(?:\/(?!dev\/|memfd:)|\[heap\]$)/gm)
  return [...found].map(([, from = '', to = '']) => {
    const start = Number.parseInt(from, 16)
    return { start, length: Number.parseInt(to, 16) - start }
  })
}
