// The programs of other projects that the tests set Understudy beside: each really starts, from a private folder, on loopback.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eximBox, eximConfiguration } from '../exim.ts'


const path = (process.env.PATH ?? '').split(':')

const find = (program: string) =>
  path.map((folder) => join(folder, program)).find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

const skipUnless = (...programs: string[]) => it.skipIf(programs.some((program) => find(program) === undefined))

let folder: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peers-'))
  children = []
})

afterEach(async () => {
  for (const child of children) await stop(child)
  rmSync(folder, { recursive: true, force: true })
})

const run = (program: string, args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', input, timeout: 10_000 })
  return { status, text: stdout + stderr }
}

const start = (program: string, args: string[]) => {
  const child = spawn(program, args, { cwd: folder, stdio: 'ignore' })
  children.push(child)
  return child
}

const stop = (child: ChildProcess) =>
  new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once('exit', () => done())
    child.kill('SIGTERM')
  })

const until = async <T>(attempt: () => T | undefined | Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + 8000
  for (;;) {
    const value = await attempt()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error('nothing came within 8 s')
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const at = server.address()
      server.close(() => done(typeof at === 'object' && at ? at.port : 0))
    })
  })

const listening = (port: number) =>
  until(
    () =>
      new Promise<true | undefined>((done) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy()
          done(true)
        })
        socket.on('error', () => done(undefined))
      }),
  )

const write = (name: string, text: string, mode = 0o644) => {
  const file = join(folder, name)
  writeFileSync(file, text, { mode })
  return file
}

describe('peers', { timeout: 15_000 }, () => {
  skipUnless('named', 'named-checkconf', 'dig')('BIND answers a question', async () => {
    const port = await freePort()
    write('zone', '$TTL 60\n@ SOA ns.example. root.example. 1 60 60 60 60\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.80\n')
    const config = write('named.conf', `
      options { directory "${folder}"; pid-file none; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
        recursion no; dnssec-validation no; };
      controls { };
      zone "example" { type primary; file "zone"; };`)
    expect(run('named-checkconf', [config])).toEqual({ status: 0, text: '' })
    start('named', ['-g', '-c', config])
    await listening(port)
    // BIND listens before it has read its zones, and refuses meanwhile.
    const answer = await until(() => run('dig', ['@127.0.0.1', '-p', String(port), '+short', 'www.example']).text.trim() || undefined)
    expect(answer).toBe('192.0.2.80')
  })

  skipUnless('mosquitto', 'mosquitto_pub', 'mosquitto_sub')('Mosquitto keeps a retained message', async () => {
    const port = await freePort()
    start('mosquitto', ['-c', write('mosquitto.conf', `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`)])
    await listening(port)
    const at = ['-h', '127.0.0.1', '-p', String(port), '-q', '1', '-t', 'a/b']
    expect(run('mosquitto_pub', [...at, '-r', '-m', 'kept']).status).toBe(0)
    expect(run('mosquitto_sub', [...at, '-C', '1']).text.trim()).toBe('kept')
  })

  skipUnless('nats-server', 'mosquitto_pub', 'mosquitto_sub')('NATS speaks MQTT', async () => {
    const [port, mqtt] = [await freePort(), await freePort()]
    const config = write('nats.conf', `server_name: one\nlisten: 127.0.0.1:${port}\njetstream { store_dir: "${folder}" }
      mqtt { listen: "127.0.0.1:${mqtt}" }`)
    start('nats-server', ['-c', config])
    await listening(mqtt)
    const at = ['-h', '127.0.0.1', '-p', String(mqtt), '-q', '1', '-t', 'a/b']
    expect(run('mosquitto_pub', [...at, '-r', '-m', 'kept']).status).toBe(0)
    expect(run('mosquitto_sub', [...at, '-C', '1']).text.trim()).toBe('kept')
  })

  skipUnless('exim4')('Exim takes a message and delivers it', async () => {
    const port = await freePort()
    const mail = mkdtempSync(join(tmpdir(), 'mail-'))
    spawnSync('chmod', ['777', mail])
    try {
      // Exim starts itself again for each delivery and then loses its privileges: `mail` belongs to whoever it has become.
      const config = write('exim.conf', eximConfiguration(
        { program: find('exim4') ?? '', directory: mail, address: '127.0.0.1', port, hostname: 'mail.example' }))
      spawnSync('chmod', ['755', folder])
      start('exim4', ['-C', config, '-bdf'])
      await listening(port)
      await deliver(port, ['EHLO here', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA', 'Subject: Hello\r\n\r\nText\r\n.', 'QUIT'])
      const box = await until(() => {
        try {
          return readFileSync(eximBox(mail), 'utf8') || undefined
        } catch {
          return undefined
        }
      })
      expect(box).toContain('Subject: Hello')
    } finally {
      for (const child of children) await stop(child)
      rmSync(mail, { recursive: true, force: true })
    }
  })

  skipUnless('keepalived')('keepalived reads a configuration', () => {
    const config = write('keepalived.conf', 'vrrp_instance one {\n interface lo\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.53\n }\n}\n')
    expect(run('keepalived', ['--version']).text).toContain('Keepalived v2')
    expect(run('keepalived', ['-t', '-f', config]).text).toContain('cannot use a loopback interface')
  })

  skipUnless('text2pcap', 'tshark')('tshark reads a VRRP advertisement', () => {
    const packet = '0000 21 33 64 01 00 64 b9 52 c0 00 02 35 00 00 00 00'
    expect(run('text2pcap', ['-q', '-4', '192.0.2.1,224.0.0.18', '-i', '112', '-', 'one.pcap'], `${packet}\n`).status).toBe(0)
    const read = run('tshark', ['-r', 'one.pcap', '-T', 'fields', '-e', 'vrrp.virt_rtr_id', '-e', 'vrrp.prio'])
    expect(read.text).toContain('51\t100')
  })

  skipUnless('nft')('nft reads a rule set', () => {
    const rules = write('rules', 'table inet one {\n chain input {\n type filter hook input priority 0;\n ip protocol vrrp drop\n }\n}\n')
    const { status, text } = run('nft', ['--check', '--file', rules])
    // Even a check asks the kernel, which only an administrator may.
    if (process.getuid?.() === 0) expect({ status, text }).toEqual({ status: 0, text: '' })
    else expect(text).toMatch(/^$|not permitted/)
  })
})

// One line at a time, each after the answer to the one before.
const deliver = (port: number, lines: string[]) =>
  new Promise<void>((done, failed) => {
    const rest = [...lines]
    const socket = connect(port, '127.0.0.1')
    socket.on('error', failed).on('close', () => done())
    socket.on('data', (answer) => {
      if (/^[45]/.test(String(answer))) failed(new Error(String(answer)))
      const line = rest.shift()
      if (line !== undefined) socket.write(`${line}\r\n`)
    })
  })
