/** What an operator may do to a host without thinking of VRRP. */
import { afterEach, describe, expect, it } from 'vitest'
import { clusterOf, SERVICE, startDaemon, startUnderstudy, stateOf } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()

describe.skipIf(absent)(title('a host'), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())
  const begin = async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B]))
    await stage.elect(A, B)
  }
  const ip = (name: string, ...words: string[]) => stage.lab.output(stage.host(name), ['ip', ...words])

  it('that gets another address goes on from that one, and nobody serves twice', async () => {
    await begin()
    ip(A, 'address', 'del', `${stage.host(A).ipv4}/24`, 'dev', 'eth0')
    ip(A, 'address', 'add', '10.53.0.31/24', 'dev', 'eth0')
    await stage.daemon(A).said(/active → initialize: interface-down/)
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 500 })
    expect(stage.daemon(A).alive).toBe(true)
  })

  it('whose carrier goes and comes takes part again', async () => {
    await begin()
    stage.lab.cut(stage.host(A), 'carrier')
    await stage.holders.settled(SERVICE.ipv4, [B], { calm: 300 })
    stage.lab.plug(stage.host(A))
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 300 })
  })

  it('that runs a daemon refuses a second one', async () => {
    await begin()
    const second = startDaemon(stage.lab, stage.host(A), stage.file)
    await second.said(/another daemon of the cluster test runs on this host/)
    expect(await second.ended).toBe(3)
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 300 })
  })

  it('whose IPv6 is switched off leaves its addresses to another', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B], {}, {
      groups: { dns: { hosts: [A, B], defaults: { interface: 'eth0', interval: 0.1 }, routers: { testdns0: { vrid: 210, addresses: [`${SERVICE.ipv6}/64`] } } } },
    }))
    const b = await stage.start(B)
    await stage.holders.settled(SERVICE.ipv6, [B], { calm: 200 })
    const a = startUnderstudy(stage.lab, stage.host(A), 'daemon', '--config', stage.file, '--host', A, '--state', stateOf(stage.lab, stage.host(A)))
    await a.said(/backup → active/)
    await stage.holders.settled(SERVICE.ipv6, [A], { calm: 200 })
    stage.lab.output(stage.host(A), ['sysctl', '-q', 'net.ipv6.conf.eth0.disable_ipv6=1'])
    await stage.holders.settled(SERVICE.ipv6, [B], { calm: 500 })
    expect(b.alive && a.alive).toBe(true)
  })
})
