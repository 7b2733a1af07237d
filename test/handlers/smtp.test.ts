/** The one place that speaks SMTP, against real servers. */
import { expect, test } from 'vitest'
import { smtpMailer } from '../../handlers/email/transport.ts'
import { answer, startRelay } from './relay.ts'

const letter = (to: readonly string[]) => ({
  messageId: '<0123@cam.understudy>',
  incident: '0123',
  from: 'dns@example.org',
  to,
  subject: '[cam] dns2 serves testdns0',
  text: 'dns2 serves testdns0 (192.0.2.53) — now.\n',
})
const forever = new AbortController().signal
const both = ['a@example.org', 'b@example.org']
const relayAt = (port: number) => smtpMailer({ host: '127.0.0.1', port, tls: 'opportunistic' })

test('a mail arrives, at everybody, with its headers', async () => {
  await using relay = await startRelay()
  expect(await relayAt(relay.port).send(letter(both), forever)).toEqual({ accepted: both, refused: [] })
  const [mail] = relay.mails
  expect([mail?.from, mail?.to]).toEqual(['dns@example.org', both])
  expect(['Message-ID', 'Subject', 'Auto-Submitted', 'X-Understudy-Incident', 'To'].map((h) => mail?.header(h))).toEqual([
    '<0123@cam.understudy>',
    '[cam] dns2 serves testdns0',
    'auto-generated',
    '0123',
    'a@example.org, b@example.org',
  ])
  expect(mail?.header('Content-Type')).toMatch(/^text\/plain/)
  expect(mail?.text).toBe('dns2 serves testdns0 (192.0.2.53) — now.\r\n')
})

test('a password is sent to a relay that asks for one', async () => {
  const logins: unknown[] = []
  await using relay = await startRelay({
    allowInsecureAuth: true,
    authOptional: false,
    onAuth: ({ username, password }, _, callback) => {
      logins.push([username, password])
      callback(null, { user: username })
    },
  })
  const mailer = smtpMailer({ host: '127.0.0.1', port: relay.port, tls: 'off', user: 'dns', password: 'secret' })
  expect((await mailer.send(letter(both), forever)).accepted).toEqual(both)
  expect(logins).toEqual([['dns', 'secret']])
})

test('TLS with whatever certificate where it is offered; a certificate that is known where it is required', async () => {
  await using relay = await startRelay({ disabledCommands: [] }) // its certificate is nobody's
  expect((await relayAt(relay.port).send(letter(both), forever)).accepted).toEqual(both)
  const strict = await smtpMailer({ host: '127.0.0.1', port: relay.port, tls: 'starttls' }).send(
    letter(['a@example.org']),
    forever,
  )
  expect(strict.accepted).toEqual([])
  expect(strict.refused).toMatchObject([{ to: 'a@example.org', permanent: false }])
})

const refusals: readonly [string, number, 'onMailFrom' | 'onRcptTo' | 'onConnect', boolean][] = [
  ['the sender for now', 451, 'onMailFrom', false],
  ['the sender for good', 553, 'onMailFrom', true],
  ['the recipient for now', 450, 'onRcptTo', false],
  ['the recipient for good', 550, 'onRcptTo', true],
  ['us at the greeting: a mistake that gets mended', 554, 'onConnect', false],
]
test.each(refusals)('a relay refuses %s', async (_, code, hook, permanent) => {
  await using relay = await startRelay({
    [hook]: (...args: unknown[]) => (args.at(-1) as (e: Error) => void)(answer(code, 'no')),
  })
  const { accepted, refused } = await relayAt(relay.port).send(letter(['a@example.org']), forever)
  expect([accepted, refused.map((r) => [r.to, r.permanent])]).toEqual([[], [['a@example.org', permanent]]])
})

test('each recipient has its own answer', async () => {
  const codes: Record<string, number> = { 'later@example.org': 450, 'never@example.org': 550 }
  await using relay = await startRelay({
    onRcptTo: ({ address }, _, callback) => callback(codes[address] ? answer(codes[address], 'no') : null),
  })
  const { accepted, refused } = await relayAt(relay.port).send(
    letter(['a@example.org', 'later@example.org', 'never@example.org']),
    forever,
  )
  expect([accepted, refused.map((r) => [r.to, r.permanent])]).toEqual([
    ['a@example.org'],
    [
      ['later@example.org', false],
      ['never@example.org', true],
    ],
  ])
})

test('nobody listens: later', async () => {
  const relay = await startRelay()
  await relay[Symbol.asyncDispose]()
  expect((await relayAt(relay.port).send(letter(both), forever)).refused.map((r) => [r.to, r.permanent])).toEqual(
    both.map((to) => [to, false]),
  )
})

test('the deadline closes a connection that hangs', async () => {
  const hanging = Promise.withResolvers<() => void>()
  await using relay = await startRelay({ onMailFrom: (_, __, callback) => hanging.resolve(callback) })
  const deadline = new AbortController()
  const sent = relayAt(relay.port).send(letter(both), deadline.signal)
  const goOn = await hanging.promise
  deadline.abort(new Error('took longer than 30 s'))
  expect((await sent).refused.map((r) => r.permanent)).toEqual([false, false])
  goOn()
  expect(relay.mails).toEqual([])
})
