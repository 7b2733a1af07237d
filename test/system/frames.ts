/** VRRP as nobody of ours sends it: every field as the test wants it, written without our own codec. */
import { Buffer } from 'node:buffer'
import path from 'node:path'
import process from 'node:process'
import { until } from '../../lab/clock.ts'
import type { Lab } from '../../lab/net.ts'

export interface Forged {
  /** Sender of the IP packet. */
  readonly from: string
  readonly priority: number
  readonly version?: number
  readonly type?: number
  readonly vrid?: number
  /** How many addresses it says it has; default: as many as there are. */
  readonly count?: number
  readonly centiseconds?: number
  readonly addresses?: readonly string[]
  /** Added to the right checksum. */
  readonly wrongBy?: number
  readonly ttl?: number
  /** Bytes of VRRP that are left, with lengths and checksums as if there were no more. */
  readonly cut?: number
  /** Instead of the group: one host, and the MAC address that it has. */
  readonly to?: { readonly address: string; readonly mac: string }
}

/** Of version 2: as RFC 2338 §5.1 has it, authentication data behind the addresses. */
export interface Forged2 extends Forged {
  readonly authentication: number
  /** The authentication data: 8 bytes, filled up with zeros. */
  readonly password: string
  readonly seconds?: number
}

/** An Ethernet frame to the multicast group of VRRP over IPv4. RFC 9568 §5. */
export function forge(f: Forged | Forged2): Buffer {
  const second = 'authentication' in f
  const to = bytes(f.to?.address ?? '224.0.0.18')
  const vrrp = message(f, second ? 2 : 3, '10.53.0.210')
  sign(vrrp, f, second ? [] : [...bytes(f.from), ...to, 0, 112, ...word(vrrp.length)])
  const ip = Buffer.from([0x45, 0xc0, ...word(20 + vrrp.length), 0, 1, 0, 0, f.ttl ?? 255, 112, 0, 0, ...bytes(f.from), ...to])
  ip.writeUInt16BE(checksum(ip), 10)
  return Buffer.concat([ethernet(f.to?.mac ?? '01:00:5e:00:00:12', '0800'), ip, vrrp])
}

/** The same over IPv6, to ff02::12. RFC 9568 §5.1.2; the pseudo-header is that of RFC 8200 §8.1. */
export function forge6(f: Forged): Buffer {
  const addresses = [...bytes(f.from), ...bytes(f.to?.address ?? 'ff02::12')]
  const vrrp = message(f, 3, 'fd53::210')
  sign(vrrp, f, [...addresses, 0, 0, ...word(vrrp.length), 0, 0, 0, 112])
  const ip = Buffer.from([0x6c, 0, 0, 0, ...word(vrrp.length), 112, f.ttl ?? 255, ...addresses])
  return Buffer.concat([ethernet(f.to?.mac ?? '33:33:00:00:00:12', '86dd'), ip, vrrp])
}

/** Resolves when all have left. */
export type Send = (...frames: readonly Buffer[]) => Promise<void>

/** A program on the client that sends frames as they are. */
export async function openSender(lab: Lab): Promise<Send> {
  let sent = 0, ready = false
  const sender = lab.start(lab.client, [process.execPath, path.join(import.meta.dirname, 'send-frames.ts')], {
    log: path.join(lab.directory, 'sender.log'),
    onLine: (line) => {
      if (line === 'sent') sent++
      else ready = true
    },
  })
  if (!await until(() => ready, 20_000)) throw new Error('the sender does not start')
  return async (...frames) => {
    const all = sent + frames.length
    for (const frame of frames) sender.write(frame.toString('hex'))
    if (!await until(() => sent >= all, 20_000)) throw new Error('not sent')
  }
}

function message(f: Forged | Forged2, version: number, service: string): Buffer {
  const addresses = f.addresses ?? [service]
  const second = 'authentication' in f ? f : undefined
  const whole = Buffer.from([
    ((f.version ?? version) << 4) | (f.type ?? 1), f.vrid ?? 210, f.priority, f.count ?? addresses.length,
    ...(second ? [second.authentication, second.seconds ?? 1] : word(f.centiseconds ?? 10)), 0, 0, ...addresses.flatMap(bytes),
    ...(second ? Buffer.from(second.password.padEnd(8, '\0')) : []),
  ])
  return whole.subarray(0, f.cut ?? whole.length)
}

/** A message without room for a checksum has none. */
function sign(vrrp: Buffer, f: Forged, pseudo: readonly number[]): void {
  if (vrrp.length >= 8) vrrp.writeUInt16BE((checksum(Buffer.concat([Buffer.from(pseudo), vrrp])) + (f.wrongBy ?? 0)) & 0xffff, 6)
}

const ethernet = (to: string, type: string) => Buffer.from(`${to.replaceAll(':', '')}020000000066${type}`, 'hex')
const word = (n: number) => [n >> 8, n & 0xff]

function bytes(address: string): number[] {
  if (!address.includes(':')) return address.split('.').map(Number)
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean).map((group) => Number.parseInt(group, 16)))
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail].flatMap(word)
}

/** RFC 1071 */
function checksum(data: Buffer): number {
  let sum = 0
  for (let i = 0; i < data.length; i += 2) sum += data.readUInt8(i) * 256 + (data[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}
