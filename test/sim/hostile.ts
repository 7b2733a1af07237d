/** Packets that must change nothing: damaged, foreign or lying ones. Says so where one does. */
import { decode, encode } from '../../daemon/wire/advertisement.ts'
import { mismatch } from '../../daemon/wire/match.ts'
import type { SimHost } from './host.ts'
import { GROUP, type Lan } from './lan.ts'
import type { Random } from './random.ts'

/** By family: who sends, and an address that no router has. */
const STRANGER = { 4: 0x0a0000c8, 6: 0xfe80_0000_0000_0000_0000_0000_0000_00c8n } as const
const FOREIGN = { 4: 0x0a0000fe, 6: 0xfd00_0000_0000_0000_0000_0000_0000_00fen } as const

/** Sends one packet that RFC 9568 §7.1 or RFC 3768 §7.1 tells to discard; returns a violation if the host obeyed it. */
export function hostile(lan: Lan, to: SimHost, random: Random): string[] {
  if (!to.running || to.stalled) return []
  const m = random.pick(to.runtime.members)
  const good = {
    version: m.config.version, vrid: m.config.vrid, priority: random.pick([0, 1, 200, 255]), interval: m.config.interval,
    addresses: m.advertised, authentication: m.authentication,
  }
  const from = { src: STRANGER[m.family], dst: GROUP[m.family] }
  const wire = { ...from, checksum: 'rfc5798' as const }
  const [payload, hopLimit, what] = damaged()
  const datagram = { ...from, family: m.family, hopLimit, payload }
  const decoded = decode(datagram)
  if (decoded.ok && !mismatch(decoded.value, m.expected)) return [] // the damage made another valid packet
  lan.note(to.name, `hears a hostile packet: ${what}`)
  const before = to.runtime.members.map((x) => x.state)
  to.runtime.receive('eth0', m.config.unicast?.minHopLimit, datagram)
  return to.runtime.members.every((x, i) => x.state === before[i]) ? [] : [`${to.name} obeyed a hostile packet: ${what}`]

  function damaged(): [Uint8Array, number, string] {
    const bytes = encode(good, wire)
    switch (random.int(0, 6)) {
      case 0: bytes[random.int(0, bytes.length - 1)] = random.int(0, 255); return [bytes, 255, 'a byte changed']
      case 1: return [bytes, 254, 'hop limit 254']
      case 2: return [bytes.subarray(0, random.int(0, bytes.length - 1)), 255, 'truncated']
      case 3: return [encode({ ...good, addresses: [...m.advertised, FOREIGN[m.family]] }, wire), 255, 'foreign address list']
      case 4: return [otherVersion(bytes), 255, 'the other version']
      case 5: bytes[3] = random.int(0, 255); return [bytes, 255, 'a count that lies']
      default: return [Uint8Array.from({ length: random.int(0, 64) }, () => random.int(0, 255)), 255, 'noise']
    }
  }

  function otherVersion(bytes: Uint8Array): Uint8Array {
    if (m.family === 4) return encode({ ...good, version: m.config.version === 2 ? 3 : 2 }, wire)
    bytes[0] = 0x21 // version 2 has no IPv6: nobody can build a whole one
    return bytes
  }
}
