/** What a daemon remembers for the morning after: flight records, a recorded run, and word of a rival. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../lab/clock.ts'
import { replay } from '../../daemon/record.ts'
import { clusterOf, SERVICE, startUnderstudy, stateOf } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('tshark')
const PASSWORD = 'geheim42'

describe.skipIf(absent)(title('the morning after'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  it('a flight record opens in tshark, tells the story in words, and holds no password', async () => {
    stage = await stageOf([A, B], (lab) => {
      writeFileSync(path.join(lab.directory, 'pass'), `${PASSWORD}\n`)
      return clusterOf([A, B], { version: 2, interval: 1, authentication: { pass: { file: path.join(lab.directory, 'pass') } } })
    })
    await stage.elect(A, B)
    await stage.daemon(A).stop()
    const folder = path.join(stateOf(stage.lab, stage.host(B)), 'flight')
    const records = () => (existsSync(folder) ? readdirSync(folder).sort() : [])
    await until(() => records().some((f) => f.endsWith('.txt') && readFileSync(path.join(folder, f), 'utf8').includes('backup → active, active-left')), 10_000)
    const pcap = records().findLast((f) => f.endsWith('.pcap')) ?? ''
    const packets = stage.lab.output(stage.host(B), ['tshark', '-r', path.join(folder, pcap), '-T', 'fields', '-e', 'vrrp.prio', '-e', 'vrrp.checksum.status'])
    expect(packets).toMatch(/^1\t/m) // the farewell of the host that stopped
    expect(packets).not.toMatch(/\t0$/m) // no bad checksum
    for (const f of records()) expect(readFileSync(path.join(folder, f)).includes(PASSWORD)).toBe(false)
  })

  it('a recorded run can be played again', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B]))
    const { lab } = stage
    const file = path.join(lab.directory, 'run.jsonl')
    await stage.start(B)
    const recorded = startUnderstudy(lab, lab.host(A), 'daemon', '--config', stage.file, '--host', A, '--state', stateOf(lab, lab.host(A)), '--record', file)
    await stage.holds(A)
    await recorded.stop()
    const again = replay(readFileSync(file, 'utf8').split('\n'))
    expect(again.differences).toEqual([])
    expect(again.steps).toBeGreaterThan(3)
  })

  it('another machine that answers for a service address is told of, and that it stopped', async () => {
    stage = await stageOf([A, B], () => clusterOf([A]))
    await stage.elect(A)
    stage.lab.output(stage.host(B), ['ip', 'address', 'add', `${SERVICE.ipv4}/24`, 'dev', 'eth0'])
    expect((await stage.daemon(A).said(/two hosts are active/, 30_000)).msg).toContain(stage.lab.mac(stage.host(B)))
    stage.lab.output(stage.host(B), ['ip', 'address', 'del', `${SERVICE.ipv4}/24`, 'dev', 'eth0'])
    await stage.daemon(A).said(/only one host is active again/, 45_000)
  })
})
