/**
 * An SMTP server that keeps nothing: `node lab/mail-sink.ts ADDRESS PORT` prints a line `{at, subject, text}` for each
 * mail.
 */
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

const [address = '127.0.0.1', port = '25'] = process.argv.slice(2)

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData(stream, _session, done) {
    text(stream).then((mail) => {
      const head = mail.split('\r\n\r\n', 1)[0]?.replace(/\r\n[ \t]+/g, ' ') ?? ''
      const subject = /^Subject: (.*)$/mi.exec(head)?.[1]?.trim() ?? '(no subject)'
      process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), subject: decoded(subject), text: mail })}\n`)
      done()
    }, done)
  },
})
server.listen(Number(port), address, () => process.stdout.write('ready\n'))

/** RFC 2047 encoded words, as a subject has them that is not ASCII alone. */
function decoded(subject: string): string {
  const quoted = (word: string) => word.replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_hex, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return subject.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
    (kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64') : Buffer.from(quoted(word), 'latin1')).toString('utf8'))
}
