import { monotonic, sleep } from '../../lab/clock.ts'
import type { Case } from '../case.ts'

/** Milliseconds the daemon does not run. */
const FROZEN = 5000

/**
 * The daemon of the active host stands still for five seconds (SIGSTOP, SIGCONT) and then goes on as if nothing had been.
 */
export const frozen: Case = {
  name: 'frozen',
  title: 'Daemon of the active host frozen for 5 s (version 3, 0.1 s)',
  setting: { version: 3, interval: 0.1, checked: false },
  special: ['shared', 'sharedAfter', 'above'],
  patience: 3000,
  aftermath: FROZEN + 3000,
  async happen({ cluster, active }) {
    const at = monotonic()
    cluster.signal(active, 'SIGSTOP')
    const over = sleep(FROZEN).then(() => {
      const end = monotonic()
      cluster.signal(active, 'SIGCONT')
      return end
    })
    return { at, over }
  },
}
