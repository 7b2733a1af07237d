import { monotonic } from '../../lab/clock.ts'
import type { Case } from '../case.ts'

/** The daemon of the active host is told to end (SIGTERM), as by a restart of its service. */
export const stop: Case = {
  name: 'stop',
  title: 'Graceful stop of the active daemon (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  special: ['shared'],
  patience: 10_000,
  async happen({ cluster, active }) {
    const at = monotonic()
    cluster.daemon(active).signal('SIGTERM')
    return { at }
  },
}
