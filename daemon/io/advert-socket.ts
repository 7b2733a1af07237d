/** VRRP over raw IP sockets, one for each interface and family. Sole importer of `raw-socket`. */
import raw from 'raw-socket'
import { addressBytes, formatAddress, parseAddress, type Address, type Family } from '../../contract/address.ts'
import { ok, type Result } from '../../contract/result.ts'
import type { Instant } from '../../contract/time.ts'
import type { AdvertSocket, Log, Receive } from '../ports.ts'
import { GROUP, type Datagram } from '../wire/advertisement.ts'
import { sameBytes } from '../wire/bytes.ts'
import { headerLength, parseIpv4, sameIpv4 } from '../wire/ipv4.ts'
import { createIntake, type Intake } from './intake.ts'
import { filterProgram, type BpfInstruction } from './kernel.ts'

const VRRP = 112

const SOL_SOCKET = 1, SO_BINDTODEVICE = 25, SO_ATTACH_FILTER = 26, SO_PRIORITY = 12, SO_RCVBUFFORCE = 33
const IPPROTO_IP = 0, IP_TOS = 1, IP_TTL = 2, IP_MULTICAST_IF = 32, IP_MULTICAST_TTL = 33, IP_MULTICAST_LOOP = 34, IP_ADD_MEMBERSHIP = 35
const IPPROTO_IPV6 = 41, IPV6_CHECKSUM = 7, IPV6_MULTICAST_IF = 17, IPV6_MULTICAST_HOPS = 18, IPV6_MULTICAST_LOOP = 19
const IPV6_ADD_MEMBERSHIP = 20, IPV6_TCLASS = 67, IPV6_UNICAST_HOPS = 16
/** Internetwork control, as keepalived sends it. */
const DSCP_CS6 = 0xc0
/** Room for what comes while we do not run, or while somebody floods us: about 1,500 packets. */
const RECEIVE_BYTES = 1 << 20
/** Of one packet: as much as a link with jumbo frames carries. */
const MOST_BYTES = 9216
/** EAGAIN in the words of strerror(3), which is all that raw-socket says. */
const NOTHING_WAITS = 'Resource temporarily unavailable'
/** Longer ones are not remembered: of a stranger who uses every VRID this keeps 256. */
const MOST_REMEMBERED = 1024

export function openAdvertSocket(o: {
  readonly interface: string; readonly index: number; readonly family: Family; readonly source: Address
  /** Unicast: hears and sends to single hosts, at least at this hop limit. undefined: the multicast group. */
  readonly unicast: { readonly minHopLimit: number } | undefined
  /** undefined: only sends. */
  readonly receive: Receive | undefined; readonly log: Log
}): AdvertSocket & Pick<Intake, 'drain'> {
  const socket = raw.createSocket({ protocol: VRRP, addressFamily: o.family === 4 ? raw.AddressFamily.IPv4 : raw.AddressFamily.IPv6 })
  const group = GROUP[o.family], unicast = o.unicast?.minHopLimit, { receive } = o
  const set = (level: number, option: number, value: Buffer | number) =>
    typeof value === 'number' ? socket.setOption(level, option, value) : socket.setOption(level, option, value, value.length)

  set(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${o.interface}\0`))
  const filter = filterProgram(receive ? onlyOurs(o.family, unicast) : nothing)
  set(SOL_SOCKET, SO_ATTACH_FILTER, filter.value)
  if (o.family === 4) {
    const membership = Buffer.concat([addressBytes(group), addressBytes(o.source), u32(o.index)]) // struct ip_mreqn
    set(IPPROTO_IP, IP_MULTICAST_IF, membership)
    if (receive) set(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership)
    set(IPPROTO_IP, IP_TTL, 255)
    set(IPPROTO_IP, IP_MULTICAST_TTL, 255)
    set(IPPROTO_IP, IP_MULTICAST_LOOP, 0)
    set(IPPROTO_IP, IP_TOS, DSCP_CS6)
  } else {
    set(IPPROTO_IPV6, IPV6_MULTICAST_IF, o.index)
    if (receive) set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, Buffer.concat([addressBytes(group), u32(o.index)])) // struct ipv6_mreq
    set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255)
    set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255)
    set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0)
    set(IPPROTO_IPV6, IPV6_CHECKSUM, 6)
    set(IPPROTO_IPV6, IPV6_TCLASS, DSCP_CS6)
  }
  set(SOL_SOCKET, SO_PRIORITY, 6)
  set(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BYTES)

  const again = o.family === 4 ? sameIpv4 : sameBytes
  /** What came last with each VRID. Nearly all that comes is the same again, and then nothing is copied and parsed. */
  const before = new Map<number, { readonly words: Uint32Array; readonly source: string; readonly datagram: Datagram }>()
  const received = (buffer: Buffer, length: number, source: string) => {
    if (!receive) return
    const vrid = buffer[o.family === 4 ? headerLength(buffer) + 1 : 1] ?? 0, last = before.get(vrid)
    if (last && again(last.words, words, length) && (o.family === 4 || last.source === source)) return receive(o.interface, unicast, last.datagram)
    const bytes = new Uint8Array(buffer.subarray(0, length)) // a copy: the buffer is used again and again
    const datagram = o.family === 4 ? parseIpv4(bytes) : ipv6(source, bytes)
    if (!datagram.ok) return
    // A message of VRRP is made of whole words.
    if (length <= MOST_REMEMBERED && length % 4 === 0) before.set(vrid, { words: new Uint32Array(bytes.buffer), source, datagram: datagram.value })
    receive(o.interface, unicast, datagram.value)
  }
  function ipv6(source: string, payload: Uint8Array): Result<Datagram, unknown> {
    const src = parseAddress(source.split('%')[0] ?? '')
    return src.ok ? ok({ family: 6, src: src.value, dst: unicast === undefined ? group : o.source, hopLimit: unicast ?? 255, payload }) : src
  }
  const words = new Uint32Array(MOST_BYTES / 4), buffer = Buffer.from(words.buffer)
  const intake = createIntake({
    take() {
      try {
        socket.wrap.recv(buffer, received)
        return true
      } catch (error) {
        if (!String(error).endsWith(NOTHING_WAITS)) complain(error)
        return false
      }
    },
    listen: (wanted) => socket.wrap.pause(!wanted, true),
    now: () => performance.now() as Instant,
    later: (wait, run) => void setTimeout(run, wait),
    soon: (run) => void setImmediate(run),
  })
  // Straight from the system call: raw-socket would wrap each packet in two events and two closures.
  const emit = socket.wrap.emit.bind(socket.wrap)
  socket.wrap.emit = (event, ...about) => {
    if (event !== 'recvReady') return emit(event, ...about)
    intake.ready()
    return true
  }
  let broken = false
  socket.on('error', (error) => complain(error))
  function complain(error: unknown): false {
    if (!broken) o.log.warn({ interface: o.interface, family: o.family, error: String(error) }, 'cannot send or receive advertisements')
    broken = true
    return false
  }

  const texts = new Map<Address, string>()
  function textOf(to: Address): string {
    const text = texts.get(to) ?? formatAddress(to)
    texts.set(to, text)
    return text
  }

  return {
    family: o.family,
    source: o.source,
    group,
    // Straight to the system call: the queue of raw-socket waits for a turn of the event loop first, and asks epoll twice.
    send(payload, to) {
      try {
        socket.wrap.send(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), 0, payload.length, textOf(to), () => {})
        broken = false
        return true
      } catch (error) {
        return complain(error)
      }
    },
    drain() {
      if (receive) intake.drain()
    },
    close() {
      intake.close()
      socket.close()
    },
  }
}

/**
 * The Generalized TTL Security Mechanism (RFC 5082) in the kernel: what crossed a router never wakes us. Packets to the
 * group and to our own address are kept apart too. SKF_NET_OFF makes an offset count from the network header.
 */
function onlyOurs(family: Family, unicastHopLimit: number | undefined): readonly BpfInstruction[] {
  const SKF_NET_OFF = 0xfff0_0000
  const load = (offset: number) => ({ code: 0x30, jt: 0, jf: 0, k: SKF_NET_OFF + offset }) // ldb
  return [
    load(family === 4 ? 8 : 7), // TTL or hop limit
    { code: 0x35, jt: 0, jf: 3, k: unicastHopLimit ?? 255 }, // jge, else drop
    load(family === 4 ? 16 : 24), // first byte of the destination
    { code: 0x35, jt: unicastHopLimit === undefined ? 0 : 1, jf: unicastHopLimit === undefined ? 1 : 0, k: family === 4 ? 224 : 255 }, // jge: multicast
    { code: 0x06, jt: 0, jf: 0, k: 0xffff }, // accept
    { code: 0x06, jt: 0, jf: 0, k: 0 }, // drop
  ]
}

const nothing: readonly BpfInstruction[] = [{ code: 0x06, jt: 0, jf: 0, k: 0 }]

function u32(n: number): Buffer {
  const b = Buffer.alloc(4)
  b.writeUInt32LE(n)
  return b
}
