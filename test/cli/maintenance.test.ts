import { expect, test } from 'vitest'
import { span } from '../../cli/maintenance.ts'
import { FILE, fileWith, offline, ORDINARY, play, router, topic, type Stage } from './stage.ts'

const config = fileWith(FILE)
const maintain = (args: readonly string[], stage: Stage = {}) => play(['maintenance', ...args, '-c', config, '--wait', '0.1'], { retained: ORDINARY, ...stage })
const says = (host: string, state: string) => () =>
  Object.entries(router(host, { state, reason: 'maintenance', priority: 9, because: 'out of service', rank: 0 })) as [string, unknown][]

test('begins, and waits until the host serves nothing', async () => {
  const played = await maintain(['begin', 'dns1', '--reason', 'new kernel', '--for', '2h', '--as', 'ann'], { answer: says('dns1', 'backup') })
  expect(played).toMatchObject({ code: 0, out: 'dns1: in maintenance, serves nothing' })
  expect(played.published.map(([t, body]) => [t, JSON.parse(body)])).toEqual([[topic('maintenance/dns1'), { reason: 'new kernel', by: 'ann', until: '2026-01-31T14:00:00.000Z' }]])
})

test('the host goes on serving', async () => {
  expect(await maintain(['begin', 'dns1', '--reason', 'x'], { answer: says('dns1', 'active') })).toMatchObject({ code: 1, out: 'dns1: still serves resolver: nobody better takes over' })
})

test('the host does not answer', async () => {
  expect(await maintain(['begin', 'dns1', '--reason', 'x'])).toMatchObject({ code: 1, out: 'dns1: has not answered for resolver' })
})

test('the last one in service is not taken out', async () => {
  const retained = { ...ORDINARY, ...offline('dns2') }
  expect(await maintain(['begin', 'dns1', '--reason', 'x'], { retained })).toMatchObject({
    code: 2, published: [], err: 'nobody else is connected and in service in dns: bring another host back first, or add --force',
  })
  expect((await maintain(['begin', 'dns1', '--reason', 'x', '--force'], { retained, answer: says('dns1', 'backup') })).code).toBe(0)
})

test('one in maintenance does not count as in service', async () => {
  expect((await maintain(['begin', 'dns1', '--reason', 'x'], { retained: { ...ORDINARY, [topic('maintenance/dns2')]: { reason: 'x', by: 'y' } } })).code).toBe(2)
})

test('ends', async () => {
  const played = await maintain(['end', 'dns1'], { answer: says('dns1', 'active') })
  expect(played).toMatchObject({ code: 0, out: 'dns1: back', published: [[topic('maintenance/dns1'), '']] })
})

test('a host that is away', async () => {
  expect(await maintain(['begin', 'dns3', '--reason', 'x'])).toMatchObject({ code: 1, out: 'dns3: its daemon is not connected: it will know when it is back' })
})

test.each([[['begin', 'dns9', '--reason', 'x'], 'there is no host "dns9": the file knows dns1, dns2, dns3'], [['begin', 'dns1', '--reason', 'x', '--for', 'ever'], '--for wants a time such as 30min, 2h or 1d, not "ever"']])('%j', async (args, err) => {
  expect(await maintain(args)).toMatchObject({ code: 2, err, published: [] })
})

test.each([['30min', 1_800_000], ['2h', 7_200_000], ['1d', 86_400_000]])('%s is %i ms', (text, ms) => expect(span(text)).toBe(ms))
