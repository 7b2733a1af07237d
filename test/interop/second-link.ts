/** A second switch between the hosts of a lab, which are `eth1` on it. It is kept on the `ops` machine, which is not. */
import { monotonic } from '../../lab/clock.ts'
import type { Lab, Machine } from '../../lab/net.ts'

/** One of the links that hosts have; the first one is the lab's own. */
export type Link = Pick<Lab, 'cut' | 'plug' | 'tidy'>

const SWITCH = 'second'

export function addSecondLink(lab: Lab): Link {
  const ip = (m: Machine, ...words: readonly string[]) => lab.output(m, ['ip', ...words])
  const portOf = (host: Machine) => `${SWITCH}-${lab.hosts.indexOf(host) + 1}`
  const readdress = (host: Machine) => {
    ip(host, 'address', 'flush', 'dev', 'eth1', 'scope', 'global')
    ip(host, 'address', 'add', `${host.ipv4.replace('10.53.', '10.54.')}/24`, 'dev', 'eth1')
    ip(host, 'address', 'add', `${host.ipv6.replace('fd53:', 'fd54:')}/64`, 'dev', 'eth1', 'nodad')
  }
  // As the first switch: it forwards from the first frame on, and multicast to every port.
  ip(lab.ops, 'link', 'add', SWITCH, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0')
  ip(lab.ops, 'link', 'set', SWITCH, 'up')
  for (const host of lab.hosts) {
    ip(lab.ops, 'link', 'add', portOf(host), 'type', 'veth', 'peer', 'name', 'eth1', 'netns', host.namespace)
    ip(lab.ops, 'link', 'set', portOf(host), 'master', SWITCH, 'up')
    ip(host, 'link', 'set', 'eth1', 'up')
    readdress(host)
  }
  return {
    cut(host, how = 'silent') {
      const at = monotonic()
      ip(lab.ops, 'link', 'set', portOf(host), how === 'silent' ? 'nomaster' : 'down')
      return at
    },
    plug(host) {
      const at = monotonic()
      ip(lab.ops, 'link', 'set', portOf(host), 'up', 'master', SWITCH)
      return at
    },
    tidy: readdress,
  }
}
