/** Ways to run an election: unicast peers, one election for each family, the virtual MAC address. */
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../lab/clock.ts'
import { clusterOf, SERVICE, startDaemon } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
interface Link { readonly ifname: string; readonly address: string; readonly operstate: string; readonly addr_info: readonly { readonly local: string }[] }

describe.skipIf(absent)(title('an election'), { timeout: 30_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())
  const links = (name: string) => JSON.parse(stage.lab.output(stage.host(name), ['ip', '-j', 'address'])) as Link[]

  it('by unicast: nothing goes to the group, and the other host takes over', async () => {
    stage = await stageOf([A, B], (lab) => clusterOf([A, B], { unicast: { peers: { [A]: lab.host(A).ipv4, [B]: lab.host(B).ipv4 } } }))
    await stage.elect(A, B)
    const counted = stage.lab.output(stage.host(B), ['sh', '-c', 'timeout 1 tshark -i eth0 -f "ip proto 112 and dst 224.0.0.18" 2>/dev/null | wc -l'])
    expect(counted.trim()).toBe('0')
    stage.lab.crash(stage.host(A))
    await stage.holders.settled(SERVICE.ipv4, [B], { calm: 300 })
  })

  it('for each family: one may move without the other', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B], { election: 'per-family' }))
    stage.lab.output(stage.host(A), ['sysctl', '-q', 'net.ipv6.conf.eth0.disable_ipv6=1'])
    for (const name of [A, B]) startDaemon(stage.lab, stage.host(name), stage.file)
    await stage.holders.settled(SERVICE.ipv4, [A], { calm: 300 })
    await stage.holders.settled(SERVICE.ipv6, [B], { calm: 300 })
  })

  it('with the virtual MAC address: neighbours keep it across a crash', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B], { mac: 'virtual' }))
    const { lab } = stage
    for (const name of [A, B]) await stage.start(name)
    const carrier = (name: string) => links(name).find((l) => l.ifname === 'us210v4-eth0')
    const holds = (name: string) => carrier(name)?.addr_info.some((a) => a.local === SERVICE.ipv4) === true
    await until(() => holds(A) && !holds(B), 10_000)
    expect(carrier(A)?.address).toBe('00:00:5e:00:01:d2')
    expect(carrier(B)?.operstate).toBe('DOWN')
    const learnt = () => lab.output(lab.client, ['sh', '-c',
      `bash -c 'exec 3<>/dev/udp/${SERVICE.ipv4}/9; echo x >&3' ; ip -4 neigh show ${SERVICE.ipv4} | grep -o '..:..:..:..:..:..'`]).trim()
    await until(() => learnt() === '00:00:5e:00:01:d2', 5000)
    lab.crash(lab.host(A))
    await until(() => holds(B), 10_000)
    expect(learnt()).toBe('00:00:5e:00:01:d2')
    await stage.daemon(B).stop()
    expect(carrier(B)).toBeUndefined()
  })
})
