/** A stranger on the link sends what VRRP does not allow, and what it allows but should do little harm. */
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { clusterOf, SERVICE } from './cluster.ts'
import { forge, openSender, type Forged } from './frames.ts'
import { needs } from './needs.ts'
import { A, B, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
const STRANGER = '10.53.0.90', ACTIVE = '10.53.0.11'
/** All at the highest priority: whoever believed one of them would give the addresses away. */
const LOUD = { from: STRANGER, priority: 255 }
/** Where nothing at all may change, a busy machine must not look like a dead host. */
const UNHURRIED = 1
const refused: readonly [what: string, frame: Forged, cause: string | undefined][] = [
  ['from beyond a router (TTL 254)', { ...LOUD, ttl: 254 }, undefined],
  ['of another virtual router', { ...LOUD, vrid: 77 }, undefined],
  ['of VRID 0', { ...LOUD, vrid: 0 }, undefined],
  ['with a wrong checksum', { ...LOUD, wrongBy: 1 }, 'checksum'],
  ['cut to 4 bytes', { ...LOUD, cut: 4 }, 'truncated'],
  ['cut to nothing', { ...LOUD, cut: 0 }, undefined],
  ['of 5 addresses that has one', { ...LOUD, count: 5 }, 'length'],
  ['of no address', { ...LOUD, addresses: [] }, 'no-addresses'],
  ['of a foreign address', { ...LOUD, addresses: ['10.53.0.99'] }, 'address-list'],
  ['of 254 addresses', { ...LOUD, addresses: Array.from({ length: 254 }, (_, i) => `10.53.1.${i + 1}`) }, 'address-list'],
  ['of version 2', { ...LOUD, version: 2 }, 'version'],
  ['of version 1', { ...LOUD, version: 1 }, 'version'],
  ['of an unknown type', { ...LOUD, type: 2 }, 'type'],
  ['with interval 0', { ...LOUD, centiseconds: 0 }, 'interval'],
]

describe.skipIf(absent)(title('hostile advertisements'), { timeout: 60_000 }, () => {
  let stage: Stage
  afterEach(() => stage?.close())

  async function begin(interval: number): Promise<(...frames: Forged[]) => Promise<void>> {
    stage = await stageOf([A, B], () => clusterOf([A, B], { interval }))
    const send = await openSender(stage.lab)
    await stage.elect(A, B)
    return (...frames) => send(...frames.map((f) => forge(f)))
  }
  const refusals = (name: string) => stage.daemon(name).lines.filter((l) => /^advertisement refused/.test(l.msg))
  const changes = (name: string) => stage.daemon(name).lines.filter((l) => l.from !== undefined && l.to !== undefined).length

  it('are refused, logged once for each cause, and change nothing', async () => {
    const send = await begin(UNHURRIED)
    const before = [stage.holders.journal.length, changes(A), changes(B)]
    for (let round = 0; round < 3; round++) await send(...refused.map(([, frame]) => frame))
    const causes = [...new Set(refused.flatMap(([, , cause]) => cause ?? []))].sort()
    for (const name of [A, B]) {
      await until(() => refusals(name).length >= causes.length, 3000)
      expect(refusals(name).map((l) => l.reject).sort()).toEqual(causes)
      expect(new Set(refusals(name).map((l) => l.sender))).toEqual(new Set([STRANGER]))
    }
    await stage.holds(A, { calm: 500 })
    expect([stage.holders.journal.length, changes(A), changes(B)]).toEqual(before)
  })

  it('cannot fill the log or stop a daemon in their thousands', async () => {
    const send = await begin(0.1)
    const before = stage.daemon(A).lines.length
    for (let i = 1; i <= 10; i++) {
      await send(...Array.from({ length: 500 }, (_, n) => ({ ...LOUD, from: `10.53.${n % 200}.${i}`, wrongBy: n })))
    }
    await stage.holds(A, { calm: 500 })
    expect([stage.daemon(A).alive, stage.daemon(B).alive]).toEqual([true, true])
    expect(stage.daemon(A).lines.length - before).toBeLessThan(400)
  })

  it('of priority 0 from a stranger, or below the active one, move nothing', async () => {
    const send = await begin(UNHURRIED)
    const before = [stage.holders.journal.length, changes(A), changes(B)]
    for (let i = 0; i < 5; i++) await send({ from: STRANGER, priority: 0 }, { from: STRANGER, priority: 100 })
    await stage.holds(A, { calm: 500 })
    expect([stage.holders.journal.length, changes(A), changes(B)]).toEqual(before)
  })

  it('of priority 0 in the name of the active host leave it active', async () => {
    const send = await begin(0.1)
    for (let i = 0; i < 3; i++) {
      await send({ from: ACTIVE, priority: 0 })
      await stage.holds(A, { calm: 300 })
    }
  })

  it('of the highest priority and of 40.95 s take the addresses away for no longer than a dead host would', async () => {
    const send = await begin(UNHURRIED)
    const at = monotonic()
    await send({ from: STRANGER, priority: 255, centiseconds: 4095 })
    await stage.holders.change({ host: A, address: SERVICE.ipv4, held: false }, at, 2000)
    await stage.holds(A, { within: 8000, calm: 1500 })
    expect(stage.holders.gap(SERVICE.ipv4, at)).toBeLessThan(4000)
  })
})
