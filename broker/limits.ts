/** Bounds on what a client can use up before, and after, it has said who it is. */
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Milliseconds until CONNECT must have come; TLS and WebSocket handshakes have as long again. */
export const CONNECT_TIMEOUT = 5000
/** Milliseconds a client may leave its socket full. Until then it holds up everybody who waits for the same message. */
export const DRAIN_TIMEOUT = 3000
/** Packets a client may send before CONNACK. */
export const EARLY_PACKETS = 42
/** QoS 2 messages of one client that wait for their release (MQTT 3.1.1 §4.3.3). */
export const HALF_RECEIVED = 1000

/**
 * Watches the bytes a broker reads from a connection and ends it at the header of a packet that is too large, before
 * a byte of it is kept: aedes itself would collect up to 256 MiB, from anyone who can reach the port.
 */
export function guardPackets(connection: Duplex, packetBytes: number, ended: (why: string) => void): void {
  const inspect = packetInspector(packetBytes)
  const read = connection.read.bind(connection)
  connection.read = (size?: number): unknown => {
    const chunk: unknown = read(size)
    const fault = chunk instanceof Uint8Array ? inspect(chunk) : undefined
    if (fault === undefined) return chunk
    ended(fault)
    connection.destroy()
    return null
  }
}

/** Follows the fixed headers (MQTT 3.1.1 §2.2) through a stream of chunks; names what is wrong, once. */
export function packetInspector(packetBytes: number): (chunk: Uint8Array) => string | undefined {
  let first = true
  let at: 'type' | 'length' | 'body' = 'type'
  let length = 0
  let digits = 0
  /** Bytes of the body still to come. */
  let left = 0
  return (chunk) => {
    for (let i = 0; i < chunk.length;) {
      const byte = chunk[i] ?? 0
      if (at === 'type') {
        if (first && byte !== 0x10) return 'its first packet is no CONNECT'
        first = false
        at = 'length'
        length = digits = 0
        i++
      } else if (at === 'length') {
        length += (byte & 0x7f) * 128 ** digits++
        i++
        if (length > packetBytes) return `it announced more than ${packetBytes} bytes (broker.limits.packetBytes)`
        if (byte >= 0x80 && digits === 4) return 'it sent a malformed length'
        if (byte >= 0x80) continue
        left = length
        at = left > 0 ? 'body' : 'type'
      } else {
        const step = Math.min(left, chunk.length - i)
        i += step
        left -= step
        if (left === 0) at = 'type'
      }
    }
    return undefined
  }
}

export interface ConnectionLimits { readonly connections: number; readonly connectionsPerAddress: number }

/** Counts connections over all listeners, from the first packet of TCP on. */
export class Admission {
  readonly #limits: ConnectionLimits
  readonly #refused: (address: string, why: string) => void
  readonly #open = new Map<string, number>()
  readonly #sockets = new Set<Socket>()

  constructor(limits: ConnectionLimits, refused: (address: string, why: string) => void) {
    this.#limits = limits
    this.#refused = refused
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.#admit(socket))
  }

  /** Ends every connection there is. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #admit(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress)
    const { connections, connectionsPerAddress } = this.#limits
    const fromThere = this.#open.get(address) ?? 0
    const why = this.#sockets.size >= connections ? `there are ${connections} already (broker.limits.connections)`
      : fromThere >= connectionsPerAddress ? `it has ${fromThere} already (broker.limits.connectionsPerAddress)` : undefined
    socket.on('error', () => {})
    if (why !== undefined) {
      this.#refused(address, why)
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#open.set(address, fromThere + 1)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      const left = (this.#open.get(address) ?? 1) - 1
      if (left > 0) this.#open.set(address, left)
      else this.#open.delete(address)
    })
  }
}

/** An IPv4 client of a socket that listens on both families comes as `::ffff:192.0.2.1`. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=[\d.]+$)/, '')
export const isLoopback = (address: string): boolean => address === '::1' || /^127\./.test(address)
