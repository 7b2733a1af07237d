/** VRRP as nobody of ours sends it: every field as the test wants it, written without our own codec. */
import { Buffer } from 'node:buffer'

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
}

/** An Ethernet frame to the multicast group of VRRP over IPv4. RFC 9568 §5. */
export function forge(f: Forged): Buffer {
  const addresses = f.addresses ?? ['10.53.0.210']
  const whole = Buffer.from([
    ((f.version ?? 3) << 4) | (f.type ?? 1), f.vrid ?? 210, f.priority, f.count ?? addresses.length,
    ...word(f.centiseconds ?? 10), 0, 0, ...addresses.flatMap(bytes),
  ])
  const vrrp = whole.subarray(0, f.cut ?? whole.length)
  const pseudo = Buffer.from([...bytes(f.from), ...GROUP, 0, 112, ...word(vrrp.length)])
  if (vrrp.length >= 8) vrrp.writeUInt16BE((checksum(Buffer.concat([pseudo, vrrp])) + (f.wrongBy ?? 0)) & 0xffff, 6)
  const ip = Buffer.from([
    0x45, 0xc0, ...word(20 + vrrp.length), 0, 1, 0, 0, f.ttl ?? 255, 112, 0, 0, ...bytes(f.from), ...GROUP,
  ])
  ip.writeUInt16BE(checksum(ip), 10)
  return Buffer.concat([Buffer.from('01005e00001202000000006608' + '00', 'hex'), ip, vrrp])
}

const GROUP = [224, 0, 0, 18]
const bytes = (address: string) => address.split('.').map(Number)
const word = (n: number) => [n >> 8, n & 0xff]

/** RFC 1071 */
function checksum(data: Buffer): number {
  let sum = 0
  for (let i = 0; i < data.length; i += 2) sum += data.readUInt8(i) * 256 + (data[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}
