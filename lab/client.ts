/**
 * Asks each address 1,000 questions a second over UDP and keeps count. A process of its own, so that nothing else makes
 * it late.
 *
 *   node lab/client.ts [--rate N] NAME ADDRESS...
 *
 * It is spoken to in lines: `mark` starts the count anew and is answered with the time; `report` is answered with a
 * `Report`, once it is certain what became of every question asked until then. Times are milliseconds of the machine's
 * monotonic clock. Questions go out by schedule: after a late tick the missing ones are sent at once, and the lateness is
 * reported as `slip`.
 */
import { createSocket, type Socket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import process from 'node:process'
import { monotonic } from './clock.ts'
import { Line, LOST_AFTER, type Tally } from './tally.ts'

export interface Report {
  readonly since: number
  readonly until: number
  readonly addresses: Readonly<Record<string, Tally>>
  /** How late a question was asked at worst, in ms: what is shorter than this was not measured. */
  readonly slip: number
  /** Share of one processor that the client itself used. */
  readonly cpu: number
}

const PORT = 53
/** More than the kernel queues for an address it cannot resolve yet: a packet that waits must not be overwritten. */
const BUFFERS = 4096

function client(name: string, addresses: readonly string[], rate: number): void {
  const targets = addresses.map((address) => target(address, query(name)))
  const began = monotonic()
  let sent = 0, slip = 0, marked = began, usedAtMark = process.cpuUsage()

  const tick = () => {
    const now = monotonic()
    const due = Math.floor(((now - began) * rate) / 1000)
    slip = Math.max(slip, sent < due ? now - (began + (sent + 1) * 1000 / rate) : 0)
    for (; sent < due; sent++) for (const t of targets) t.ask()
    for (const t of targets) t.line.judge(now)
    setTimeout(tick, 1)
  }
  tick()

  const report = (until: number): Report => {
    const used = process.cpuUsage(usedAtMark)
    return {
      since: marked, until, slip,
      addresses: Object.fromEntries(targets.map((t) => [t.address, t.line.tally()])),
      cpu: (used.user + used.system) / 1000 / (monotonic() - marked),
    }
  }
  createInterface(process.stdin).on('line', (word) => {
    const now = monotonic()
    if (word === 'mark') {
      for (const t of targets) t.line.mark()
      ;[slip, marked, usedAtMark] = [0, now, process.cpuUsage()]
      process.stdout.write(`${JSON.stringify({ marked })}\n`)
    } else if (word === 'report') {
      setTimeout(() => process.stdout.write(`${JSON.stringify(report(now))}\n`), LOST_AFTER + 5)
    }
  }).on('close', () => process.exit(0))
}

function target(address: string, question: Buffer) {
  const line = new Line()
  const socket: Socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20,
    lookup: (name, _options, found) => found(null, name, address.includes(':') ? 6 : 4), // an address already; found at once
  })
  socket.on('error', () => {}) // nobody there: the question is lost, which is what is counted
  // The answer repeats the question, then: name (2), type (2), class (2), TTL (4), length (2), length of the text (1), text.
  const at = question.length + 12
  let bytes = Buffer.alloc(0), host = ''
  socket.on('message', (reply) => {
    const length = reply[at] ?? 0
    const text = reply.subarray(at + 1, at + 1 + length)
    if (!bytes.equals(text)) [bytes, host] = [Buffer.from(text), text.toString('latin1')] // the same host as before, mostly
    line.answer(reply.readUInt16BE(0), host, monotonic())
  })
  const buffers = Array.from({ length: BUFFERS }, () => Buffer.from(question))
  return {
    address, line,
    ask() {
      const id = line.ask(monotonic())
      const buffer = buffers[id % BUFFERS] as Buffer
      buffer.writeUInt16BE(id, 0)
      socket.send(buffer, PORT, address)
    },
  }
}

/** `NAME IN TXT` without recursion and without EDNS. */
function query(name: string): Buffer {
  const labels = name.split('.').filter(Boolean)
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]))
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 16, 0, 1])])
}

if (import.meta.main) {
  const options = { rate: { type: 'string', default: '1000' } } as const
  const { values, positionals: [name = '', ...addresses] } = parseArgs({ allowPositionals: true, options })
  client(name, addresses, Number(values.rate))
}
