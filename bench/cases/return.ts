import { monotonic } from '../../lab/clock.ts'
import type { Case } from '../case.ts'

/** The preferred host, which had died, is there again: its name server runs, its cable is plugged in, its daemon started. */
export const comesBack: Case = {
  name: 'return',
  title: 'Return of the preferred host after a crash (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  special: ['shared'],
  patience: 15_000,
  async prepare({ lab, active, order: [, second = ''], startNameServer }) {
    lab.crash(active)
    await startNameServer(active)
    return lab.host(second)
  },
  async happen({ lab, cluster, order: [first = ''] }) {
    const host = lab.host(first), at = monotonic()
    lab.plug(host)
    cluster.restart(host)
    return { at }
  },
}
