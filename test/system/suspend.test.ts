/** The clock of the loop counts the time in which the machine was suspended; the timers of Node do not. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { root } from '../../lab/program.ts'
import { found, needs } from './needs.ts'

const { absent, title } = needs('unshare')
/** A time namespace (time_namespaces(7)) stands for a machine that slept for so long: CLOCK_MONOTONIC is as it was. */
const SLEPT_SECONDS = 100_000

describe.skipIf(absent)(title('after suspend'), () => {
  it('the clock has gone on', () => {
    const clock = path.join(root, 'daemon', 'io', 'clock.ts')
    const script = `const { openClock } = await import(${JSON.stringify(clock)})
      console.log(openClock({ packetsSeen: () => 0, drain() {} }).now())`
    const awake = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
    const { stdout, stderr } = spawnSync(found('unshare'), ['--time', '--boottime', String(SLEPT_SECONDS), '--fork', process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stderr).toBe('')
    const after = Number(stdout) - awake
    expect(after).toBeGreaterThan(100_000_000 - 1000)
    expect(after).toBeLessThan(100_000_000 + 60_000)
  })
})
