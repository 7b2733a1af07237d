/** A real SMTP server on loopback that keeps what it accepts. */
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Received {
  readonly to: readonly string[]
  readonly from: string
  readonly text: string
  header(name: string): string | undefined
}
export interface Relay {
  readonly port: number
  readonly mails: Received[]
  arrived(count: number, within?: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startRelay(options: SMTPServerOptions = {}): Promise<Relay> {
  const mails: Received[] = []
  const waiting = new Set<() => void>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (c: Buffer) => chunks.push(c))
      stream.on('end', () => {
        mails.push(received(Buffer.concat(chunks).toString('latin1'), session.envelope))
        callback()
        for (const look of waiting) look()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // a client that is killed in mid-sentence is what some tests are about
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    arrived: (count, within = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${mails.length} of ${count} mails within ${within} ms`)), within)
        const look = () => {
          if (mails.length < count) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function received(
  raw: string,
  envelope: {
    readonly mailFrom: false | { readonly address: string }
    readonly rcptTo: readonly { readonly address: string }[]
  },
): Received {
  const head = (raw.split('\r\n\r\n', 1)[0] ?? '').replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  return {
    text: decoded(raw.slice(raw.indexOf('\r\n\r\n') + 4)),
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map((r) => r.address),
    header: (name) => head.find((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}: `))?.slice(name.length + 2),
  }
}

/** Quoted-printable (RFC 2045 §6.7). */
const decoded = (text: string) =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')

/** An answer of the relay with this code. */
export const answer = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })
