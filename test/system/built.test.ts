/** Understudy as it is shipped: compiled, the daemon packed into a small process. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../lab/clock.ts'
import { writeCluster } from '../../lab/cluster.ts'
import { watchHolders } from '../../lab/holders.ts'
import { createLab } from '../../lab/net.ts'
import { root } from '../../lab/program.ts'
import type { Running } from '../../lab/process.ts'
import { groupOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'

const { absent, title } = needs()
const FOLDER = '.runtime/built'
const understudy = path.join(root, FOLDER, 'cli/main.js')
const MIB = 1024

const residentKib = (of: Running) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${of.pid}/status`, 'utf8'))?.[1])

describe.skipIf(absent)(title('as shipped'), { timeout: 60_000 }, () => {
  beforeAll(() => {
    expect(spawnSync('sh', ['setup/build', FOLDER], { cwd: root, encoding: 'utf8' })).toMatchObject({ status: 0 })
  })

  it('elects, obeys an order and a changed file, in less than 90 MiB', async () => {
    const lab = createLab(['a', 'b'])
    try {
      const holders = await watchHolders(lab)
      const cluster = writeCluster(lab, 'built', { groups: { dns: { ...groupOf(['a', 'b']), hosts: ['a', 'b'] } } }, understudy)
      cluster.startBroker()
      const daemons = lab.hosts.map((host) => cluster.startDaemon(host))
      await holders.settled(SERVICE.ipv4, ['a'], { calm: 300, within: 20_000 })

      const words = ['order', 'set', 'dns', 'b', 'a', '--config', cluster.file, '--as', cluster.operator.user]
      expect(await lab.start(lab.ops, [process.execPath, understudy, ...words]).ended).toBe(0)
      await holders.settled(SERVICE.ipv4, ['b'], { calm: 300 })

      const [a] = daemons as [Running, Running]
      a.signal('SIGHUP')
      expect(await until(() => readFileSync(path.join(path.dirname(cluster.file), 'log/a.log'), 'utf8').includes('the changed cluster file is in force'), 10_000)).toBe(true)
      for (const daemon of daemons) expect(residentKib(daemon)).toBeLessThan(90 * MIB)
      await holders.settled(SERVICE.ipv4, ['b'], { calm: 300 })
    } finally {
      lab.close()
    }
  })

  const daemon = (...words: string[]) => spawnSync(process.execPath, [understudy, 'daemon', ...words], { encoding: 'utf8' })
  it('says what is wrong with a command line or a file, and stops', () => {
    expect(daemon('--hots', 'a')).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown option '--hots'") })
    expect(daemon('--config', '/nowhere')).toMatchObject({ status: 3, stderr: expect.stringContaining('cannot read /nowhere') })
  })

  it('does not print its packed program when it meets what nobody expected', () => {
    const file = path.join(root, FOLDER, 'cluster.yaml')
    writeFileSync(file, 'cluster: c\ngroups: {g: {hosts: [a], routers: {r: {vrid: 1, interface: eth0, addresses: [10.0.0.1/24]}}}}\n')
    const { status, stderr } = daemon('--config', file, '--host', 'a', '--state', '/dev/null/state')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^Error: ENOTDIR: not a directory, mkdir '\/dev\/null\/state'\n +at /)
    expect(stderr.length).toBeLessThan(2000)
  })
})
