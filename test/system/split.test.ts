/** Two hosts that do not hear each other while clients reach both: what is told, and what clients know when it is over. */
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { createBroker, type Broker } from './broker.ts'
import { clusterOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('bridge', 'mosquitto_sub')
/** Within a second, and the advertisement that has to be heard first. */
const INTERVAL = 100, TOLD = 1000 + INTERVAL
/** The later repetitions are left out: only the end of the split can correct the neighbours. */
const announce = { repeatAfter: 0, refresh: 0 }

describe.skipIf(absent)(title('a split'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  it('heals: the better host alone holds the addresses, and within a second neighbours have its MAC address unasked', async () => {
    stage = await stageOf([A, B], () => clusterOf([A, B], { announce }))
    const { lab } = stage
    const [better, worse] = [A, B].map((name) => lab.mac(lab.host(name)))
    await stage.elect(A, B)
    ask()
    await until(() => neighbours().every((n) => n === `${better} REACHABLE`), 5000)
    expect(neighbours()).toEqual([`${better} REACHABLE`, `${better} REACHABLE`])

    isolated('on')
    await bothHold()
    // STALE: heard, not asked for.
    const known = [`${worse} STALE`, `${worse} STALE`]
    await until(() => neighbours().join() === known.join(), 5000)
    // The other one has nothing left to announce.
    await stage.holders.settled(SERVICE.ipv4, [A, B], { calm: 1500 })
    expect(neighbours()).toEqual(known)

    const healed = isolated('off')
    await until(() => neighbours().every((n) => n.startsWith(`${better} `)), 5000, 5)
    const took = monotonic() - healed
    expect(neighbours()).toEqual([`${better} STALE`, `${better} STALE`])
    expect(took).toBeLessThan(TOLD)
    await stage.holds(A, { calm: 500 })
    expect(neighbours()).toEqual([`${better} STALE`, `${better} STALE`])
    const changes = stage.holders.journal.filter((c) => c.at > healed && c.address === SERVICE.ipv4)
    expect(changes.map((c) => `${c.host}${c.held ? '+' : '-'}`)).toEqual(['b-'])
  })

  it('is told by both hosts with its likely cause, and that it is over', async () => {
    const { listener } = await withBroker()
    isolated('on')
    await bothHold()
    for (const [host, other] of [[A, B], [B, A]] as const) {
      const { data } = await listener.event('split-brain.suspected', (e) => e.host === host)
      expect(data).toMatchObject({ router: 'testdns0', other, reason: 'two-active', impact: 'degraded' })
      expect(data.detail).toContain('multicast or IP protocol 112 is blocked between us, or the network is split')
    }
    expect(listener.events('split-brain.cleared')).toEqual([])

    isolated('off')
    await stage.holds(A)
    for (const host of [A, B]) {
      const { data } = await listener.event('split-brain.cleared', (e) => e.host === host)
      expect(data).toMatchObject({ router: 'testdns0', reason: 'one-active', impact: 'none' })
    }
    expect(listener.events('split-brain.suspected').map((e) => e.host).sort()).toEqual([A, B])
  })

  it('in one direction is told by the host that hears the other one, as what it is', async () => {
    const { listener } = await withBroker()
    const { lab } = stage
    const deaf = lab.host(B)
    // No way back to a sender: the kernel drops what it sends (rp_filter).
    lab.output(deaf, ['sysctl', '-q', 'net.ipv4.conf.eth0.rp_filter=1'])
    lab.output(deaf, ['ip', 'route', 'add', 'blackhole', `${lab.host(A).ipv4}/32`])
    await bothHold()
    const { data } = await listener.event('split-brain.suspected', (e) => e.host === A)
    expect(data).toMatchObject({ router: 'testdns0', other: deaf.ipv4, reason: 'two-active', impact: 'degraded' })
    expect(data.detail).toContain('our advertisements do not reach it (IGMP snooping, a firewall on IP protocol 112, one-way loss)')

    lab.output(deaf, ['ip', 'route', 'delete', 'blackhole', `${lab.host(A).ipv4}/32`])
    await stage.holds(A)
    await listener.event('split-brain.cleared', (e) => e.host === A)
  })

  /** The switch forwards nothing from one host to the other; the client and the broker reach both. */
  function isolated(state: 'on' | 'off'): number {
    const { lab } = stage
    const at = monotonic()
    for (const name of [A, B]) lab.output(lab.switch, ['bridge', 'link', 'set', 'dev', lab.host(name).port, 'isolated', state])
    return at
  }

  async function bothHold(): Promise<void> {
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) await stage.holders.settled(address, [A, B], { calm: 300 })
  }

  /** The client sends something to the service addresses, and so learns who has them. */
  function ask(): void {
    const send = [SERVICE.ipv4, SERVICE.ipv6].map((address) => `exec 3<>/dev/udp/${address}/9; echo x >&3`).join('; ')
    stage.lab.output(stage.lab.client, ['bash', '-c', send])
  }

  /** What the client knows of them: MAC address and state. */
  function neighbours(): string[] {
    return [SERVICE.ipv4, SERVICE.ipv6].map((address) => {
      const entry = stage.lab.output(stage.lab.client, ['ip', 'neigh', 'show', address])
      return entry.replace(/^.* lladdr (\S+) (?:router )?(\S+)\s*$/s, '$1 $2')
    })
  }

  async function withBroker() {
    let broker: Broker | undefined
    stage = await stageOf([A, B], (lab) => {
      broker = createBroker(lab, 'embedded')
      return clusterOf([A, B], {}, broker.settings)
    })
    if (!broker) throw new Error('no stage')
    await broker.start()
    const listener = broker.listen()
    await stage.elect(A, B)
    for (const host of [A, B]) {
      await listener.event('router.state', (e) => e.host === host && e.data.to === (host === A ? 'active' : 'backup'))
    }
    return { listener }
  }
})
