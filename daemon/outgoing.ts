/** The advertisements of a router, to the group or to each of its peers. */
import type { Member } from './member.ts'
import type { AdvertSocket } from './ports.ts'
import { encode, type Datagram } from './wire/advertisement.ts'

/** What a router sends at one priority is the same bytes every time: they are made once. */
export function advertisements(m: Member, socket: AdvertSocket, priority: number): readonly Datagram[] {
  if (m.outgoing?.priority === priority && m.outgoing.socket === socket) return m.outgoing.packets
  const { version, vrid, interval, checksum } = m.config
  const advertisement = { version, vrid, priority, interval, addresses: m.advertised, authentication: m.authentication }
  const src = socket.source
  const packets = [...(m.peers ?? [socket.group])].map((dst) =>
    ({ family: m.family, src, dst, hopLimit: 255, payload: encode(advertisement, { src, dst, checksum }) }))
  m.outgoing = { priority, socket, packets }
  return packets
}
