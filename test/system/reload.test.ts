/** SIGHUP: a changed cluster file is applied without disturbing what did not change, or refused whole. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../lab/clock.ts'
import { clusterOf, groupOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
const SECOND = '10.53.0.211'

describe.skipIf(absent)(title('a changed cluster file'), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())
  const begin = async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B]))
    await stage.elect(A, B)
  }
  const changes = (of: string) => stage.holders.journal.filter((c) => c.address === of).length

  it('adds a router while the other goes on undisturbed', async () => {
    await begin()
    const before = changes(SERVICE.ipv4)
    const group = groupOf([A, B])
    writeFileSync(stage.file, JSON.stringify({ cluster: 'test', groups: { dns: { ...group, routers: { ...group.routers, second: { vrid: 211, addresses: [`${SECOND}/24`] } } } } }))
    for (const name of [A, B]) stage.daemon(name).signal('SIGHUP')
    expect(await stage.daemon(A).said(/changed cluster file is in force/)).toMatchObject({ kept: ['testdns0'], restarted: ['second'], ended: [] })
    await stage.holders.settled(SECOND, [A], { calm: 200 })
    expect(changes(SERVICE.ipv4)).toBe(before)
  })

  it('that tunes a router moves nothing: a longer lease comes with the next renewal', async () => {
    await begin()
    const before = [changes(SERVICE.ipv4), stage.daemon(A).lines.length] as const
    writeFileSync(stage.file, readFileSync(stage.file, 'utf8').replace('"vrid": 210', '"vrid": 210, "lease": 60, "missed": 5, "preemptDelay": 3'))
    for (const name of [A, B]) stage.daemon(name).signal('SIGHUP')
    expect(await stage.daemon(A).said(/changed cluster file is in force/)).toMatchObject({ kept: ['testdns0'], restarted: [] })
    const lifetime = () => Number(/valid_lft (\d+)sec/.exec(stage.lab.output(stage.host(A), ['ip', 'address', 'show', 'to', SERVICE.ipv4]))?.[1])
    expect(await until(() => lifetime() > 50, 3000)).toBe(true)
    expect(changes(SERVICE.ipv4)).toBe(before[0])
    expect(stage.daemon(A).lines.slice(before[1]).filter((l) => l.to !== undefined)).toEqual([])
  })

  it('that moves a router to another VRID hands its addresses over and back', async () => {
    await begin()
    writeFileSync(stage.file, readFileSync(stage.file, 'utf8').replace('"vrid": 210', '"vrid": 77'))
    stage.daemon(A).signal('SIGHUP')
    expect(await stage.daemon(A).said(/changed cluster file is in force/)).toMatchObject({ kept: [], restarted: ['testdns0'] })
    stage.daemon(B).signal('SIGHUP')
    await stage.daemon(B).said(/changed cluster file is in force/)
    await stage.holds(A)
  })

  it('that is wrong changes nothing, and every problem is told', async () => {
    await begin()
    const before = changes(SERVICE.ipv4)
    writeFileSync(stage.file, readFileSync(stage.file, 'utf8').replace('"vrid": 210', '"vrid": 300').replace('"interval": 0.1', '"intervall": 0.1'))
    stage.daemon(A).signal('SIGHUP')
    await stage.daemon(A).said(/reload refused, nothing changed/)
    const said = stage.daemon(A).lines.filter((l) => l.level === 'error').map((l) => l.msg).join('\n')
    expect(said).toMatch(/vrid: want 1 to 255/)
    expect(said).toMatch(/intervall/)
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 500 })
    expect(changes(SERVICE.ipv4)).toBe(before)
  })
})
