/** SMTP. The one importer of nodemailer; every send is a connection of its own, so that nothing lives between incidents. */
import { createTransport } from 'nodemailer'
import type { Delivery, Letter, Mailer, Refusal } from './handler.ts'

export interface Relay {
  readonly host: string
  readonly port: number
  readonly tls: 'off' | 'opportunistic' | 'starttls' | 'implicit'
  readonly user?: string
  readonly password?: string
}

/** Connecting, the greeting and every silence after it: each ends before the run's deadline of 30 s does. */
const PATIENCE = 8000

export function smtpMailer(relay: Relay): Mailer {
  const login = relay.user !== undefined
  const transport = createTransport({
    host: relay.host,
    port: relay.port,
    secure: relay.tls === 'implicit',
    ignoreTLS: relay.tls === 'off',
    requireTLS: relay.tls === 'starttls',
    // Opportunistic TLS keeps out who only listens and asks for no certificate; but a password is for the right relay alone.
    ...(relay.tls === 'opportunistic' && !login ? { opportunisticTLS: true, tls: { rejectUnauthorized: false } } : {}),
    ...(login ? { auth: { user: relay.user, pass: relay.password ?? '' } } : {}),
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    dnsTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send(letter, signal) {
      try {
        const sent = await transport.sendMail({ ...message(letter), signal })
        return { accepted: sent.accepted.map(address), refused: rejections(sent) }
      } catch (e) {
        return { accepted: [], refused: failures(letter, e) }
      }
    },
  }
}

const message = ({ messageId, incident, from, to, subject, text }: Letter) => ({
  messageId,
  from,
  to: [...to],
  subject,
  text,
  textEncoding: 'quoted-printable' as const, // readable as it is, in any tool
  // RFC 3834: no out-of-office replies to a machine.
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Understudy-Incident': incident },
})

interface SmtpError {
  readonly message?: string
  readonly responseCode?: number
  readonly command?: string
  readonly recipient?: string
  readonly rejectedErrors?: readonly SmtpError[]
}

const rejections = (from: unknown): Refusal[] =>
  ((from as SmtpError).rejectedErrors ?? []).map((e) => ({
    to: e.recipient ?? '',
    permanent: isPermanent(e),
    why: e.message ?? '',
  }))

/** The relay took nothing: for each recipient its own answer if there is one, else that of the whole. */
function failures(letter: Letter, e: unknown): Delivery['refused'] {
  const each = rejections(e)
  const all = e as SmtpError
  return each.length > 0 ? each : letter.to.map((to) => ({ to, permanent: isPermanent(all), why: all.message ?? String(e) }))
}

/**
 * 5xx to the message means this mail will never go. 5xx to us, at the greeting, TLS or login, is somebody's mistake that
 * gets mended, and the mail must still go then.
 */
const isPermanent = ({ responseCode, command }: SmtpError) =>
  responseCode !== undefined &&
  responseCode >= 500 &&
  (command === 'MAIL FROM' || command === 'RCPT TO' || command === 'DATA')

const address = (a: string | { readonly address: string }) => (typeof a === 'string' ? a : a.address)
