/** Service addresses in the hands of a daemon that is killed, frozen, stopped, or not allowed to do its work. */
import path from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { root } from '../../lab/program.ts'
import { createBroker, type Listener } from './broker.ts'
import { clusterOf, SERVICE } from './cluster.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('mosquitto_sub')
/** What `lease: auto` makes of short intervals, and the most the kernel takes longer. */
const LEASE = 2000, KERNEL = 1500
/** Three intervals of 0.1 s, a skew, and a busy machine. */
const TAKEOVER = 1200

describe.skipIf(absent)(title('service addresses'), { timeout: 30_000 }, () => {
  let stage: Stage, listener: Listener
  afterEach(() => stage?.close())

  const begin = async () => {
    stage = await stageOf([A, B], async (lab) => {
      const broker = createBroker(lab, 'embedded')
      await broker.start()
      listener = broker.listen()
      return clusterOf([A, B], {}, broker.settings)
    })
    await stage.elect(A, B)
  }
  const services: readonly string[] = [SERVICE.ipv4, SERVICE.ipv6]
  const held = (name: string) => stage.lab.addresses(stage.host(name)).filter((a) => services.includes(a))

  it('leave a host whose daemon was killed, when their lease is over', async () => {
    await begin()
    const at = monotonic()
    await stage.daemon(A).kill()
    expect(await stage.holders.change({ host: B, address: SERVICE.ipv4, held: true }, at) - at).toBeLessThan(TAKEOVER)
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) {
      expect(await stage.holders.change({ host: A, address, held: false }, at) - at).toBeLessThan(LEASE + KERNEL)
    }
    await stage.holds(B)
  })

  /** Removes one five times at the active host; milliseconds until it is back, the median. */
  async function putBack(): Promise<number> {
    const took: number[] = []
    for (let i = 0; i < 5; i++) {
      const at = monotonic()
      stage.lab.output(stage.host(A), ['ip', 'address', 'del', `${SERVICE.ipv4}/24`, 'dev', 'eth0'])
      const gone = await stage.holders.change({ host: A, address: SERVICE.ipv4, held: false }, at)
      took.push(await stage.holders.change({ host: A, address: SERVICE.ipv4, held: true }, gone, 6000) - gone)
    }
    return took.toSorted((a, b) => a - b)[2] ?? Infinity
  }

  it('are taken away by the next daemon at its start, which tells of the crash', async () => {
    await begin()
    const at = monotonic()
    await stage.daemon(A).kill()
    await stage.holders.change({ host: B, address: SERVICE.ipv4, held: true }, at)
    await stage.start(A)
    await stage.holders.change({ host: A, address: SERVICE.ipv4, held: false }, at)
    await stage.holds(A)
    const recovered = await listener.event('daemon.recovered')
    const [first] = listener.events('daemon.started').filter((e) => e.host === A)
    expect(recovered).toMatchObject({ host: A, data: { reason: 'unclean-exit', previousBootId: first?.bootid } })
  })

  it('leave a host whose daemon is frozen, and come back when it thaws, once', async () => {
    await begin()
    const at = monotonic()
    stage.daemon(A).signal('SIGSTOP')
    for (const address of [SERVICE.ipv4, SERVICE.ipv6]) await stage.holders.change({ host: A, address, held: false }, at)
    await stage.holds(B)
    const thawed = monotonic()
    stage.daemon(A).signal('SIGCONT')
    await stage.holds(A, { calm: 1000 })
    const changes = stage.holders.journal.filter((c) => c.at > thawed && services.includes(c.address))
    // IPv6 first: its routes take the kernel a while, in which nobody else need have the others twice.
    expect(changes.map((c) => `${c.host}${c.held ? '+' : '-'}${c.address}`)).toEqual(
      ['a+fd53::210', 'a+10.53.0.210', 'b-10.53.0.210', 'b-fd53::210'])
    expect(await putBack()).toBeLessThan(50)
  })

  it('are put back at once when somebody removes them', async () => {
    await begin()
    expect(await putBack()).toBeLessThan(50)
    expect(stage.holders.of(SERVICE.ipv4)).toEqual([A])
    const { data } = await listener.event('addresses.repaired')
    expect(data).toMatchObject({ router: 'testdns0', reason: 'address-missing', addresses: [`${SERVICE.ipv4}/24`] })
    expect(stage.daemon(A).lines.filter((l) => /active →/.test(l.msg))).toEqual([])
  })

  it('are all released by a daemon that stops, after its successor has them', async () => {
    await begin()
    const at = monotonic()
    stage.daemon(A).signal('SIGTERM')
    expect(await stage.daemon(A).ended).toBe(0)
    await stage.holds(B)
    expect(stage.holders.gap(SERVICE.ipv4, at)).toBeLessThan(50)
    expect(held(A)).toEqual([])
    stage.daemon(B).signal('SIGTERM')
    expect(await stage.daemon(B).ended).toBe(0)
    expect(held(B)).toEqual([])
  })

  for (const right of ['-net_raw', '-net_admin', '-net_admin,-net_raw']) {
    it(`are not taken by a daemon with the rights ${right}: it says so and ends with 3`, async () => {
      stage = await stageOf([A, B], () => clusterOf([A, B]))
      const said: string[] = []
      const running = stage.lab.start(stage.host(A), [
        'setpriv', '--bounding-set', right, '--inh-caps', right, '--', process.execPath, path.join(root, 'cli/main.ts'),
        'daemon', '--config', stage.file, '--host', A, '--state', path.join(stage.lab.directory, 'state'),
      ], { onLine: (line) => said.push(line) })
      await until(() => !running.alive, 8000)
      expect(said.join('\n')).toMatch(/run as root, or grant CAP_NET_ADMIN and CAP_NET_RAW/)
      expect(running.alive || await running.ended).toBe(3)
    })
  }
})
