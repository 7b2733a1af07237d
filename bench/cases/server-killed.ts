import { monotonic } from '../../lab/clock.ts'
import type { Case } from '../case.ts'

/** The name server of the active host is killed; the host itself is well. */
export const serverKilled: Case = {
  name: 'server-killed',
  title: 'Name server of the active host killed (version 2 with PASS, 1 s, check every second)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  patience: 10_000,
  async happen({ nameServer, active }) {
    const at = monotonic()
    await nameServer(active).kill()
    return { at }
  },
}
