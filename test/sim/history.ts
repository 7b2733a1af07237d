/**
 * One random history: a cluster, faults for a while, then peace; and what must hold afterwards. With the real codec and
 * the real runtime loop, in virtual time. A seed tells everything about it.
 */
import { after, ms, type Ms } from '../../contract/time.ts'
import { cluster, type RouterWish } from './cluster.ts'
import { hostile } from './hostile.ts'
import { SimHost } from './host.ts'
import { Lan } from './lan.ts'
import { randomFrom, type Random } from './random.ts'

export interface History { readonly seed: number; readonly violations: readonly string[]; readonly transcript: readonly string[]; readonly packets: number }

export function play(seed: number): History {
  const random = randomFrom(seed)
  const names = Array.from({ length: random.int(2, 8) }, (_, i) => `h${i + 1}`)
  const wishes: Record<string, RouterWish> = {}
  const checked = random.chance(0.7)
  const slow = random.chance(0.6) // intervals of one history differ up to fifteenfold; more would only make it long
  const together = random.chance(0.2)
  let alike: RouterWish = {}
  for (let i = random.int(1, 4); i > 0; i--) {
    const version = slow && random.chance(0.4) ? 2 : 3
    const wish: RouterWish = {
      version, interval: version === 2 ? random.pick([1, 2]) : random.pick(slow ? [0.1, 1, 1.5] : [0.01, 0.05, 0.1]),
      order: random.pick(['forward', 'reverse']),
    }
    if (!together || alike.version === undefined) alike = wish // routers that move together have these in common
    const unicast = random.chance(0.2)
    wishes[`r${i}`] = {
      ...alike, unicast, election: !unicast && alike.version === 3 && random.chance(0.3) ? 'per-family' : 'shared', preempt: random.pick(['fast', 'fast', 'fast', 'rfc', 'off']),
      missed: random.pick([3, 3, 3, 2, 5]), preemptDelay: random.pick([0, 0, 0, 0.5, 2]),
    }
  }
  const config = cluster(names, wishes, checked, together)
  const lan = new Lan()
  lan.transcript.push(`seed ${seed}: ${names.length} hosts, ${JSON.stringify(wishes)}${together ? ', together' : ''}`)
  for (const name of names) new SimHost(lan, config, name)
  const violations: string[] = []
  const longest = Math.max(...Object.values(wishes).map((w) => (w.interval ?? 1) * 1000)) as Ms

  const weather = createWeather(lan, random)
  for (const h of lan.hosts) {
    lan.run(ms(random.next() * longest))
    h.boot()
    if (checked && random.chance(0.9)) h.check('dns', random.chance(0.8))
  }
  for (let i = 0; i < random.int(3, 14); i++) {
    lan.run(ms(random.next() * (random.chance(0.5) ? 5 : 0.5) * longest))
    disturb(lan, random, weather, names, violations)
  }

  // Peace: everybody runs, the wires are whole, only the groups that were cut apart may stay so.
  weather.calm()
  for (const h of lan.hosts) if (!h.running && random.chance(0.8)) h.boot()
  if (checked) for (const h of lan.hosts) if (h.running && h.steering.healthOf({ group: config.groups[0] as never }) === 'unknown') h.check('dns', true)
  lan.note('', 'peace')
  // What was under way ends first (a stop lasts up to 10 s); then every timer may run out once, and once more for a tie.
  lan.run(lan.pending())
  const missed = Math.max(...Object.values(wishes).map((w) => w.missed ?? 3))
  const delay = Math.max(...Object.values(wishes).map((w) => (w.preemptDelay ?? 0) * 1000))
  lan.run(ms(2 * ((missed + 1) * longest + 1300) + delay))
  const components = weather.components()
  for (const component of components) violations.push(...settled(component))
  const transitions = lan.transcript.length
  lan.run(ms(10 * longest))
  if (lan.transcript.length > transitions) violations.push(`unrest without a cause: ${lan.transcript.slice(transitions).join('; ')}`)
  return { seed, violations, transcript: lan.transcript, packets: lan.hosts.reduce((n, h) => n + h.sent.length, 0) }
}

interface Weather { components(): SimHost[][]; calm(): void; change(): void }

/** Loss, delay, duplication, reordering and partitions, symmetrical or one way. */
function createWeather(lan: Lan, random: Random): Weather {
  let loss = 0, spread = 0, twice = 0
  let side = new Map<string, number>()
  let deaf = new Set<string>()
  lan.carries = (from, to) => {
    if ((side.get(from.name) ?? 0) !== (side.get(to.name) ?? 0) || deaf.has(`${from.name} ${to.name}`)) return []
    if (random.chance(loss)) return []
    const delay = () => ms(0.1 + random.next() * spread)
    return random.chance(twice) ? [delay(), delay()] : [delay()]
  }
  return {
    change() {
      loss = random.chance(0.5) ? 0 : random.next() * 0.5
      spread = random.chance(0.5) ? 0.2 : random.next() * 20
      twice = random.chance(0.7) ? 0 : random.next()
      side = new Map(lan.hosts.map((h) => [h.name, random.chance(0.5) ? 0 : random.int(0, 1)]))
      deaf = new Set(random.chance(0.7) ? [] : lan.hosts.flatMap((a) => lan.hosts.filter(() => random.chance(0.3)).map((b) => `${a.name} ${b.name}`)))
      lan.note('', `weather: loss ${loss.toFixed(2)}, delay ${spread.toFixed(1)} ms, twice ${twice.toFixed(2)}, apart ${[...side].map(([n, s]) => `${n}:${s}`).join(' ')}, one-way cuts ${deaf.size}`)
    },
    calm() {
      loss = 0
      spread = 0.2
      twice = 0
      deaf = new Set()
      if (random.chance(0.7)) side = new Map()
    },
    components: () => [0, 1].map((s) => lan.hosts.filter((h) => h.running && (side.get(h.name) ?? 0) === s)).filter((c) => c.length > 0),
  }
}

function disturb(lan: Lan, random: Random, weather: Weather, names: readonly string[], violations: string[]): void {
  const h = random.pick(lan.hosts)
  const longest = lan.hosts[0]?.longestInterval ?? 1000
  switch (random.int(0, 12)) {
    case 0: return weather.change()
    case 1: return h.running ? h.crash() : h.boot()
    case 2: return h.running ? h.kill() : h.boot()
    case 3: return h.running ? void h.stop() : h.boot()
    case 4: return h.stall(ms(random.next() * (random.chance(0.5) ? 6 : 0.3) * longest), random.pick(['timer', 'packet']))
    case 5: return h.check('dns', random.chance(0.5))
    case 6: case 7: {
      const order = random.shuffled(names).map((n) => (random.chance(0.15) ? `#${n}` : n))
      if (order.every((n) => n.startsWith('#'))) return
      lan.note('', `order ${order.join(' ')}`)
      // Late on some, never on others: they go on with the order they have.
      for (const to of lan.hosts) {
        if (random.chance(0.2)) continue
        to.ordersUntil = after(lan.now, ms(random.next() * (random.chance(0.5) ? 5 : 2 * longest)))
        lan.at(to.ordersUntil, () => to.order('g', order))
      }
      return
    }
    case 8: {
      if (!h.running) return
      const router = random.pick(h.runtime.members)
      lan.note(h.name, `somebody removes the addresses of ${router.name}`)
      for (const a of router.addresses) h.removeAddress(a.address)
      return
    }
    case 9: return h.flap(ms(random.next() * (random.chance(0.5) ? 6 : 0.5) * longest))
    case 10: return h.stepClock(ms((random.next() - 0.5) * 1e10))
    default: return void violations.push(...hostile(lan, h, random))
  }
}

/** What must hold in one connected part of the network when nothing has happened for long enough. */
function settled(component: readonly SimHost[]): string[] {
  const elections = component[0]?.runtime.members.map((m) => m.name) ?? []
  return elections.flatMap((router) => {
    const members = component.map((h) => ({ h, m: h.member(router), state: h.state(router) }))
    const active = members.filter((x) => x.state === 'active')
    const holders = component.filter((h) => h.holds(router)).map((h) => h.name)
    const names = active.map((x) => x.h.name)
    if (active.length !== 1) return [`${router}: active on ${names.join(', ') || 'no host'} of ${component.map((h) => h.name).join(', ')}`]
    const found: string[] = []
    if (holders.join() !== names.join()) found.push(`${router}: active ${names.join()} but held by ${holders.join() || 'nobody'}`)
    const best = Math.max(...members.map((x) => x.m.params.priority))
    const chosen = active[0]?.m
    if (chosen && chosen.params.preempt !== 'off' && chosen.params.priority !== best) {
      found.push(`${router}: ${names.join()} serves at ${chosen.params.priority}, but somebody has ${best}`)
    }
    // Without preemption a lower rank may stay, a lower band of health may not.
    const better = members.find((x) => chosen && x.m.params.priority > chosen.params.priority && chosen.params.priority < x.m.params.bandFloor)
    if (better) found.push(`${router}: ${names.join()} fails at ${chosen?.params.priority} while ${better.h.name} could serve`)
    return found
  })
}

