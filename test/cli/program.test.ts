import { execFile } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { thisHost } from '../../cli/cluster.ts'
import { availabilityOf, emptyPicture, enter, topicsOf } from '../../cli/picture.ts'
import { family, program } from '../../cli/program.ts'
import { age } from '../../cli/table.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { parseConfig, type Config } from '../../contract/config.ts'
import { VERSION } from '../../contract/version.ts'
import { FILE, fileWith, play } from './stage.ts'

const parsed = parseConfig(FILE)
const config = (parsed.ok ? parsed.value : undefined) as Config
const main = new URL('../../cli/main.ts', import.meta.url).pathname
const run = promisify(execFile)

test('the version is that of the package', () => {
  expect(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version).toBe(VERSION)
})

describe('help', () => {
  const commands = family(program({} as Terminal, () => {})).filter((c) => c.commands.length === 0)
  test.each(commands.map((c) => [c.parent?.name() === 'understudy' ? [c.name()] : [c.parent?.name() ?? '', c.name()]]))('%j shows an example', async (words) => {
    const { code, out } = await play([...words, '--help'])
    expect(code).toBe(0)
    expect(out).toContain(`Usage: understudy ${words.join(' ')}`)
    expect(out).toContain(`Example: understudy ${words.join(' ')}`)
  })
  test('every option says what it is for', () => {
    expect(family(program({} as Terminal, () => {})).flatMap((c) => c.options.filter((o) => !o.description).map((o) => `${c.name()} ${o.flags}`))).toEqual([])
  })
})

describe('wrong usage', () => {
  test.each([
    [['frobnicate'], "error: unknown command 'frobnicate'\n(--help says more)"],
    [['status', '--jsno'], "error: unknown option '--jsno'\n(Did you mean --json?)\n(--help says more)"],
    [['account', 'add', 'x'], "error: required option '--role <role>' not specified\n(--help says more)"],
    [['account', 'add', 'x', '--role', 'king'], "error: option '--role <role>' argument 'king' is invalid. Allowed choices are daemon, handler, operator, viewer.\n(--help says more)"],
  ])('%j', async (argv, err) => {
    const played = await play(argv)
    expect([played.code, played.err.replace(/\n+/g, '\n')]).toEqual([2, err])
  })
})

describe('check-config', () => {
  test('sound', async () => {
    const file = fileWith(FILE)
    expect(await play(['check-config', file])).toMatchObject({ code: 0, out: `${file}: sound: 1 router on 3 hosts` })
  })
  test('not sound', async () => {
    const file = fileWith(FILE.replace('53, interface', '530, interfaec'))
    expect(await play(['check-config', file])).toMatchObject({
      code: 1, out: `${file}:8:24: groups.dns.routers.resolver.vrid: want 1 to 255, not 530\n${file}:8:29: groups.dns.routers.resolver.interfaec: there is no key "interfaec" here: write interface`,
    })
    expect(JSON.parse((await play(['check-config', '--json', file])).out)[0]).toEqual({ line: 8, column: 24, path: 'groups.dns.routers.resolver.vrid', message: 'want 1 to 255, not 530' })
  })
  test('absent', async () => {
    const played = await play(['check-config', '/nowhere/cluster.yaml'])
    expect([played.code, played.err]).toEqual([3, "cannot read /nowhere/cluster.yaml: ENOENT: no such file or directory, open '/nowhere/cluster.yaml'"])
  })
})

describe('starting', () => {
  const file = fileWith(FILE)
  test('a daemon on a machine that is no host of the file', async () => {
    expect(await play(['daemon', '-c', file], { hostname: 'mail.example.org' })).toMatchObject({
      code: 3, err: 'this machine is called "mail", and no group has such a host: the file knows dns1, dns2, dns3 (or name one with --host)',
    })
    expect(await play(['daemon', '-c', file, '--host', 'dns9'])).toMatchObject({ code: 2, err: '--host says "dns9", and no group has such a host: the file knows dns1, dns2, dns3' })
  })
  test('again, for a daemon whose host has left the file', async () => {
    expect(await play(['daemon', '-c', file, '--host', 'dns2'], { env: { UNDERSTUDY_READER: 'dns9' } })).toMatchObject({
      code: 3, err: 'no group has dns9 any more, and the daemon runs as dns9: stop it if the host is to leave; the file knows dns1, dns2, dns3',
    })
  })
  test('a file with problems', async () => {
    const bad = fileWith('cluster: c\n')
    expect(await play(['daemon', '-c', bad])).toMatchObject({ code: 3, err: `${bad}:1:1: groups: is missing: want a block of keys\n${bad}: 1 problem` })
  })
  test('a handler that is none', async () => {
    expect(await play(['handlers', 'sms', '-c', file])).toMatchObject({ code: 2, err: 'there is no handler "sms": the file knows none' })
  })
  test('the host name up to its first dot', () => expect(thisHost(config, undefined, { hostname: () => 'dns2.example.org' } as Terminal)).toBe('dns2'))
})

test('accounts', async () => {
  const accounts = `${fileWith('')}.accounts`
  expect(await play(['account', 'add', 'dns1', '--role', 'daemon', '--file', accounts], { secret: 'correct horse battery' })).toMatchObject({ code: 0, out: `Added dns1 (daemon) in ${accounts}.` })
  const pass = `${accounts}.pass`
  writeFileSync(pass, 'staple of the day\nsecond line\n')
  expect((await play(['account', 'add', 'ann', '--role', 'operator', '--file', accounts, '--password-file', pass])).code).toBe(0)
  expect((await play(['account', 'list', '--file', accounts])).out).toBe('dns1\tdaemon\nann\toperator')
  expect((await play(['account', 'remove', 'dns1', '--file', accounts])).code).toBe(0)
  expect((await play(['account', 'add', 'x', '--role', 'viewer', '--file', accounts])).err).toBe('an empty password is no password')
  expect((await play(['account', 'add', 'x', '--role', 'viewer', '--file', accounts, '--generate'])).out).toMatch(/^Its password: [\w-]{24}$/m)
  expect((await play(['account', 'list', '-c', fileWith(FILE)])).code).toBe(2)
})

describe('mosquitto', () => {
  const file = fileWith(`${FILE}handlers: {log: {}}\n`)
  const directory = dirname(file)
  const rightsOf = () => [...readFileSync(`${directory}/acl`, 'utf8').matchAll(/# (\w+)\nuser (.*)/g)].map((m) => `${m[2]} ${m[1]}`)

  test('without accounts: every host, every handler, the operator', async () => {
    expect(await play(['mosquitto', '-c', file, '--directory', directory])).toMatchObject({
      code: 0, out: `Wrote ${directory}/mosquitto.conf and ${directory}/acl, for dns1, dns2, dns3, log, operator.\n`
        + `Each of them needs a password: mosquitto_passwd ${directory}/passwords NAME (the first time with -c).`,
    })
    expect(rightsOf()).toEqual(['dns1 daemon', 'dns2 daemon', 'dns3 daemon', 'log handler', 'operator operator'])
    expect(readFileSync(`${directory}/mosquitto.conf`, 'utf8')).toContain(`acl_file ${directory}/acl\n`)
    expect(statSync(`${directory}/acl`).mode & 0o777).toBe(0o640)
  })
  test('with accounts: those', async () => {
    const accounts = `${directory}/accounts`
    for (const [name, role] of [['dns1', 'daemon'], ['ann', 'viewer']] as const) {
      await play(['account', 'add', name, '--role', role, '--file', accounts], { secret: 'correct horse battery' })
    }
    const named = fileWith(`${FILE}broker: {accounts: ${accounts}}\n`)
    expect((await play(['mosquitto', '-c', named, '--directory', directory])).code).toBe(0)
    expect(rightsOf()).toEqual(['dns1 daemon', 'ann viewer'])
  })
  test('where it cannot write', async () => {
    const played = await play(['mosquitto', '-c', file, '--directory', '/nowhere'])
    expect([played.code, played.err]).toEqual([3, "cannot write /nowhere/mosquitto.conf: ENOENT: no such file or directory, stat '/nowhere'"])
  })
})

describe('the picture', () => {
  const picture = (...said: [broker: string, status: string, boot: string, at: string][]) => {
    const p = emptyPicture()
    for (const [broker, status, bootId, at] of said) {
      enter(p, config, { broker, topic: 'understudy/c/host/dns1/availability', payload: new TextEncoder().encode(JSON.stringify({ status, bootId, at: `2026-01-01T00:00:0${at}Z` })) })
    }
    return availabilityOf(p, 'dns1')?.status
  }
  test('lost to one broker, connected to the other', () => expect(picture(['a', 'online', 'x', '1'], ['b', 'offline', 'x', '1'])).toBe('online'))
  test('lost to both', () => expect(picture(['a', 'offline', 'x', '1'], ['b', 'offline', 'x', '2'])).toBe('offline'))
  test('the last word of one broker counts', () => expect(picture(['a', 'online', 'x', '1'], ['a', 'offline', 'x', '1'])).toBe('offline'))
  test('what an old run said does not', () => expect(picture(['a', 'online', 'old', '1'], ['b', 'offline', 'new', '2'])).toBe('offline'))
  test('only exact topics are asked for', () => expect(topicsOf(config).filter((t) => /[+#]/.test(t))).toEqual([]))
  test('what is none of ours changes nothing', () => {
    const p = emptyPicture()
    for (const [topic, body] of [['x', '{}'], ['understudy/c/host/dns1/event', '{}'], ['understudy/c/host/dns1/availability', '{}'], ['understudy/c/order/dns', 'dns9']] as const) {
      expect(enter(p, config, { broker: 'a', topic, payload: new TextEncoder().encode(body) })).toBe(false)
    }
    expect(p).toEqual(emptyPicture())
  })
})

test.each([[0, '0 s'], [59_999, '59 s'], [61_000, '1 min 1 s'], [7_200_000, '2 h'], [90_061_000, '1 d 1 h'], [-5, '0 s']])('an age of %i ms is %s', (ms, text) => expect(age(ms)).toBe(text))

test('as a process', async () => {
  expect((await run(process.execPath, [main, '--version'])).stdout).toBe(`${VERSION}\n`)
  const file = fileWith('cluster: c\n')
  await expect(run(process.execPath, [main, 'check-config', file])).rejects.toMatchObject({ code: 1, stdout: `${file}:1:1: groups: is missing: want a block of keys\n`, stderr: '' })
  await expect(run(process.execPath, [main, 'frob'])).rejects.toMatchObject({ code: 2 })
})
