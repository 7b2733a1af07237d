/**
 * Asks again and again, at the interval of the check, and tells every result. A result that differs from the one before
 * is looked into sooner, so that `fall: 2` protects against a lost packet without doubling the time to notice a dead server.
 */
import { performance } from 'node:perf_hooks'
import type { Probe } from '../../ports.ts'
import { ask } from './dns.ts'

/** Part of the interval to wait after a result that came as a surprise. */
const SOONER = 1 / 5

export const startProbe: Probe = (check, result) => {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let before: boolean | undefined
  const round = async () => {
    const began = performance.now()
    const verdict = await ask(check.dns, check.timeout)
    const tookMs = performance.now() - began
    if (stopped) return
    result({ ...verdict, tookMs: Math.round(tookMs * 10) / 10 })
    const wait = before === undefined || before === verdict.ok ? check.interval : check.interval * SOONER
    before = verdict.ok
    timer = setTimeout(() => void round(), Math.max(0, wait - tookMs))
  }
  void round()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
