import { expect, test } from 'vitest'
import { recorder, rig, temporaryFolder } from './rig.ts'
import { change } from './samples.ts'

const unreadable: readonly [string, string, string, boolean][] = [
  ['not JSON', 'not an event', 'not JSON', false],
  ['no envelope', '{"id":"x"}', 'source: Invalid input: expected string, received undefined; host:', false],
  [
    'another host',
    JSON.stringify(change('backup>active active-silent', { host: 'dns2' })),
    'says host dns2, but came on the topic of dns1',
    false,
  ],
  [
    'another source',
    JSON.stringify({ ...change('backup>active active-silent'), source: '/understudy/cam/dns2' }),
    'has the source /understudy/cam/dns2, which is not dns1',
    false,
  ],
  [
    'a type of a later release',
    JSON.stringify({ ...change('backup>active active-silent'), type: 'org.understudy.moon.full' }),
    'type: Invalid discriminator',
    true,
  ],
  [
    'a body that does not fit',
    JSON.stringify({ ...change('backup>active active-silent'), data: { router: 1 } }),
    'data.reason: Invalid option',
    true,
  ],
]
test.each(unreadable)('unreadable, %s: acknowledged, a dead letter once, logged once', async (_, text, why, confirmed) => {
  using folder = temporaryFolder()
  const { handler, runs } = recorder()
  await using r = await rig({ handler, settings: {}, folder: folder.path })
  for (let i = 0; i < 3; i++) await r.broker.deliverText('dns1', text)
  await r.clock.pass(100)
  expect(runs).toEqual([])
  expect(r.broker.letters().map((l) => l.why.slice(0, why.length))).toEqual([why])
  expect(r.log.lines.filter((l) => l.level === 'warn').length).toBe(1)
  expect(r.broker.receipt()).toBe(confirmed ? 'b1 1' : undefined)
})
