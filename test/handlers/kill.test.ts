/** kill -9 at any moment: every event is mailed, and what is mailed twice has the same Message-ID. */
import { expect, test } from 'vitest'
import { until } from '../link/until.ts'
import { startRelay } from './relay.ts'
import { temporaryFolder } from './rig.ts'
import { change } from './samples.ts'
import { daemon, stage } from './stage.ts'

const KILLS = 5

test('handlers killed in mid-stream lose no event, and repeat a mail only under its Message-ID', {
  timeout: 60_000,
}, async () => {
  using folder = temporaryFolder()
  await using relay = await startRelay()
  await using handlers = await stage(folder.path, {
    email: { to: ['a@example.org'], from: 'dns@example.org', smtp: { host: '127.0.0.1', port: relay.port }, window: 0.02 },
  })
  await using dns1 = daemon(handlers.url, 'email')
  let sequence = 0
  // Each is about a router of its own, so that none repeats what a mail has told.
  const tell = () => dns1.tell(change('backup>active active-silent', { sequence: ++sequence, router: `r${sequence}` }))
  const steady = setInterval(() => {
    void tell()
  }, 15)
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const before = relay.mails.length
      // A few mails after each start; the moment in between moves with `kill`.
      await relay.arrived(before + 2 * kill, 20_000)
      await handlers.end('SIGKILL')
      handlers.start()
    }
  } finally {
    clearInterval(steady)
  }
  await until('a receipt for every event', () => dns1.pending.size === 0, 20_000)

  const mailedAs = new Map<string, Set<string>>()
  for (const mail of relay.mails) {
    for (const id of mail.text.match(/dns1\/b1\/\d+/g) ?? [])
      mailedAs.set(id, (mailedAs.get(id) ?? new Set()).add(mail.header('Message-ID') ?? ''))
  }
  expect(mailedAs.size).toBe(sequence)
  expect([...mailedAs.values()].filter((ids) => ids.size !== 1)).toEqual([])
  const repeated = relay.mails.length - new Set(relay.mails.map((m) => m.header('Message-ID'))).size
  expect(repeated, 'at most one mail a kill is repeated').toBeLessThanOrEqual(KILLS)
  console.log(
    `${sequence} events in ${relay.mails.length} mails, ${KILLS} kills, ${repeated} mails repeated with the same Message-ID`,
  )
})
