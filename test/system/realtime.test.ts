/** Real time: what the kernel allows is in force, what it refuses is said, and the election goes on either way. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { root } from '../../lab/program.ts'
import { clusterOf, stateOf } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('setpriv', 'prlimit')
const about = (name: string) => readFileSync(`/proc/self/${name}`, 'utf8')
/** CAP_IPC_LOCK, bit 14 of capabilities(7), which counts for nothing inside a user namespace. */
const effective = BigInt(`0x${/^CapEff:\s*(\S+)$/m.exec(about('status'))?.[1] ?? '0'}`)
const isRoot = /^ *0 +0 +4294967295$/m.test(about('uid_map'))
const mayLock = (effective & (1n << 14n)) !== 0n && isRoot
/** CAP_SYS_NICE, bit 23; and a kernel that groups by sessions. */
const mayPrefer = (effective & (1n << 23n)) !== 0n && isRoot && existsSync('/proc/self/autogroup')
const LIMITED = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock', 'prlimit', '--memlock=65536']

/** Which threads of a process have SCHED_FIFO: field 41 of proc_pid_stat(5). */
function threads(pid: number) {
  const all = readdirSync(`/proc/${pid}/task`).map((tid) => {
    const policy = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8').split(') ')[1]?.split(' ')[38]
    return { who: Number(tid) === pid ? 'first' : 'another', fifo: policy === '1' }
  })
  return { realTime: all.filter((t) => t.fifo).map((t) => t.who), ordinary: all.filter((t) => !t.fifo).map((t) => t.who) }
}

describe.skipIf(absent || !mayPrefer)(title(`a daemon in the ordinary class${mayPrefer ? '' : ' (skipped: needs root, and a kernel with autogroup)'}`), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  it('comes before others with the thread of the election alone', async () => {
    stage = await stageOf([A], () => clusterOf([A]))
    const { pid } = await stage.start(A)
    await stage.holds(A, { within: 20_000 })
    const threads = readdirSync(`/proc/${pid}/task`).map(Number)
    const niceness = new Set(threads.map((tid) => `${tid === pid ? 'first' : 'another'} ${getPriority(tid)}`))
    expect([...niceness].sort()).toEqual(['another 0', 'first -10'])
    expect(readFileSync(`/proc/${pid}/autogroup`, 'utf8')).toMatch(/nice 0$/m)
  })
})

describe.skipIf(absent)(title('a daemon in real time'), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  async function start(...before: readonly string[]) {
    stage = await stageOf([A, B], () => clusterOf([A, B], {}, { realtime: { policy: 'fifo', priority: 10 } }))
    const { lab, file } = stage, host = stage.host(A), lines: string[] = []
    const daemon = lab.start(host, [
      ...before, process.execPath, path.join(root, 'cli/main.ts'), 'daemon',
      '--config', file, '--host', A, '--state', stateOf(lab, host),
    ], { onLine: (l) => lines.push(l) })
    await stage.holds(A, { within: 20_000 })
    // It goes on advertising: the other host waits.
    await stage.start(B)
    await stage.holds(A, { calm: 2000 })
    const locked = Number(/^VmLck:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1])
    const seen = threads(daemon.pid)
    await daemon.stop()
    const refusals = lines.filter((l) => l.includes('the kernel refuses to lock memory'))
    return { locked, refusals, seen, ended: await daemon.ended }
  }

  it.skipIf(!mayLock)(`runs its first thread ahead of others, and locks its program in memory${mayLock ? '' : ' (skipped: needs root)'}`, async () => {
    const { locked, refusals, seen, ended } = await start()
    expect(seen).toEqual({ realTime: ['first'], ordinary: expect.arrayContaining(['another']) })
    expect(locked).toBeGreaterThan(20_000)
    expect(refusals).toEqual([])
    expect(ended).toBe(0)
  })

  it('says once that it may not, and goes on', async () => {
    const { locked, refusals, ended } = await start(...LIMITED)
    expect(locked).toBe(0)
    expect(refusals).toEqual([expect.stringContaining('mlock2: ENOMEM')])
    expect(ended).toBe(0)
  })
})
