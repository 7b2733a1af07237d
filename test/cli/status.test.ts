import { expect, test } from 'vitest'
import { at, check, FILE, fileWith, online, ORDINARY, play, router, topic } from './stage.ts'

const config = fileWith(FILE)

test('the ordinary day, with one host gone', async () => {
  const { code, out } = await play(['status', '-c', config], { retained: ORDINARY })
  expect(out).toBe(`
ROUTER    HOST  STATE               SINCE    WHY            PRIORITY
resolver  dns1  active              2 h      nobody-active  250 (healthy, place 1 of 3: 250 − 0 × 10)
          dns2  backup              2 h      started        240 (healthy, place 2 of 3: 250 − 1 × 10)
          dns3  stale (was active)  1 d 1 h  active-silent  230 (healthy, place 3 of 3: 250 − 2 × 10)

HOST  DAEMON   SERVICE     LAST WORD
dns1  online   in service  10 s ago
dns2  online   in service  10 s ago
dns3  offline  in service  10 s ago

CHECK  HOST  RESULT               SINCE  LAST ANSWER
named  dns1  healthy              2 h    93.184.215.14 (1 ms)
named  dns2  healthy              2 h    93.184.215.14 (1 ms)
named  dns3  stale (was healthy)  2 h    93.184.215.14 (1 ms)

GROUP  HOST  ORDER                IN FORCE
dns    dns1  applied              revision 4: dns1, dns2, dns3
dns    dns2  applied              revision 4: dns1, dns2, dns3
dns    dns3  stale (was applied)  revision 3: dns1, dns2, dns3

! dns3: its daemon is not connected to any broker`.trim())
  expect(code).toBe(1)
})

test('all is well', async () => {
  const retained = { ...ORDINARY, ...online('dns3'), ...router('dns3', { state: 'backup', reason: 'started', priority: 230, because: 'x', rank: 2 }) }
  const { code, out } = await play(['status', '-c', config], { retained })
  expect(code).toBe(0)
  expect(out).not.toContain('!')
})

test('nothing is known', async () => {
  const { code, out } = await play(['status', '-c', config])
  expect(code).toBe(1)
  expect(out).toContain('resolver  dns1  unknown')
  expect(out).toContain('! resolver: no connected host says that it is active')
  expect(out).toContain('dns1  never seen')
})

test('two active hosts', async () => {
  const { out } = await play(['status', '-c', config], { retained: { ...ORDINARY, ...router('dns2', { state: 'active', reason: 'active-silent', priority: 240, because: 'x', rank: 1 }) } })
  expect(out).toContain('! resolver: dns1 and dns2 both say that they are active')
})

test('maintenance, a failed check, what is not understood', async () => {
  const { out } = await play(['status', '-c', config], {
    retained: { ...ORDINARY, ...check('dns2', 'failed', 'no answer within 1000 ms'), [topic('maintenance/dns2')]: { reason: 'new kernel', by: 'ann', until: '2026-01-31T13:00:00Z' }, [topic('host/dns1/router/resolver')]: 'not json' },
  })
  expect(out).toContain('dns2  online   maintenance until 2026-01-31T13:00:00Z: new kernel (ann)')
  expect(out).toContain('named  dns2  failed               2 h    no answer within 1000 ms (1 ms)')
  expect(out).toContain('resolver  dns1  unknown')
})

test('for programs', async () => {
  const { out } = await play(['status', '--json', '-c', config], { retained: ORDINARY })
  const json = JSON.parse(out)
  expect(json.active).toEqual({ resolver: ['dns1'] })
  expect(json.hosts.dns3).toEqual({ status: 'offline', bootId: 'boot-dns3', at: at(60), maintenance: null })
  expect(json.routers.map((r: { host: string; stale: boolean }) => [r.host, r.stale])).toEqual([['dns1', false], ['dns2', false], ['dns3', true]])
  expect(json.troubles).toEqual(['dns3: its daemon is not connected to any broker'])
})

test('one broker of two is enough', async () => {
  const two = fileWith(FILE.replace("['mqtt://192.0.2.10:1883']", "['mqtt://192.0.2.10:1883', 'mqtt://192.0.2.11:1883']"))
  const { out, err } = await play(['status', '-c', two], { retained: ORDINARY, down: ['mqtt://192.0.2.10:1883'] })
  expect(out).toContain('resolver  dns1  active')
  expect(err).toBe('mqtt://192.0.2.10:1883: connection refused')
})

test('no broker answers', async () => {
  expect(await play(['status', '-c', config], { down: ['mqtt://192.0.2.10:1883'] })).toMatchObject({
    code: 3, out: '', err: 'no broker is to be reached: mqtt://192.0.2.10:1883: connection refused',
  })
})

test('no broker', async () => {
  const { code, err } = await play(['why', 'resolver', '-c', fileWith(FILE.replace(/brokers.*\n/, ''))])
  expect([code, err]).toEqual([3, 'the cluster file names no broker: write brokers: [mqtt://…]'])
})

test('why, in words', async () => {
  const { code, out } = await play(['why', 'resolver', '-c', config], { retained: { ...ORDINARY, ...check('dns2', 'failed', 'no answer within 1000 ms') } })
  expect(out).toBe(`
resolver (VRID 53 on eth0): 192.0.2.53/24

dns1 is active.

dns1: active, for 2 h, because nobody was active
  priority 250: healthy, place 1 of 3: 250 − 0 × 10
  check named: healthy; last answer: 93.184.215.14 (1 ms)

dns2: backup, for 2 h, because the daemon started
  priority 240: healthy, place 2 of 3: 250 − 1 × 10
  check named: failed; last answer: no answer within 1000 ms (1 ms)
  not active, because dns1 has the higher priority: 250

dns3: its daemon is not connected; when it last was, it was active, for 1 d 1 h, because the active host fell silent
  priority 230: healthy, place 3 of 3: 250 − 2 × 10
  check named: healthy; last answer: 93.184.215.14 (1 ms)`.trim())
  expect(code).toBe(0)
})

test('why tells what a host has refused', async () => {
  const refused = router('dns2', { state: 'backup', reason: 'started', priority: 240, because: 'x', rank: 1, refused: { checksum: 12, 'address-list': 3 } })
  const { out } = await play(['why', 'resolver', '-c', config], { retained: { ...ORDINARY, ...refused } })
  expect(out).toContain('  advertisements refused since its start: 12 checksum, 3 address-list')
})

test('why of a router that is none', async () => {
  expect(await play(['why', 'x', '-c', config])).toMatchObject({ code: 2, err: 'there is no router "x": the file knows resolver' })
})

test('what others wrote does not steer the terminal', async () => {
  const evil = '\u001b]0;gotcha\u0007\u001b[2J'
  const retained = { ...ORDINARY, ...check('dns1', 'failed', evil), [topic('maintenance/dns2')]: { reason: evil, by: evil } }
  for (const words of [['status'], ['why', 'resolver'], ['status', '--json']]) {
    const { out } = await play([...words, '-c', config], { retained })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(out).not.toMatch(/[\u0007\u001b]/)
    expect(out).toContain('gotcha')
  }
})
