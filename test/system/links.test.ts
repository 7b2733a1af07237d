/** Interfaces that are made anew or change under a running daemon, and more news of them than the kernel keeps. */
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, sleep, until } from '../../lab/clock.ts'
import { startSniffer, type Sniffer } from '../../lab/sniffer.ts'
import { createBroker, type Listener } from './broker.ts'
import { clusterOf, groupOf, ROUTER, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dumpcap', 'mosquitto_sub')
const NEW_MAC = '02:00:00:53:00:0b'
/** More than the kernel keeps for who does not read: each takes some kilobytes of the 8 MiB that it counts for 4 MiB. */
const TOO_MANY = 8000
interface Link {
  readonly ifindex: number; readonly ifname: string; readonly address: string; readonly addr_info: readonly { readonly local: string }[]
}

describe.skipIf(absent)(title('an interface'), { timeout: 90_000 }, () => {
  let stage: Stage, listener: Listener
  afterEach(() => stage?.close())

  async function begin(document: object, ...hosts: string[]): Promise<void> {
    stage = await stageOf([A, B], async (lab) => {
      const broker = createBroker(lab, 'embedded')
      await broker.start()
      listener = broker.listen()
      return { ...document, ...broker.settings }
    })
    if (hosts.length > 0) await stage.elect(...hosts)
  }
  const ip = (name: string, ...words: string[]) => stage.lab.output(stage.host(name), ['ip', ...words])
  const links = (name: string) => JSON.parse(ip(name, '-j', 'address')) as Link[]
  const link = (name: string, ifname = 'eth0') => links(name).find((l) => l.ifname === ifname)
  const held = (name: string, ifname = 'eth0') => link(name, ifname)?.addr_info.map((a) => a.local) ?? []

  function remove(name: string): void {
    ip(name, 'link', 'delete', 'eth0')
  }
  /** A new cable, whose end has the name of the old one and nothing else of it; then the addresses that the host has at boot. */
  function makeAnew(name: string): void {
    const m = stage.host(name), { lab } = stage
    lab.output(lab.switch, ['ip', 'link', 'add', m.port, 'type', 'veth', 'peer', 'name', 'eth0', 'address', NEW_MAC, 'netns', m.namespace])
    lab.plug(m)
    ip(name, 'link', 'set', 'eth0', 'up')
    lab.tidy(m)
  }
  async function listen(): Promise<Sniffer> {
    const sniffer = startSniffer(stage.lab, stage.lab.client)
    if (!sniffer) throw new Error('there is no dumpcap')
    await until(() => sniffer.advertisements.length > 0, 10_000)
    return sniffer
  }
  /** From which MAC addresses the service addresses are announced, since `at`. */
  const macsOf = (sniffer: Sniffer, at: number) =>
    [...new Set(sniffer.announcements.filter((a) => a.at >= at && a.address === SERVICE.ipv4).map((a) => a.mac))]
  /** Changes of another interface. */
  function flood(name: string, changed: number): void {
    const changes = ['link set spare mtu 1400', 'link set spare mtu 1401'].join('\n')
    stage.lab.output(stage.host(name), ['sh', '-c', `ip link add spare type veth peer name other; yes '${changes}' | head -n ${changed} | ip -batch -`])
  }

  it('that is deleted and made anew carries the addresses again, another host serves meanwhile, and it is said', async () => {
    await begin(clusterOf([A, B]), A, B)
    const sniffer = await listen(), old = link(A)?.ifindex
    remove(A)
    await stage.holds(B)
    await stage.daemon(A).said(/^interface eth0 is down$/)
    const at = monotonic()
    makeAnew(A)
    await stage.daemon(A).said(/^interface eth0 is usable again$/)
    await stage.holds(A, { calm: 1000, within: 20_000 })
    expect(link(A)).toMatchObject({ address: NEW_MAC })
    expect(link(A)?.ifindex).not.toBe(old)
    expect(held(A)).toEqual(expect.arrayContaining([SERVICE.ipv4, SERVICE.ipv6]))
    await until(() => macsOf(sniffer, at).length > 0, 5000)
    expect(macsOf(sniffer, at)).toEqual([NEW_MAC])
    await listener.event('router.state', (e) => e.host === A && e.data.from === 'active' && e.data.reason === 'interface-down', 30_000)
    expect(stage.daemon(A).alive).toBe(true)
  })

  it('that is made anew takes its virtual MAC address with it', async () => {
    await begin(clusterOf([A, B], { mac: 'virtual' }))
    const on = (name: string) => held(name, 'us210v4-eth0')
    const serves = (name: string, other: string) => until(() => on(name).includes(SERVICE.ipv4) && !on(other).includes(SERVICE.ipv4), 20_000)
    for (const name of [A, B]) await stage.start(name)
    expect(await serves(A, B)).toBe(true)
    remove(A)
    expect(await serves(B, A)).toBe(true)
    makeAnew(A)
    expect(await serves(A, B)).toBe(true)
    expect(link(A, 'us210v4-eth0')?.address).toBe('00:00:5e:00:01:d2')
  })

  it('that is made anew while the daemon is frozen carries the addresses again', async () => {
    await begin(clusterOf([A, B]), A, B)
    stage.daemon(A).signal('SIGSTOP')
    remove(A)
    makeAnew(A)
    await stage.holds(B)
    stage.daemon(A).signal('SIGCONT')
    await stage.holds(A, { calm: 1500, within: 20_000 })
    expect(held(A)).toEqual(expect.arrayContaining([SERVICE.ipv4, SERVICE.ipv6]))
  })

  it('that got another MAC address is announced with that one', async () => {
    await begin(clusterOf([A, B]), A, B)
    const sniffer = await listen()
    stage.lab.cut(stage.host(A), 'carrier')
    await stage.holds(B)
    ip(A, 'link', 'set', 'eth0', 'address', NEW_MAC)
    const at = monotonic()
    stage.lab.plug(stage.host(A))
    await stage.holds(A, { calm: 500 })
    await until(() => macsOf(sniffer, at).length > 0, 5000)
    expect(macsOf(sniffer, at)).toEqual([NEW_MAC])
  })

  /** At an interval so long that no stall and no advertisement makes the daemon look, one host alone. */
  async function beginSlowly(): Promise<void> {
    const owned = { [ROUTER]: { ...groupOf([A, B]).routers[ROUTER], vrid: 211, owner: A } }
    await begin(clusterOf([A, B], {}, { groups: { dns: groupOf([A, B], { interval: 40 }, { routers: owned }) } }), A)
  }

  it('that was switched off while the daemon was frozen is left by it, and served again when it is on', async () => {
    await beginSlowly()
    await stage.holds(A, { calm: 2500 }) // it has asked who else answers: for VRID 211 in its first second
    stage.daemon(A).signal('SIGSTOP')
    flood(A, 1000) // so that other things are due before it has read the last of the news
    ip(A, 'link', 'set', 'eth0', 'down')
    await sleep(1500) // it looks at its links each second
    stage.daemon(A).signal('SIGCONT')
    await stage.daemon(A).said(/active → initialize: interface-down/)
    ip(A, 'link', 'set', 'eth0', 'up')
    stage.lab.tidy(stage.host(A))
    await stage.holds(A, { calm: 500 })
  })

  it('whose news were too many is looked at anew: a removed address is put back, and that news were lost is told', async () => {
    await beginSlowly()
    await listener.event('router.state', (e) => e.data.to === 'active')
    stage.daemon(A).signal('SIGSTOP')
    flood(A, TOO_MANY)
    ip(A, 'address', 'delete', `${SERVICE.ipv4}/24`, 'dev', 'eth0')
    expect(held(A)).not.toContain(SERVICE.ipv4)
    const at = monotonic()
    stage.daemon(A).signal('SIGCONT')
    await stage.holders.change({ host: A, address: SERVICE.ipv4, held: true }, at)
    expect(await stage.daemon(A).said(/dropped notifications/)).toMatchObject({ level: 'warn' })
    expect((await listener.event('notifications.lost')).data).toEqual({ reason: 'notifications-lost', planned: false, impact: 'none' })
    expect((await listener.event('addresses.repaired')).data).toMatchObject({ reason: 'address-missing', addresses: [`${SERVICE.ipv4}/24`] })
    // It still hears of what happens.
    ip(A, 'link', 'set', 'eth0', 'down')
    await stage.daemon(A).said(/active → initialize: interface-down/)
  })

  it('that was made anew while its news were lost carries the addresses again, and nobody else', async () => {
    await begin(clusterOf([A, B]), A, B)
    stage.daemon(A).signal('SIGSTOP')
    flood(A, TOO_MANY)
    remove(A)
    makeAnew(A)
    await stage.holds(B)
    stage.daemon(A).signal('SIGCONT')
    await stage.daemon(A).said(/dropped notifications/)
    await stage.holds(A, { calm: 2000, within: 30_000 })
  })
})
