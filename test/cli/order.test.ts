import { expect, test } from 'vitest'
import { FILE, fileWith, ORDINARY, play, result, topic, type Stage } from './stage.ts'

const config = fileWith(FILE)
const set = (args: readonly string[], stage: Stage) => play(['order', 'set', 'dns', ...args, '-c', config, '--wait', '0.1'], { retained: ORDINARY, ...stage })
type Answer = [string, unknown]

test('published with the next revision, and applied by everybody who is there', async () => {
  const played = await set(['dns2', 'dns1', 'dns3', '--out', 'dns3', '--reason', 'new kernel', '--as', 'ann'], {
    answer: () => [
      ...Object.entries(result('dns2', { revision: 5, priority: 250, rank: 0 })) as Answer[],
      ...Object.entries(result('dns1', { revision: 5, priority: 240, rank: 1 })) as Answer[],
    ],
  })
  expect(played.published.map(([t, body]) => [t, JSON.parse(body)])).toEqual([[topic('order/dns'), {
    revision: 5, by: 'ann', reason: 'new kernel', at: '2026-01-31T12:00:00.000Z',
    hosts: [{ host: 'dns2', inService: true }, { host: 'dns1', inService: true }, { host: 'dns3', inService: false }],
  }]])
  expect(played.out).toBe(`revision 5: dns2, dns1, #dns3

HOST  ANSWER                                             PRIORITIES
dns1  applied                                            resolver 240
dns2  applied                                            resolver 250
dns3  not connected: it takes the order when it is back`)
  expect(played.code).toBe(0)
})

test('one refuses', async () => {
  const played = await set(['dns2', 'dns1'], {
    answer: () => [
      ...Object.entries(result('dns1', { revision: 5, priority: 240, rank: 1 })) as Answer[],
      ...Object.entries(result('dns2', { revision: 9, refused: 'revision 5 is older than 9, which is in force', priority: 240, rank: 1 })) as Answer[],
    ],
  })
  expect(played.out).toContain('dns2  rejected: revision 5 is older than 9, which is in force')
  expect(played.code).toBe(1)
})

test('one does not answer, and an answer to another order does not count', async () => {
  const played = await set(['dns2', 'dns1'], { answer: () => Object.entries(result('dns1', { revision: 4, priority: 240, rank: 1 })) as Answer[] })
  expect(played.out).toMatch(/dns1 {2}no answer\ndns2 {2}no answer/)
  expect(played.code).toBe(1)
})

test('nobody is there to answer', async () => {
  expect((await play(['order', 'set', 'dns', 'dns1', '-c', config, '--wait', '0.1'])).code).toBe(1)
})

test.each([
  [['dns9'], 'dns9 not in this group: its hosts are dns1, dns2, dns3'],
  [['dns1', 'dns1'], 'dns1 named twice'],
  [['dns1', '--out', 'dns1'], 'this order would leave nobody in service'],
  [['dns1', '--out', 'dns2', '--wait', '0'], '--wait wants seconds, 1 to 3600'],
])('%j is no usable order', async (args, err) => {
  const played = await play(['order', 'set', 'dns', ...args, '-c', config])
  expect(played).toMatchObject({ code: 2, err, published: [] })
})

test('show', async () => {
  const { code, out } = await play(['order', 'show', 'dns', '-c', config], { retained: ORDINARY })
  expect(out).toBe(`published: dns1, dns2, dns3, revision 4, by ann

HOST  ANSWER               IN FORCE          PRIORITIES
dns1  applied              dns1, dns2, dns3  resolver 250
dns2  applied              dns1, dns2, dns3  resolver 240
dns3  stale (was applied)  dns1, dns2, dns3  resolver 230`)
  expect(code).toBe(0)
})

test('show, where hosts disagree', async () => {
  const { code, out } = await play(['order', 'show', 'dns', '-c', config], { retained: { ...ORDINARY, [topic('order/dns')]: '', ...result('dns2', { hosts: ['dns2', '#dns1'], priority: 250, rank: 0 }) } })
  expect(out).toContain('no order is published')
  expect(code).toBe(1)
})

test('a group that is none', async () => {
  expect(await play(['order', 'show', 'x', '-c', config])).toMatchObject({ code: 2, err: 'there is no group "x": the file knows dns' })
})
