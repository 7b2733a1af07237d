/** Real time: what the kernel allows is in force, what it refuses is said, and the election goes on either way. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { root } from '../../lab/program.ts'
import { clusterOf, stateOf } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('setpriv', 'prlimit', 'chrt')
const about = (name: string) => readFileSync(`/proc/self/${name}`, 'utf8')
/** CAP_IPC_LOCK, bit 14 of capabilities(7), which counts for nothing inside a user namespace. */
const effective = BigInt(`0x${/^CapEff:\s*(\S+)$/m.exec(about('status'))?.[1] ?? '0'}`)
const isRoot = /^ *0 +0 +4294967295$/m.test(about('uid_map'))
const mayLock = (effective & (1n << 14n)) !== 0n && isRoot
/** CAP_SYS_NICE, bit 23. */
const mayPrefer = (effective & (1n << 23n)) !== 0n && isRoot
const groupsSessions = existsSync('/proc/self/autogroup')
const without = (right: string, ...limits: string[]) => ['setpriv', `--bounding-set=-${right}`, `--inh-caps=-${right}`, 'prlimit', ...limits]
const UNLOCKED = without('ipc_lock', '--memlock=65536'), UNPREFERRED = without('sys_nice', '--rtprio=0', '--nice=0')

/** Scheduling classes of the threads of a process, field 41 of proc_pid_stat(5), and their niceness. */
function threads(pid: number): string[] {
  const all = readdirSync(`/proc/${pid}/task`).map((tid) => {
    const policy = Number(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8').split(') ')[1]?.split(' ')[38])
    return `${Number(tid) === pid ? 'first' : 'another'}: ${['ordinary', 'fifo', 'rr'][policy]} ${policy === 0 ? getPriority(Number(tid)) : ''}`.trim()
  })
  return [...new Set(all)].sort()
}

describe.skipIf(absent)(title('a daemon'), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  async function start(realtime: { policy?: 'fifo' | 'rr' | 'off'; priority?: number }, ...before: readonly string[]) {
    stage = await stageOf([A, B], () => clusterOf([A, B], {}, { realtime }))
    const { lab, file } = stage, host = stage.host(A), lines: string[] = []
    const daemon = lab.start(host, [
      ...before, process.execPath, path.join(root, 'cli/main.ts'), 'daemon',
      '--config', file, '--host', A, '--state', stateOf(lab, host),
    ], { onLine: (l) => lines.push(l) })
    await stage.holds(A, { within: 20_000 })
    // It goes on advertising: the other host waits.
    await stage.start(B)
    await stage.holds(A, { calm: 2000 })
    const about = (name: string) => readFileSync(`/proc/${daemon.pid}/${name}`, 'utf8')
    const { stdout: chrt } = spawnSync('chrt', ['-p', String(daemon.pid)], { encoding: 'utf8' })
    const seen = { chrt, threads: threads(daemon.pid), lockedKb: Number(/^VmLck:\s*(\d+) kB$/m.exec(about('status'))?.[1]), session: groupsSessions ? about('autogroup') : '' }
    await daemon.stop()
    const refusals = lines.filter((l) => l.includes('the kernel refuses'))
    return { ...seen, refusals, ended: await daemon.ended }
  }
  const skipped = (may: boolean, needed: string) => (may ? '' : ` (skipped: needs ${needed})`)

  it.skipIf(!mayLock || !mayPrefer)(`runs its first thread ahead of others, and locks its program in memory${skipped(mayLock && mayPrefer, 'root')}`, async () => {
    const seen = await start({})
    expect(seen).toMatchObject({ threads: ['another: ordinary 0', 'first: rr'], refusals: [], ended: 0 })
    expect(seen.lockedKb).toBeGreaterThan(20_000)
    expect(seen.chrt).toMatch(/SCHED_RR.*\n.*priority: 20\n/)
  })

  it.skipIf(!mayLock || !mayPrefer)(`takes the class that it is told${skipped(mayLock && mayPrefer, 'root')}`, async () => {
    expect(await start({ policy: 'fifo', priority: 10 })).toMatchObject({ threads: ['another: ordinary 0', 'first: fifo'], refusals: [], ended: 0 })
  })

  it.skipIf(!mayPrefer)(`in the ordinary class comes before others with the thread of the election alone${skipped(mayPrefer, 'root')}`, async () => {
    const seen = await start({ policy: 'off' })
    expect(seen).toMatchObject({ threads: ['another: ordinary 0', 'first: ordinary -10'], lockedKb: 0, ended: 0 })
    expect(seen.session).toMatch(groupsSessions ? /nice 0$/m : /^$/)
  })

  it('says once that it may not lock memory, and goes on', async () => {
    const { lockedKb, refusals, ended } = await start({ policy: 'fifo' }, ...UNLOCKED)
    expect(lockedKb).toBe(0)
    expect(refusals.filter((l) => l.includes('lock'))).toEqual([expect.stringContaining('mlock2: ENOMEM')])
    expect(ended).toBe(0)
  })

  it('says once that it may not run ahead of others: a warning only where that was asked for', async () => {
    const asked = await start({ policy: 'rr' }, ...UNPREFERRED)
    expect(asked.refusals.filter((l) => l.includes('class rr'))).toEqual([expect.stringMatching(/"warn".*priority 20: grant CAP_SYS_NICE/)])
    stage.close()
    const byItself = await start({}, ...UNPREFERRED)
    expect(byItself.refusals.filter((l) => l.includes('class rr'))).toEqual([expect.stringMatching(/"info".*priority 20: grant CAP_SYS_NICE/)])
    expect(byItself).toMatchObject({ threads: ['another: ordinary 0', 'first: ordinary 0'], ended: 0 })
  })
})
