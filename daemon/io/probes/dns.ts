/** Asks a name server over UDP or TCP and looks at the answer, as `dig +tries=1 +short` does, without starting a process. */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { randomInt } from 'node:crypto'
import { decode, encode, streamDecode, streamEncode, type DecodedPacket, type Packet } from 'dns-packet'
import { familyOf, formatAddress } from '../../../contract/address.ts'
import type { DnsProbe } from '../../../contract/config.ts'
import type { Ms } from '../../../contract/time.ts'

export interface Verdict { readonly ok: boolean; readonly detail: string }

/** Sockets are opened for each question, so that one that got stuck cannot make a good server look bad. */
export function ask(probe: DnsProbe, timeout: Ms): Promise<Verdict> {
  const id = randomInt(0x10000)
  const question: Packet = {
    type: 'query', id, flags: 0x0100, // recursion desired, as dig asks
    questions: [{ type: probe.type, name: probe.name, class: 'IN' }],
  }
  const server = formatAddress(probe.server)
  return new Promise((resolve) => {
    let finish: (v: Verdict) => void
    const timer = setTimeout(() => finish({ ok: false, detail: `no answer from ${server} within ${timeout} ms` }), timeout)
    const failed = (e: Error & { code?: string }) => finish({ ok: false, detail: `${server}: ${e.code ?? e.message}` })
    const answered = (bytes: Buffer, unpack: typeof decode) => {
      const verdict = judgeAnswer(probe, id, bytes, unpack)
      if (verdict) finish(verdict)
    }
    const settle = (close: () => void) => (v: Verdict) => {
      clearTimeout(timer)
      close()
      resolve(v)
    }

    if (probe.transport === 'udp') {
      const socket = createSocket(familyOf(probe.server) === 4 ? 'udp4' : 'udp6')
      let open = true
      finish = settle(() => {
        if (open) socket.close()
        open = false
      })
      socket.on('error', failed)
      socket.on('message', (bytes) => answered(bytes, decode))
      // Connected, so that "port unreachable" is heard at once and strangers are not heard at all.
      socket.connect(probe.port, server, () => {
        if (open) socket.send(encode(question))
      })
    } else {
      const socket = connect(probe.port, server)
      finish = settle(() => socket.destroy())
      const received: Buffer[] = []
      socket.on('error', failed)
      socket.on('connect', () => socket.write(streamEncode(question)))
      socket.on('data', (bytes) => {
        received.push(bytes)
        const all = Buffer.concat(received)
        if (all.length >= 2 && all.length >= all.readUInt16BE(0) + 2) answered(all, streamDecode as typeof decode)
      })
      socket.on('close', () => finish({ ok: false, detail: `${server} closed the connection without an answer` }))
    }
  })
}

/** undefined: not an answer to our question, keep waiting. */
export function judgeAnswer(probe: DnsProbe, id: number, bytes: Buffer, unpack: typeof decode): Verdict | undefined {
  let answer: DecodedPacket & { readonly rcode?: string }
  try {
    answer = unpack(bytes)
  } catch {
    return { ok: false, detail: 'the answer is not DNS' }
  }
  if (answer.type !== 'response' || answer.id !== id) return undefined
  const rcode = answer.rcode ?? 'NOERROR'
  if (rcode !== 'NOERROR') return { ok: false, detail: `answered ${rcode}` }
  const got = (answer.answers ?? []).filter((a) => a.type === probe.type).map(short)
  const missing = probe.expect.filter((want) => !got.includes(want))
  if (missing.length > 0) return { ok: false, detail: `answered ${got.join(', ') || 'nothing'}; missing ${missing.join(', ')}` }
  return got.length > 0 ? { ok: true, detail: got.join(', ') } : { ok: false, detail: `no ${probe.type} for ${probe.name}` }
}

/** One record as `dig +short` prints it; TXT without the quotes. */
function short(a: { readonly type: string; readonly data?: unknown }): string {
  const d = a.data as Record<string, unknown> | string | Buffer | readonly (string | Buffer)[]
  switch (a.type) {
    case 'TXT': return [d].flat().map((part) => (part as string | Buffer).toString()).join('')
    case 'MX': return `${field(d, 'preference')} ${dotted(field(d, 'exchange'))}`
    case 'SRV': return `${field(d, 'priority')} ${field(d, 'weight')} ${field(d, 'port')} ${dotted(field(d, 'target'))}`
    case 'SOA': return [dotted(field(d, 'mname')), dotted(field(d, 'rname')), ...['serial', 'refresh', 'retry', 'expire', 'minimum'].map((k) => field(d, k))].join(' ')
    case 'NS': case 'CNAME': case 'PTR': return dotted(String(d))
    default: return String(d)
  }
}
const field = (d: unknown, key: string): string => String((d as Record<string, unknown>)[key])
const dotted = (name: string): string => (name.endsWith('.') ? name : `${name}.`)
