/** Strangers on the link, as in hostile.test.ts: over IPv6, to version 2 with a password, in their thousands, and to unicast routers. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { monotonic, until } from '../../lab/clock.ts'
import { groupOf, ROUTER, SERVICE } from './cluster.ts'
import { forge, forge6, openSender, type Forged, type Forged2, type Send } from './frames.ts'
import { needs } from './needs.ts'
import { A, B, C, stageOf, type Stage } from './stage.ts'

const { absent, title } = needs()
type Fault = readonly [what: string, lie: Omit<Partial<Forged2>, 'from'>, cause: string | undefined]
const LOUD = 255

/** What both are told in the same way. Nothing is told of what the kernel drops, or of another VRID. */
const faults: readonly Fault[] = [
  ['from beyond a router (TTL 254)', { ttl: 254 }, undefined],
  ['of another virtual router', { vrid: 77 }, undefined],
  ['of VRID 0', { vrid: 0 }, undefined],
  ['cut to nothing', { cut: 0 }, undefined],
  ['that has one address of 5', { count: 5 }, 'length'],
  ['that has an address more than it says', { count: 0xff }, 'length'],
  ['of no address', { addresses: [] }, 'no-addresses'],
  ['of an unknown type', { type: 2 }, 'type'],
  ['of version 1', { version: 1 }, 'version'],
]
const overIpv6: readonly Fault[] = [
  ...faults,
  // The kernel verifies checksums over IPv6, and what is cut this short has none that fits.
  ['with a wrong checksum', { wrongBy: 1 }, undefined],
  ['cut to 4 bytes', { cut: 4 }, undefined],
  ['cut within its address', { cut: 20 }, 'length'],
  ['of a foreign address', { addresses: ['fd53::99'] }, 'address-list'],
  ['of 90 addresses', { addresses: Array.from({ length: 90 }, (_, i) => `fd53::1:${i + 1}`) }, 'address-list'],
  ['of version 2', { version: 2 }, 'family'],
  ['with interval 0', { centiseconds: 0 }, 'interval'],
]
const PASSWORD = { authentication: 1, password: 'hush53' }
const ofVersion2: readonly Fault[] = [
  ...faults.map(([what, lie, cause]) => [what, { ...PASSWORD, ...lie }, cause] as const),
  ['with a wrong checksum', { ...PASSWORD, wrongBy: 1 }, 'checksum'],
  ['cut to 4 bytes', { ...PASSWORD, cut: 4 }, 'truncated'],
  ['cut before its password', { ...PASSWORD, cut: 12 }, 'length'],
  ['of a foreign address', { ...PASSWORD, addresses: ['10.53.0.99'] }, 'address-list'],
  ['of 254 addresses', { ...PASSWORD, addresses: Array.from({ length: 254 }, (_, i) => `10.53.1.${i + 1}`) }, 'address-list'],
  ['of version 3', {}, 'version'],
  ['with interval 0', { ...PASSWORD, seconds: 0 }, 'interval'],
  ['with another interval', { ...PASSWORD, seconds: 2 }, 'interval'],
  ['with another password', { ...PASSWORD, password: 'hush54' }, 'authentication'],
  ['with the beginning of the password', { ...PASSWORD, password: 'hush5' }, 'authentication'],
  ['with more than the password', { ...PASSWORD, password: 'hush53!' }, 'authentication'],
  ['with an empty password', { ...PASSWORD, password: '' }, 'authentication'],
  ['without authentication', { authentication: 0, password: '' }, 'authentication-type'],
  ['with the password, but without authentication', { ...PASSWORD, authentication: 0 }, 'authentication-type'],
  ['with an Authentication Header', { ...PASSWORD, authentication: 2 }, 'authentication-type'],
]

interface Setting {
  readonly over: string
  readonly refused: readonly Fault[]
  readonly forge: (f: Forged) => Buffer
  readonly service: string
  /** Of the n-th stranger. */
  readonly stranger: (n: number) => string
  /** What a sound one needs. */
  readonly sound: Partial<Forged2>
  /** What the one of the highest priority says about its interval: the longest that is believed. */
  readonly longest: Partial<Forged2>
  readonly options: (pass: string) => object
}
const settings: readonly Setting[] = [{
  over: 'over IPv6', refused: overIpv6, forge: forge6, service: SERVICE.ipv6, stranger: (n) => `fe80::bad:${n.toString(16)}`,
  sound: { centiseconds: 100 }, longest: { centiseconds: 4095 }, options: () => ({}),
}, {
  over: 'of version 2 with a password', refused: ofVersion2, forge, service: SERVICE.ipv4, stranger: (n) => `10.53.0.${100 + n}`,
  sound: PASSWORD, longest: PASSWORD, options: (pass) => ({ version: 2, authentication: { pass: { file: pass } } }),
}]
/** Where nothing at all may change, a busy machine must not look like a dead host. */
const UNHURRIED = 1

let stage: Stage
afterEach(() => stage?.close())
const refusals = (name: string) => stage.daemon(name).lines.filter((l) => /^advertisement refused/.test(l.msg))
const changes = (name: string) => stage.daemon(name).lines.filter((l) => l.from !== undefined && l.to !== undefined).length
/** Whatever moves shows in one of these. */
const moves = (...names: string[]) => [stage.holders.journal.length, ...names.map(changes)]

describe.skipIf(absent).each(settings)(title('hostile advertisements $over'), { timeout: 60_000 }, (s) => {
  async function begin(): Promise<Send> {
    stage = await stageOf([A, B], (lab) => {
      const pass = path.join(lab.directory, 'pass')
      writeFileSync(pass, 'hush53\n')
      const router = { vrid: 210, addresses: [s.service === SERVICE.ipv6 ? `${SERVICE.ipv6}/64` : `${SERVICE.ipv4}/24`] }
      const group = groupOf([A, B], { interval: UNHURRIED, ...s.options(pass) }, { routers: { [ROUTER]: router } })
      return { cluster: 'test', groups: { dns: group } }
    })
    await stage.start(A)
    await stage.holders.settled(s.service, [A], { within: 20_000, calm: 200 })
    await stage.start(B)
    return openSender(stage.lab)
  }
  const remains = (calm: number) => stage.holders.settled(s.service, [A], { within: 20_000, calm })
  const of = (from: string, what: Partial<Forged2>) => s.forge({ priority: LOUD, ...what, from })
  /** As the hosts see it; link-local over IPv6. */
  const active = () => (s.service === SERVICE.ipv4 ? stage.host(A).ipv4
    : /inet6 (fe80:[^/]+)/.exec(stage.lab.output(stage.host(A), ['ip', '-o', '-6', 'address', 'show', 'dev', 'eth0']))?.[1] ?? '')

  it('are refused, told once with the cause, and change nothing', async () => {
    const send = await begin()
    const before = moves(A, B)
    for (let round = 0; round < 3; round++) await send(...s.refused.map(([, lie], n) => of(s.stranger(n), lie)))
    const told = s.refused.flatMap(([what, , cause]) => (cause === undefined ? [] : [`${what}: ${cause}`])).sort()
    const named = (name: string) => refusals(name).map((l) =>
      `${s.refused.find((_, n) => s.stranger(n) === l.sender)?.[0] ?? l.sender}: ${l.reject}`).sort()
    for (const name of [A, B]) {
      await until(() => refusals(name).length >= told.length, 5000)
      expect(named(name)).toEqual(told)
    }
    await remains(500)
    expect(moves(A, B)).toEqual(before)
    expect([A, B].map((name) => refusals(name).length)).toEqual([told.length, told.length])
  })

  it('that are refused do not speak for a dead host', async () => {
    const send = await begin()
    const from = active(), at = stage.lab.crash(stage.host(A))
    let over = false
    const storm = (async () => {
      while (!over) await send(...s.refused.filter(([, lie]) => lie.cut !== 0).map(([, lie]) => of(from, lie)))
    })()
    try {
      // Three intervals and a skew.
      expect(await stage.holders.settled(s.service, [B], { within: 15_000 }) - at).toBeLessThan(6000)
    } finally {
      over = true
      await storm
    }
  })

  it('of priority 0 from a stranger, or below the active one, move nothing', async () => {
    const send = await begin()
    const before = moves(A, B)
    for (let i = 0; i < 5; i++) await send(...[0, 100].map((priority) => of(s.stranger(1), { ...s.sound, priority })))
    await remains(500)
    expect(moves(A, B)).toEqual(before)
    expect([...refusals(A), ...refusals(B)]).toEqual([])
  })

  it('of priority 0 in the name of the active host leave it active', async () => {
    const send = await begin()
    const from = active()
    for (let i = 0; i < 3; i++) {
      await send(of(from, { ...s.sound, priority: 0 }))
      await remains(1500)
    }
  })

  it('of the highest priority take the address away for no longer than a dead host would', async () => {
    const send = await begin()
    const at = monotonic()
    await send(of(s.stranger(1), { ...s.sound, ...s.longest }))
    await stage.holders.change({ host: A, address: s.service, held: false }, at, 3000)
    await remains(1500)
    expect(stage.holders.gap(s.service, at)).toBeLessThan(4500)
  })
})

describe.skipIf(absent)(title('a flood of hostile advertisements of every family'), { timeout: 180_000 }, () => {
  const FLOOD = 20_000, BATCH = 500, MOST_MEBIBYTES = 12
  /** Three families of faults, and the VRID of each. */
  const families = [
    { vrid: 210, refused: overIpv6, forge: forge6, from: (n: number) => `fe80::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}` },
    { vrid: 212, refused: ofVersion2, forge, from: (n: number) => `10.53.${n % 200}.${n % 251}` },
    { vrid: 213, refused: overIpv6.filter(([, lie]) => !lie.addresses?.length), forge, from: (n: number) => `10.53.${n % 199}.${n % 241}` },
  ] as const
  const frames = (from: number) => Array.from({ length: BATCH }, (_, i) => {
    const n = from + i, family = families[n % 3] ?? families[0]
    const [, lie] = family.refused[Math.floor(n / 3) % family.refused.length] ?? []
    return family.forge({ priority: LOUD, vrid: family.vrid, ...lie, from: family.from(n) })
  })
  const mebibytes = (name: string) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${stage.daemon(name).pid}/status`, 'utf8'))?.[1]) / 1024
  /** Whether the kernel holds packets that the daemon has not taken yet; the fifth column ends with their bytes. */
  const waits = (name: string) => ['raw', 'raw6'].some((file) => readFileSync(`/proc/${stage.daemon(name).pid}/net/${file}`, 'utf8')
    .split('\n').slice(1).some((line) => /[1-9A-F]/.test(line.trim().split(/\s+/)[4]?.split(':')[1] ?? '')))

  it('leaves the memory of a daemon where it was, and the addresses where they are', async () => {
    stage = await stageOf([A, B], (lab) => {
      const pass = path.join(lab.directory, 'pass')
      writeFileSync(pass, 'hush53\n')
      const routers = {
        [ROUTER]: { vrid: 210, addresses: [`${SERVICE.ipv6}/64`] },
        second: { vrid: 212, addresses: [`${SERVICE.ipv4}/24`], version: 2, authentication: { pass: { file: pass } } },
        third: { vrid: 213, addresses: ['10.53.0.213/24'] },
      }
      return { cluster: 'test', groups: { dns: groupOf([A, B], { interval: UNHURRIED }, { routers }) } }
    })
    await stage.start(A)
    await stage.holds(A, { within: 20_000 })
    await stage.start(B)
    const send = await openSender(stage.lab)
    let n = 0
    const flood = async () => {
      for (const end = n + FLOOD; n < end; n += BATCH) {
        await send(...frames(n))
        expect(await until(() => !waits(A) && !waits(B), 10_000)).toBe(true)
      }
    }
    // Until the flight recorder is full.
    for (let i = 0; i < 2; i++) await flood()
    const before = moves(A, B), warm = [A, B].map(mebibytes)
    for (let i = 0; i < 3; i++) await flood()
    for (const [i, name] of [A, B].entries()) expect(mebibytes(name) - (warm[i] ?? 0)).toBeLessThan(MOST_MEBIBYTES)
    // 256 strangers of each router.
    for (const name of [A, B]) expect(new Set(refusals(name).map((l) => `${l.router} ${l.sender}`)).size).toBe(768)
    await stage.holds(A, { calm: 1000 })
    expect(moves(A, B)).toEqual(before)
    expect([stage.daemon(A).alive, stage.daemon(B).alive]).toEqual([true, true])
  })
})

describe.skipIf(absent)(title('a unicast router'), { timeout: 60_000 }, () => {
  const SERVICES = { 4: ['10.53.0.210/24', '10.53.0.211/24'], 6: ['fd53::210/64', 'fd53::211/64'] } as const
  /** c is a peer, but runs nothing: whoever speaks in its name is heard. `limits`: minHopLimit of one router or two. */
  async function begin(limits: readonly object[] = [{}], family: 4 | 6 = 4): Promise<(...frames: readonly Partial<Forged>[]) => Promise<void>> {
    const own = (name: string) => (family === 4 ? stage.host(name).ipv4 : stage.host(name).ipv6)
    stage = await stageOf([A, B, C], (lab) => {
      const peers = Object.fromEntries(lab.hosts.map((h) => [h.name, family === 4 ? h.ipv4 : h.ipv6]))
      const routers = limits.map((limit, i) => ({ vrid: 210 + i, addresses: [SERVICES[family][i]], unicast: { peers, ...limit } }))
      const [first, second] = routers
      const group = groupOf([A, B, C], { interval: UNHURRIED }, { routers: { [ROUTER]: first, ...(second ? { second } : {}) } })
      return { cluster: 'test', groups: { dns: group } }
    })
    await stage.start(A)
    await stage.holders.settled(family === 4 ? SERVICE.ipv4 : SERVICE.ipv6, [A], { within: 20_000, calm: 200 })
    await stage.start(B)
    const send = await openSender(stage.lab), make = family === 4 ? forge : forge6
    return (...all) => send(...all.map((f) => make({ from: own(C), priority: LOUD, centiseconds: 100, ...f })))
  }
  const to = (name: string) => ({ address: stage.host(name).ipv4, mac: stage.lab.mac(stage.host(name)) })
  const remains = async (service: string = SERVICE.ipv4) => { await stage.holders.settled(service, [A], { within: 20_000, calm: 500 }) }
  const released = (at: number) => stage.holders.change({ host: A, address: SERVICE.ipv4, held: false }, at, 3000)

  it('refuses a host that is no peer, and says so once', async () => {
    const send = await begin()
    const before = moves(A, B), from = stage.lab.client.ipv4
    for (let i = 0; i < 3; i++) await send({ from, to: to(A) }, { from, to: to(B) })
    for (const name of [A, B]) {
      await stage.daemon(name).said(/^advertisement refused: not one of the unicast peers/)
      expect(refusals(name).map((l) => [l.sender, l.reject])).toEqual([['10.53.0.90', 'peer']])
    }
    await remains()
    expect(moves(A, B)).toEqual(before)
  })

  it('hears no peer that speaks to the group or from behind a router', async () => {
    const send = await begin()
    const before = moves(A, B)
    for (let i = 0; i < 3; i++) await send({}, { from: stage.lab.client.ipv4 }, { to: to(A), ttl: 254 }, { to: to(B), ttl: 254 })
    await remains()
    expect(moves(A, B)).toEqual(before)
    expect([...refusals(A), ...refusals(B)]).toEqual([])
    const at = monotonic()
    await send({ to: to(A) })
    await released(at)
  })

  it('hears a peer from its minHopLimit on, and nobody below it', async () => {
    const send = await begin([{ minHopLimit: 250 }])
    const before = moves(A, B)
    for (const ttl of [249, 64, 1]) await send({ to: to(A), ttl }, { to: to(B), ttl })
    await remains()
    expect(moves(A, B)).toEqual(before)
    const at = monotonic()
    await send({ to: to(A), ttl: 250 })
    await released(at)
    await stage.daemon(A).said(/active → backup/)
  })

  it.each([4, 6] as const)('over IPv%d beside one with a lower minHopLimit keeps to its own', async (family) => {
    const send = await begin([{}, { minHopLimit: 250 }], family)
    const service = family === 4 ? SERVICE.ipv4 : SERVICE.ipv6
    const before = changes(A), { mac } = to(A)
    await send({ to: { address: family === 4 ? stage.host(A).ipv4 : stage.host(A).ipv6, mac }, ttl: 250 })
    await remains(service)
    expect(changes(A)).toBe(before)
  })

  it('beside one with a lower minHopLimit counts no packet twice: one false interval does not keep the address away', async () => {
    const send = await begin([{}, { minHopLimit: 250 }])
    const at = monotonic()
    await send({ to: to(A), centiseconds: 4095 }, { to: to(B), centiseconds: 4095 })
    await released(at)
    await remains()
    expect(stage.holders.gap(SERVICE.ipv4, at)).toBeLessThan(4500)
  })
})
