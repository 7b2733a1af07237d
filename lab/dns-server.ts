/**
 * A name server of one answer: whatever name is asked for, TXT holds the name of this host. So a client learns who answered.
 *
 *   node lab/dns-server.ts HOST ADDRESS...       (prints "ready" when it listens on all of them, UDP and TCP, port 53)
 *
 * It has one socket for each address, so an answer leaves from the address that was asked. Service addresses are bound
 * before the host holds them (`ip_nonlocal_bind`), so nothing has to notice that an address has come.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { once } from 'node:events'
import process from 'node:process'

const PORT = 53
const HEADER = 12
const TXT = 16

/** The answer to `query`, or undefined when it is no question. RFC 1035 §4.1. */
export function answer(query: Buffer, text: string): Buffer | undefined {
  if (query.length < HEADER + 5 || (query[2] ?? 0) & 0x80 || query.readUInt16BE(4) !== 1) return undefined
  let end = HEADER
  for (let label = query[end]; label !== 0; label = query[end]) {
    if (label === undefined || label > 63) return undefined
    end += label + 1
  }
  end += 5 // the root label, QTYPE, QCLASS
  if (end > query.length) return undefined
  const found = query.readUInt16BE(end - 4) === TXT
  const head = Buffer.from(query.subarray(0, end)) // question repeated; EDNS, if any, is left out
  head.writeUInt16BE(0x8400 | (query.readUInt16BE(2) & 0x0100), 2) // response, authoritative; RD as asked
  head.writeUInt16BE(found ? 1 : 0, 6)
  head.writeUInt32BE(0, 8)
  if (!found) return head
  const record = Buffer.alloc(13 + text.length)
  record.writeUInt16BE(0xc00c, 0) // the name of the question
  record.writeUInt16BE(TXT, 2)
  record.writeUInt16BE(1, 4) // class IN; a TTL of 0 follows
  record.writeUInt16BE(1 + text.length, 10)
  record.writeUInt8(text.length, 12)
  record.write(text, 13, 'latin1')
  return Buffer.concat([head, record])
}

async function listen(host: string, address: string): Promise<void> {
  const six = address.includes(':')
  const socket = createSocket({
    type: six ? 'udp6' : 'udp4', ipv6Only: six,
    lookup: (name, _options, found) => found(null, name, six ? 6 : 4), // an address already; found at once
  })
  socket.on('message', (query, from) => {
    const reply = answer(query, host)
    if (reply) socket.send(reply, from.port, from.address)
  })
  const listening = once(socket, 'listening') // which may happen within bind()
  socket.bind(PORT, address)
  await listening
  socket.on('error', () => {}) // an answer that could not be sent; the client asks again

  const tcp = createServer((connection) => {
    let waiting = Buffer.alloc(0)
    connection.on('error', () => connection.destroy())
    connection.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes])
      for (let size = length(waiting); size !== undefined; size = length(waiting)) {
        const reply = answer(waiting.subarray(2, 2 + size), host)
        waiting = waiting.subarray(2 + size)
        if (reply) connection.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
      }
    })
  })
  tcp.listen(PORT, address)
  await once(tcp, 'listening')
}

/** Size of the first whole message in `bytes`. RFC 1035 §4.2.2: two bytes of length go before each. */
const length = (bytes: Buffer) => {
  if (bytes.length < 2) return undefined
  const size = bytes.readUInt16BE(0)
  return bytes.length >= 2 + size ? size : undefined
}

if (import.meta.main) {
  const [host = '', ...addresses] = process.argv.slice(2)
  await Promise.all(addresses.map((address) => listen(host, address)))
  process.stdout.write('ready\n')
}
