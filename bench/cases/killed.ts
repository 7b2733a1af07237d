import { monotonic } from '../../lab/clock.ts'
import type { Case } from '../case.ts'

/** The daemon of the active host is killed (SIGKILL), and nothing else: host, addresses and name server are there. */
export const killed: Case = {
  name: 'killed',
  title: 'Daemon of the active host killed, the host lives (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  special: ['shared', 'above'],
  patience: 10_000,
  aftermath: 6000, // longer than any lease
  async happen({ cluster, active }) {
    const at = monotonic()
    cluster.signal(active, 'SIGKILL')
    return { at }
  },
}
