/** The name server of the active host dies: another host answers, and the operators get one mail. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { NAME } from '../../lab/probe.ts'
import type { Running } from '../../lab/process.ts'
import { type BrokerKind, createBroker, type Listener } from './broker.ts'
import { groupOf, ROUTER, SERVICE, startHandlers, stateOf } from './cluster.ts'
import { answers, startNameServers } from './dns.ts'
import { startPost, type Post } from './mail.ts'
import { needs } from './needs.ts'
import { allHandled } from './settled.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs('named', 'dig', 'exim4', 'mosquitto', 'mosquitto_sub')
const SECOND = '10.53.0.211'
/** Asked every 0.2 s, twice in a row in vain; then the takeover. */
const NOTICED = 2500

describe.skipIf(absent)(title('a name server that dies'), { timeout: 60_000 }, () => {
  let stage: Stage, listener: Listener, post: Post
  afterEach(() => stage?.close())

  for (const [kind, routers] of [['embedded', 1], ['embedded', 2], ['mosquitto', 2]] as const) {
    it(`moves the addresses of ${routers === 1 ? 'a router' : 'two routers'} and makes one mail, over ${kind}`, async () => {
      const servers = await begin(kind, routers)
      await allHandled(listener)
      await post.came(1) // that a serves now

      const at = monotonic()
      await servers.get(A)?.kill()
      await stage.holds(B)
      await answers(stage.lab, B)
      expect(await stage.holders.change({ host: B, address: SERVICE.ipv4, held: true }, at) - at).toBeLessThan(NOTICED)
      if (routers === 2) expect(stage.holders.of(SECOND)).toEqual([B])
      // The record of the host that let go tells why, in this order.
      const story = new RegExp(['check dns failed: ', 'check dns failed \\(healthy → failed\\): ', `${ROUTER}: retuned\n`,
        'active → backup, check-failed\n'].join('[^]*'))
      expect(await until(() => timelines(A).some((text) => story.test(text)), 5000), timelines(A).at(-1)).toBe(true)

      await post.came(2)
      await allHandled(listener)
      const [, mail = ''] = post.subjects()
      expect(mail).toMatch(/^\[test\] b serves testdns0/)
      expect(mail).toMatch(routers === 2 ? /testdns1/ : /testdns0/)
      expect(post.subjects()).toHaveLength(2)
      expect(listener.events('check.changed').filter((e) => e.host === A)).toHaveLength(1)
    })
  }

  function timelines(host: string): string[] {
    const folder = path.join(stateOf(stage.lab, stage.host(host)), 'flight')
    const names = readdirSync(folder).filter((f) => f.endsWith('.txt')).sort()
    return names.map((f) => readFileSync(path.join(folder, f), 'utf8'))
  }

  async function begin(kind: BrokerKind, routers: number): Promise<Map<string, Running>> {
    const more = routers === 1 ? {} : { testdns1: { vrid: 211, addresses: [`${SECOND}/24`] } }
    let servers = new Map<string, Running>()
    stage = await stageOf([A, B], async (lab) => {
      const broker = createBroker(lab, kind)
      post = await startPost(lab)
      await broker.start()
      listener = broker.listen()
      servers = await startNameServers(lab, 'named')
      const group = groupOf([A, B], {}, { checks: ['dns'] })
      return {
        cluster: 'test', ...broker.settings, handlers: post.settings,
        groups: { dns: { ...group, routers: { ...group.routers, ...more } } },
        checks: { dns: { dns: { name: NAME, type: 'TXT' }, interval: 0.2, timeout: 0.2 } },
      }
    })
    await startHandlers(stage.lab, stage.file).said(/connected/)
    await stage.elect(A, B)
    await answers(stage.lab, A)
    return servers
  }
})
