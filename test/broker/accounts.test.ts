import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Doorkeeper, hashPassword, parseAccounts, verifyPassword } from '../../broker/accounts.ts'
import { runAccount } from '../../broker/main.ts'
import type { Role } from '../../contract/topics.ts'
import { until } from '../link/until.ts'
import { temporaryDirectory } from './run.ts'

// RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), first 32 bytes.
const KEY = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex')
const RFC7914 = `scrypt$16384$8$1$${Buffer.from('SodiumChloride').toString('base64url')}$${KEY.toString('base64url')}`

test('checks the password of RFC 7914', async () => {
  expect(await verifyPassword('pleaseletmein', RFC7914)).toBe(true)
  expect(await verifyPassword('pleaseletmeIn', RFC7914)).toBe(false)
  expect(await verifyPassword('', RFC7914)).toBe(false)
})

test('a hash fits its password only, and never looks the same twice', async () => {
  const [a, b] = [await hashPassword('geheim'), await hashPassword('geheim')]
  expect(a).toMatch(/^scrypt\$16384\$8\$1\$/)
  expect(a).not.toBe(b)
  expect(await verifyPassword('geheim', a)).toBe(true)
  expect(await verifyPassword('geheim ', a)).toBe(false)
})

test('names every mistake in the file at once, with its line', () => {
  const parsed = parseAccounts([
    `dns1: {role: daemon, password: ${RFC7914}}`,
    'dns2: {role: demon, password: hunter2}',
    'anna: {role: operator}',
    `"a b": {role: viewer, password: ${RFC7914}, rights: all}`,
    'tv: viewer',
    'big: {role: viewer, password: scrypt$1048576$32$4$c29kaXVtc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}',
  ].join('\n'))
  expect(parsed.ok ? [] : parsed.error.map((p) => `${p.line} ${p.path}: ${p.message}`)).toEqual([
    '2 dns2.role: want daemon, handler, operator, viewer',
    '2 dns2.password: want scrypt$N$r$p$salt$hash, as `understudy account add` writes it',
    '3 anna.password: want scrypt$N$r$p$salt$hash, as `understudy account add` writes it',
    '4 a b: want a name of letters, digits, "-", "_" and ".", at most 63',
    '4 a b: there is no key rights here: known are role, password',
    '5 tv: want {role: …, password: …}',
    '6 big.password: want scrypt$N$r$p$salt$hash, as `understudy account add` writes it',
  ])
})

test.each([
  ['', 0], ['# nobody yet\n', 0],
  ['- a\n- b\n', 'fault'], ['a: {role: x', 'fault'], ['a: &a [*a]', 'fault'], ['\0', 'fault'],
])('reads %j without harm', (text, result) => {
  const parsed = parseAccounts(text)
  expect(parsed.ok ? parsed.value.size : 'fault').toBe(result)
})

test('accounts are added, changed, listed and removed; comments stay, the file is private', async () => {
  const directory = temporaryDirectory()
  try {
    const file = join(directory.path, 'accounts.yaml')
    const add = (name: string, role: Role, password: string) => runAccount({ action: 'add', file, name, role, password })
    expect(await add('dns1', 'daemon', 'eins')).toBe(`Added dns1 (daemon) in ${file}.`)
    await add('anna', 'viewer', 'zwei')
    expect(await add('anna', 'operator', 'drei')).toBe(`Changed anna (operator) in ${file}.`)
    expect(await runAccount({ action: 'list', file })).toBe('dns1\tdaemon\nanna\toperator')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).not.toContain('eins')
    await runAccount({ action: 'remove', file, name: 'dns1' })
    expect(await runAccount({ action: 'list', file })).toBe('anna\toperator')
    await expect(runAccount({ action: 'remove', file, name: 'dns1' })).rejects.toThrow('has no account dns1')
    await expect(add('a b', 'viewer', 'x')).rejects.toThrow('want a name')
    expect(existsSync(`${file}.new`)).toBe(false)
  } finally {
    directory.remove()
  }
})

test('a storm of logins is turned away at the door, and who was in before still gets in', async () => {
  const doors = new Doorkeeper()
  const anna = { name: 'anna', role: 'operator', password: RFC7914 } as const
  expect(await doors.check(anna, Buffer.from('pleaseletmein'))).toBe('accepted')
  const strangers = { refused: 0, busy: 0, accepted: 0 }
  // The first are checked or wait for their turn; nobody waits behind more than 500.
  for (let i = 0; i < 520; i++) void doors.check(i % 2 ? undefined : anna, Buffer.from(`guess ${i}`))
    .then((verdict) => { strangers[verdict]++ })
  const started = performance.now()
  expect(await doors.check(anna, Buffer.from('pleaseletmein'))).toBe('accepted')
  expect(performance.now() - started).toBeLessThan(1000)
  await until('the surplus is turned away', () => strangers.busy > 0)
  expect(strangers.busy).toBe(18)
  expect(strangers.accepted).toBe(0)
})
