/** The mailer and a real Exim, as many a DNS server has one: the mail is delivered to a file. */
import { spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { smtpMailer } from '../../handlers/email/transport.ts'
import { compose } from '../../handlers/email/compose.ts'
import { eximBox, eximConfiguration } from '../exim.ts'
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
  const text = eximConfiguration({ program: exim ?? '', directory: folder.path, address: '127.0.0.1', port, hostname: 'mail.example' })
  writeFileSync(config, text, { mode: 0o644 })
  const daemon = spawn(exim ?? 'exim4', ['-C', config, '-bdf'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => daemon.once('close', resolve))
  try {
    await listening(port)
    const mail = compose([change('backup>active active-silent', { host: 'dns2' })])
    const sent = await smtpMailer({ host: '127.0.0.1', port, tls: 'opportunistic' }).send(
      {
        messageId: '<0123@cam.understudy>',
        incident: '0123',
        from: 'dns@mail.example',
        to: ['a@mail.example', 'b@mail.example'],
        ...mail,
      },
      new AbortController().signal,
    )
    expect(sent).toEqual({ accepted: ['a@mail.example', 'b@mail.example'], refused: [] })
    const box = () => {
      try {
        return readFileSync(eximBox(folder.path), 'utf8')
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
