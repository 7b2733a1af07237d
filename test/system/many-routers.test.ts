/** Hosts with many routers: their advertisements come in bursts. */
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic } from '../../lab/clock.ts'
import { clusterOf, groupOf, ROUTER, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
const NUMBERS = Array.from({ length: 80 }, (_, i) => i + 1)
const addressOf = (n: number) => `10.53.1.${n}`

describe.skipIf(absent)(title('a host with 81 routers'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  it('that thaws hears of all of them who serves now before it takes any back', async () => {
    const routers = Object.fromEntries(NUMBERS.map((n) => [`r${n}`, { vrid: n, addresses: [`${addressOf(n)}/32`] }]))
    const group = groupOf([A, B], { interval: 0.2 })
    stage = await stageOf([A, B], () => clusterOf([A, B], {}, { groups: { dns: { ...group, routers: { [ROUTER]: group.routers[ROUTER], ...routers } } } }))
    const { holders } = stage, all = [SERVICE.ipv4, ...NUMBERS.map(addressOf)]
    const settled = (host: string) => Promise.all(all.map((a) => holders.settled(a, [host], { within: 20_000, calm: 500 })))
    await stage.start(B)
    await settled(B)
    stage.daemon(B).signal('SIGSTOP')
    await stage.start(A)
    await settled(A)
    const thawed = monotonic()
    stage.daemon(B).signal('SIGCONT')
    await stage.daemon(B).said(/testdns0: active → backup: outranked/)
    await settled(A)
    expect(holders.journal.filter((c) => c.at > thawed && c.host === B)).toEqual([])
    expect(stage.daemon(B).lines.filter((l) => l.msg.includes('cannot send or receive'))).toEqual([])
  })
})
