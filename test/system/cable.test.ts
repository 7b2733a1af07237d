/** Cables cut and plugged again: one holder on what is connected. */
import { afterEach, describe, expect, it } from 'vitest'
import { clusterOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, C, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
/** Three intervals of 0.1 s, a skew, and a busy machine. */
const TAKEOVER = 1200

describe.skipIf(absent)(title('a cable'), { timeout: 40_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())
  const begin = async () => {
    stage = await stageOf([A, B, C], () => clusterOf([A, B, C]))
    await stage.elect(A, B, C)
  }

  it('cut and plugged at the active host, and nobody is told: the next host serves, then the first again', async () => {
    await begin()
    const cut = stage.lab.cut(stage.host(A))
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) {
      expect(await stage.holders.change({ host: B, address, held: true }, cut) - cut).toBeLessThan(TAKEOVER)
    }
    await stage.holders.settled(SERVICE.ipv4, [A, B], { calm: 300 })
    const plugged = stage.lab.plug(stage.host(A))
    await stage.holds(A, { calm: 500 })
    const after = stage.holders.journal.filter((c) => c.at > plugged && c.address === SERVICE.ipv4)
    expect(after.map((c) => `${c.host}${c.held ? '+' : '-'}`)).toEqual(['b-'])
  })

  it('unplugged at the active host, which notices: it releases the addresses at once', async () => {
    await begin()
    const cut = stage.lab.cut(stage.host(A), 'carrier')
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) {
      expect(await stage.holders.change({ host: A, address, held: false }, cut) - cut).toBeLessThan(TAKEOVER)
    }
    await stage.holds(B)
    expect(await stage.daemon(A).said(/interface eth0 is down/)).toMatchObject({ level: 'warn' })
    const plugged = stage.lab.plug(stage.host(A))
    await stage.holds(A, { calm: 500 })
    expect(stage.holders.gap(SERVICE.ipv4, plugged)).toBeLessThan(50)
  })

  it('cut at a backup: it serves those on its side, and gives way when the cable is plugged', async () => {
    await begin()
    const cut = stage.lab.cut(stage.host(B))
    await stage.holders.change({ host: B, address: SERVICE.ipv4, held: true }, cut)
    await stage.holders.settled(SERVICE.ipv4, [A, B], { calm: 300 })
    stage.lab.plug(stage.host(B))
    await stage.holds(A, { calm: 500 })
    expect(stage.holders.journal.filter((c) => c.host === A && !c.held && c.at > cut)).toEqual([])
  })
})
