/** The order of a group, published by an operator: followed within milliseconds, refused when it is none, remembered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OrderResult } from '../../contract/events.ts'
import { monotonic } from '../../lab/clock.ts'
import { BROKERS, createBroker, type Broker, type Listener } from './broker.ts'
import { clusterOf, SERVICE } from './cluster.ts'
import { answers, startNameServers, whoAnswers } from './dns.ts'
import { needs } from './needs.ts'
import { A, B, C, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dig', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub')
const SERVICES = [SERVICE.ipv4, SERVICE.ipv6]
/** `mosquitto_pub` starts, the broker passes on, the first host advertises: a few milliseconds, and a busy machine. */
const SOON = 1000
const rejects: readonly [what: string, payload: string, why: RegExp][] = [
  ['a host that is none of the group', 'b\nsomebody\na', /somebody not in this group: its hosts are a, b, c/],
  ['nobody in service', '#a\n#b\n#c', /leave nobody in service/],
  ['JSON that is none', '{"hosts": ["b",', /looks like JSON but is not/],
  ['garbage', '\u0001\u0002 %%% b', /no short host name/],
  ['a host twice', 'b\nb\na', /b named twice/],
]

const inOrder = (...hosts: string[]) => hosts.map((host) => ({ host, inService: true }))

for (const kind of BROKERS) {
  describe.skipIf(absent)(title(`an order, over ${kind}`), { timeout: 30_000 }, () => {
    let stage: Stage, broker: Broker, listener: Listener
    afterAll(() => stage?.close())
    beforeAll(async () => {
      stage = await stageOf([A, B, C], async (lab) => {
        broker = createBroker(lab, kind)
        await broker.start()
        listener = broker.listen()
        await startNameServers(lab, 'built-in')
        return clusterOf([A, B, C], { interval: 0.5 }, broker.settings) // a busy machine must not look like a dead host
      })
      await stage.elect(A, B, C)
      await answers(stage.lab, A)
      await Promise.all([A, B, C].map((host) => result(host, () => true)))
    }, 30_000)
    const result = async (host: string, test: (body: OrderResult) => boolean) =>
      OrderResult.parse(await listener.heard(`host/${host}/order/dns`, (body) => test(OrderResult.parse(body))))
    const applied = (...hosts: string[]) => Promise.all([A, B, C].map((host) =>
      result(host, (r) => r.result === 'applied' && JSON.stringify(r.hosts) === JSON.stringify(inOrder(...hosts)))))

    it('that is wrong changes nothing and is rejected with the reason', async () => {
      const before = stage.holders.journal.length
      for (const [what, payload, why] of rejects) {
        broker.order(payload)
        for (const host of [A, B, C]) {
          const rejected = await result(host, (r) => r.result === 'rejected' && why.test(r.reason))
          expect(rejected.hosts, what).toEqual(inOrder(A, B, C))
        }
      }
      broker.order('') // whoever clears the topic orders nothing
      broker.order('a\nc\nb') // the backups change places: nothing to see, but it shows that all before has been read
      await applied(A, C, B)
      expect(stage.holders.journal).toHaveLength(before)
      expect(listener.events('order.rejected').filter((e) => e.host === A).map((e) => e.data.fault))
        .toEqual(['unknown-host', 'nobody-in-service', 'not-an-order', 'not-an-order', 'host-twice'])
    })

    it('moves the addresses without a gap, published as a list', async () => {
      const at = monotonic()
      broker.order('b\nc\na\n')
      const held = await stage.holds(B) - at
      console.info(`${kind}: another host alone holds the addresses ${Math.round(held)} ms after mosquitto_pub was started`)
      expect(held).toBeLessThan(SOON)
      expect(whoAnswers(stage.lab)).toBe(B)
      expect(whoAnswers(stage.lab, SERVICE.ipv6)).toBe(B)
      for (const address of SERVICES) expect(stage.holders.gap(address, at)).toBeLessThan(50)
      const said = await applied(B, C, A)
      expect(said.map((r) => r.routers.testdns0?.rank)).toEqual([2, 0, 1])
    })

    it('outlives a restart of every daemon while there is no broker', async () => {
      await broker.stop()
      await Promise.all([A, B, C].map((name) => stage.daemon(name).stop(8000)))
      await stage.holders.settled(SERVICE.ipv4, [])
      const at = monotonic()
      await stage.elect(B, A, C)
      await stage.holds(B, { calm: 1000 })
      expect(stage.holders.journal.filter((c) => c.at > at && c.host === A)).toEqual([])
    })
  })
}
