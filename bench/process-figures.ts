/** What the kernel counts of a process and its children: processor time and resident memory. */
import { readFileSync, readdirSync } from 'node:fs'

/** Ticks of `utime` and `stime` in a second (USER_HZ). */
const TICKS = 100

/** The process and all below it. */
export function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter((c) => c !== '').map(Number)
    } catch {
      return []
    }
  })
  return [pid, ...children.flatMap(family)]
}

export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, p) => {
    const fields = readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS
  }, 0)
}

export function residentKib(pid: number): number {
  const of = (p: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p}/status`, 'utf8'))?.[1] ?? 0)
  return family(pid).reduce((sum, p) => sum + of(p), 0)
}
