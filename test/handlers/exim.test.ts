/** The mailer and a real Exim, as many a DNS server has one: the mail is delivered to a file. */
import { spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { smtpMailer } from '../../handlers/email/transport.ts'
import { compose } from '../../handlers/email/compose.ts'
import { until } from '../link/until.ts'
import { freePort } from './free-port.ts'
import { temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', join(import.meta.dirname, '../../.runtime/bin')]
const exim = folders
  .map((f) => join(f, 'exim4'))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
const name =
  exim || process.env.CI
    ? 'Exim takes the mail and delivers it'
    : 'Exim (skipped: no exim4 here; sh setup/run test fetches it)'

test.skipIf(!exim && !process.env.CI)(name, { timeout: 20_000 }, async () => {
  using folder = temporaryFolder()
  chmodSync(folder.path, 0o777) // Exim starts itself again for each delivery, with fewer rights
  const port = await freePort()
  const config = join(folder.path, 'exim.conf')
  const user = process.getuid?.() || 65534
  writeFileSync(config, configuration(folder.path, port, user), { mode: 0o644 })
  const daemon = spawn(exim ?? 'exim4', ['-C', config, '-bdf'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => daemon.once('close', resolve))
  try {
    await listening(port)
    const { subject, text } = compose([change('backup>active active-silent', { host: 'dns2' })])
    const sent = await smtpMailer({ host: '127.0.0.1', port, tls: 'opportunistic' }).send(
      {
        messageId: '<0123@cam.understudy>',
        incident: '0123',
        from: 'dns@mail.example',
        to: ['a@mail.example', 'b@mail.example'],
        subject,
        text,
      },
      new AbortController().signal,
    )
    expect(sent).toEqual({ accepted: ['a@mail.example', 'b@mail.example'], refused: [] })
    const box = () => {
      try {
        return readFileSync(join(folder.path, 'box'), 'utf8')
      } catch {
        return ''
      }
    }
    await until('the mail in the box of each recipient', () => box().split('Message-ID: <0123@cam.understudy>').length === 3)
    expect(box()).toContain('Subject: [cam] dns2 serves testdns0 (active-silent)')
    expect(box()).toContain('Auto-Submitted: auto-generated')
  } finally {
    daemon.kill()
    await ended
  }
})

const configuration = (folder: string, port: number, user: number) => `
exim_path = ${exim}
spool_directory = ${folder}
log_file_path = ${folder}/%slog
pid_file_path = ${folder}/pid
primary_hostname = mail.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
tls_advertise_hosts =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = everything
acl_smtp_data = everything
begin acl
everything:
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = ${folder}/box
  user = ${user}
  group = ${process.getgid?.() || 65534}
`

async function listening(port: number) {
  let answers = false
  const ask = () => {
    const socket = connect(port, '127.0.0.1', () => {
      answers = true
      socket.destroy()
    })
    socket.on('error', () => setTimeout(ask, 50))
  }
  ask()
  await until('Exim to listen', () => answers)
}
