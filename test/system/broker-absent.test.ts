/** No broker from the beginning: everything but the news works, and the news comes when there is one. */
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic } from '../../lab/clock.ts'
import { NAME } from '../../lab/probe.ts'
import type { Running } from '../../lab/process.ts'
import { createBroker, type Broker } from './broker.ts'
import { groupOf, SERVICE, startHandlers } from './cluster.ts'
import { answers, startNameServers } from './dns.ts'
import { startPost, type Post } from './mail.ts'
import { needs } from './needs.ts'
import { allHandled } from './settled.ts'
import { A, B, C, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('dig', 'exim4', 'mosquitto', 'mosquitto_sub')
/** Three intervals of 0.1 s, a skew, and a busy machine. */
const TAKEOVER = 1500

describe.skipIf(absent)(title('without a broker'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  for (const how of ['refused', 'unreachable'] as const) {
    it(`(${how}) hosts elect, fail over and follow their checks; when it comes, one mail tells what is new`, async () => {
      const { broker, post, servers } = await begin()
      if (how === 'unreachable') stage.lab.cut(stage.lab.ops)
      const handlers = startHandlers(stage.lab, stage.file)
      await stage.elect(A, B, C)
      await answers(stage.lab, A)

      const dnsDied = monotonic()
      await servers.get(A)?.kill()
      await stage.holds(B)
      expect(stage.holders.gap(SERVICE.ipv4, dnsDied)).toBeLessThan(50)
      await answers(stage.lab, B)

      const hostDied = stage.lab.crash(stage.host(B))
      const taken = await stage.holders.change({ host: C, address: SERVICE.ipv4, held: true }, hostDied)
      expect(taken - hostDied).toBeLessThan(TAKEOVER)
      await answers(stage.lab, C)
      expect(post.subjects()).toEqual([])

      stage.lab.plug(stage.lab.ops)
      await broker.start()
      const listener = broker.listen()
      await handlers.said(/connected/, 40_000)
      for (const name of [A, C]) {
        await listener.event('router.state', (e) => e.host === name && e.data.to === 'active', 40_000)
      }
      await allHandled(listener)
      expect(post.subjects()).toEqual([expect.stringMatching(/^\[test\] c serves testdns0/)])
      // What the dead host has not told yet comes when it is back.
      stage.lab.plug(stage.host(B))
      await stage.start(B)
      await listener.event('daemon.recovered', (e) => e.host === B)
      await allHandled(listener)
      expect(post.subjects()).toHaveLength(1)
    })
  }

  async function begin(): Promise<{ broker: Broker; post: Post; servers: Map<string, Running> }> {
    let broker: Broker | undefined, post: Post | undefined, servers = new Map<string, Running>()
    stage = await stageOf([A, B, C], async (lab) => {
      broker = createBroker(lab, 'mosquitto')
      post = await startPost(lab)
      servers = await startNameServers(lab, 'built-in')
      return {
        cluster: 'test', ...broker.settings, handlers: post.settings,
        groups: { dns: groupOf([A, B, C], {}, { checks: ['dns'] }) },
        checks: { dns: { dns: { name: NAME, type: 'TXT' }, interval: 0.2, timeout: 0.2 } },
      }
    })
    if (!broker || !post) throw new Error('no stage')
    return { broker, post, servers }
  }
})
