import { monotonic } from '../../lab/clock.ts'
import { SERVICE, type Case } from '../case.ts'

/** Somebody removes the service addresses from the active host by hand (`ip address del`). */
export const removed: Case = {
  name: 'removed',
  title: 'Service addresses removed by hand from the active host (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  special: ['back4', 'back6'],
  patience: 10_000,
  stays: true,
  async happen({ lab, active }) {
    const at = monotonic()
    const remove = (address: string) => `ip address del ${address} dev eth0`
    // When the first one is gone, a daemon may remove the other one itself before we do.
    const both = `${remove(`${SERVICE.ipv4}/24`)}; ${remove(`${SERVICE.ipv6}/64`)} 2>/dev/null; true`
    lab.output(active, ['sh', '-c', both])
    return { at }
  },
}
