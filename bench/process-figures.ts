/** What the kernel counts of a process and its children: processor time and resident memory. */
import { readFileSync, readdirSync } from 'node:fs'

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

/** Of the threads that live, to the nanosecond (the first field of schedstat), where proc_pid_stat(5) counts hundredths. */
export function cpuSeconds(pid: number): number {
  const threads = family(pid).flatMap((p) => readdirSync(`/proc/${p}/task`).map((t) => `/proc/${p}/task/${t}/schedstat`))
  return threads.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e9, 0)
}

export function residentKib(pid: number): number {
  const of = (p: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p}/status`, 'utf8'))?.[1] ?? 0)
  return family(pid).reduce((sum, p) => sum + of(p), 0)
}
