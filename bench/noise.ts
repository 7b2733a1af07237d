/** How quiet the machine was: what another program that only sleeps experienced meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Noise {
  /** Milliseconds by which this process woke up too late: in 99 of 100 cases less than the first. */
  readonly p99: number
  readonly worst: number
}

/** Measures until asked. The timer's grain of 1 ms is taken off. */
export function startNoise(): () => Noise {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1)
  return () => {
    delay.disable()
    return { p99: late(delay.percentile(99)), worst: late(delay.max) }
  }
}

export const inWords = (n: Noise) => `${n.p99.toFixed(1)} / ${n.worst.toFixed(1)}`
