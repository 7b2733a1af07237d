/**
 * The flight recorder: the last minutes of packets, decisions and what was noticed around them, in memory. After a
 * transition it hands them over as a pcap file and a readable timeline; writing them is somebody else's work. Passwords
 * never get in.
 */
import { formatAddress } from '../contract/address.ts'
import { clip } from '../contract/phrases.ts'
import { since, type Instant, type Ms, type WallTime } from '../contract/time.ts'
import type { Effect, Input } from './core/election.ts'
import type { Member } from './member.ts'
import { decode, encode, type Datagram } from './wire/advertisement.ts'
import { joined } from './wire/bytes.ts'
import { pcapHeader, pcapRecord, wrapIpv4, wrapIpv6 } from './wire/pcap.ts'
import type { Witness } from './witness.ts'

/** Entries and their bytes kept at most, however busy the network is. */
const MOST_ENTRIES = 20_000, MOST_BYTES = 4_000_000
/** What follows a transition belongs to its story. */
const AFTERMATH = 1000 as Ms
/** Characters of what was noticed: name servers and operators may say much, but not crowd out the packets. */
const MOST_TEXT = 1000

/** Packets are described, and passwords taken out, only when a record is written: most are never looked at again. */
interface Entry { readonly at: Instant; readonly router: string | undefined; readonly text: string; readonly datagram: Datagram | undefined }
export interface Flight { readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }

export function createFlightRecorder(o: {
  readonly span: Ms; readonly host: string; readonly now: () => Instant; readonly wall: () => WallTime
  readonly later: (wait: Ms, run: () => void) => void; readonly keep: (f: Flight) => void
}): Witness {
  const past = keepPast(o.span)
  let due: Set<string> | undefined

  function transition(m: Member): void {
    if (due) return void due.add(m.name)
    due = new Set([m.name])
    o.later(AFTERMATH, keep)
  }
  function keep(): void {
    if (!due) return
    const names = [...due]
    due = undefined
    o.keep(flight(names))
  }

  function flight(routers: readonly string[]): Flight {
    const entries = past.entries().filter((e) => since(e.at, o.now()) <= o.span)
    // Monotonic times become wall times here, once, so that a step of the clock does not tear the timeline.
    const offset = Date.parse(o.wall()) - o.now()
    const records = entries.flatMap((e) => {
      if (!e.datagram) return []
      const micros = Math.round((e.at + offset) * 1000)
      const d = withoutPassword(e.datagram)
      const frame = d.family === 4 ? wrapIpv4(d) : wrapIpv6(d)
      return [pcapRecord({ seconds: Math.floor(micros / 1e6), microseconds: micros % 1e6, frame })]
    })
    return {
      name: `${o.wall().replace(/[:.]/g, '-')}-${routers.slice(0, 3).join('+')}`,
      pcap: joined([pcapHeader(), ...records]),
      timeline: `${entries.map((e) => `${new Date(e.at + offset).toISOString()}  ${o.host}  ${e.router === undefined ? '' : `${e.router}: `}${e.text}${e.datagram ? ` ${describe(e.datagram)}` : ''}`).join('\n')}\n`,
    }
  }

  return {
    heard: (m, datagram, now) => past.add(now, m.name, 'heard', datagram),
    sent: (m, datagram, now) => past.add(now, m.name, 'sent', datagram),
    stepped(m, input, effects, now) {
      if (effects.length === 0 && (input.is === 'heard' || input.is === 'tick')) return
      const text = decision(input, effects)
      if (text !== '') past.add(now, m.name, text)
      if (effects.some((e) => e.do === 'report')) transition(m)
    },
    // Others wrote parts of it: clipped, it is one line of the timeline and cannot pretend to be two.
    noticed: (text, now) => past.add(now, undefined, clip(text, MOST_TEXT)),
    ended: keep,
  }
}

/**
 * The entries of `span`, the oldest first. In columns: hundreds come in a second and stay for minutes, and as objects each
 * would be copied twice by the garbage collector.
 */
function keepPast(span: Ms) {
  const times = new Float64Array(MOST_ENTRIES), routers: (string | undefined)[] = [], texts: string[] = [], datagrams: (Datagram | undefined)[] = []
  let first = 0, count = 0, bytes = 0
  const sizeAt = (i: number): number => (texts[i]?.length ?? 0) + (datagrams[i]?.payload.length ?? 0)

  function drop(): void {
    bytes -= sizeAt(first)
    texts[first] = ''
    datagrams[first] = undefined
    first = (first + 1) % MOST_ENTRIES
    count--
  }

  return {
    add(now: Instant, router: string | undefined, text: string, datagram?: Datagram): void {
      if (count === MOST_ENTRIES) drop()
      const i = (first + count) % MOST_ENTRIES
      times[i] = now
      routers[i] = router
      texts[i] = text
      datagrams[i] = datagram
      bytes += sizeAt(i)
      count++
      while (count > 1 && (bytes > MOST_BYTES || now - (times[first] ?? 0) > span)) drop()
    },
    entries: (): Entry[] => Array.from({ length: count }, (_, n) => {
      const i = (first + n) % MOST_ENTRIES
      return { at: (times[i] ?? 0) as Instant, router: routers[i], text: texts[i] ?? '', datagram: datagrams[i] }
    }),
  }
}

/** What a packet does not say by itself: changes, takeovers, repairs. Routine advertisements stand there as packets. */
function decision(input: Input, effects: readonly Effect[]): string {
  const done = effects.filter((e) => e.do !== 'advertise').map((e) => (e.do === 'report' ? `${e.from} → ${e.to}, ${e.why}` : e.do))
  return done.length > 0 ? `${input.is} → ${done.join('; ')}` : input.is === 'retuned' || input.is === 'resumed' ? input.is : ''
}

function describe(d: Datagram): string {
  const decoded = decode(d, 0)
  if (!decoded.ok) return `from ${formatAddress(d.src)}: ${decoded.error.reject}`
  const a = decoded.value
  return `v${a.version} from ${formatAddress(d.src)} to ${formatAddress(d.dst)}: VRID ${a.vrid} priority ${a.priority} every ${a.interval} ms, ${a.addresses.length} addresses`
}

/** The same packet with the password of VRRPv2 blanked and a checksum that fits, so that other programs still read it. */
export function withoutPassword(d: Datagram): Datagram {
  if ((d.payload[0] ?? 0) >> 4 !== 2) return d
  const decoded = decode(d, 0)
  if (decoded.ok) {
    const { authentication: a } = decoded.value
    const blank = { ...decoded.value, authentication: a.type === 'pass' ? { ...a, password: new Uint8Array(8) } : a }
    return { ...d, payload: encode(blank, { src: d.src, dst: d.dst, checksum: 'rfc5798' }) }
  }
  const payload = d.payload.slice()
  payload.fill(0, Math.min(8, payload.length)) // whatever it is, nothing after the header is kept
  return { ...d, payload }
}
