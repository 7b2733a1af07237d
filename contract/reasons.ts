/** Every reason code in words: what it means, and what there is to do. The reference page and `understudy why` are made from it. */
import type { Reason } from './events.ts'

export interface Explanation {
  /** Completes "because …". */
  readonly short: string
  readonly means: string
  readonly todo: string
}

const nothing = 'Nothing: this is how it should be.'

export const REASONS: Readonly<Record<Reason, Explanation>> = {
  started: { short: 'the daemon started', means: 'The daemon began to take part. A router starts as a backup, whatever its priority.', todo: nothing },
  stopped: {
    short: 'the daemon was stopped', todo: 'Nothing, if you stopped it. Otherwise see who did: `journalctl -u understudy`.',
    means: 'The daemon was asked to stop. It kept answering until a better host was heard, or until the wait was over, and then gave its addresses up.',
  },
  reloaded: { short: 'the configuration was read again', means: 'A changed cluster file is in force.', todo: 'Nothing. Make sure that every host has the same file.' },
  'nobody-active': {
    short: 'nobody was active', means: 'No advertisement was heard for the whole Active_Down_Interval after the start, so this host became active.',
    todo: 'Nothing after a cold start. If another host should have been active at that time, see [two hosts are active](../troubleshooting.md#two-hosts-are-active).',
  },
  'active-silent': {
    short: 'the active host fell silent', means: 'The active host sent no advertisement for three intervals and its Skew_Time: it crashed, hung, or lost its network.',
    todo: 'Look at the host that was active: power, kernel log, network, and the log of its daemon.',
  },
  'active-left': {
    short: 'the active host said goodbye', means: 'The active host advertised priority 0: its daemon was stopped and nobody better had taken over yet.',
    todo: 'Nothing, if the stop was planned.',
  },
  'active-worse': {
    short: 'this host stands before the active one', todo: nothing,
    means: 'This host heard an active host whose priority is lower than its own, and `preempt` allows it to take over.',
  },
  'active-failing': {
    short: 'the active host is failing', means: 'The active host advertised a priority of a lower band: its check fails, so it is replaced even with `preempt: off`.',
    todo: 'Look at the name server of the host that was active: `understudy why ROUTER` shows the last result of its check.',
  },
  'address-owner': { short: 'it owns the address', means: 'The host has priority 255 and is active from its start (RFC 9568 §6.4.1).', todo: nothing },
  outranked: {
    short: 'a better host is active', means: 'An advertisement with a higher priority was heard, or an equal one from a higher address.',
    todo: 'Nothing, if the other host is one of yours: see `understudy status`. If it is not, see [VRID collision](../troubleshooting.md#another-router-uses-our-vrid).',
  },
  'check-failed': {
    short: 'its check failed', means: '`fall` results in a row were bad, so the host got a priority of the band `failed`.',
    todo: 'Look at the name server on that host. The event and `understudy why` carry the last result.',
  },
  'check-degraded': {
    short: 'its check says degraded', means: 'A check with `meaning: degraded` fails: the host serves after all healthy ones and before all failed ones.',
    todo: 'Look at what that check asks. The service goes on.',
  },
  'check-recovered': { short: 'its check is good again', means: '`rise` results in a row were good.', todo: 'Nothing. If it comes and goes, raise `rise` and `fall`.' },
  'order-changed': { short: 'the order was changed', means: 'A new priority order changed the place of this host.', todo: 'Nothing. `understudy order show GROUP` says what every host made of it.' },
  maintenance: { short: 'the host is in maintenance', means: 'Somebody took the host out of service on purpose, or the maintenance ended.', todo: 'Nothing. Remember to end it.' },
  'interface-down': {
    short: 'its network interface is down', means: 'The interface of the router has no carrier, is down, or is gone.',
    todo: 'Look at cable, switch and `ip link`.',
  },
  'order-accepted': { short: 'the order was accepted', means: 'The daemon stored the order and applies it.', todo: nothing },
  'order-refused': {
    short: 'the order was refused', means: 'The order on the topic is not usable; the one before stays in force. `fault` and `detail` say what is wrong with it.',
    todo: 'Publish a corrected order. See [an order is not applied](../troubleshooting.md#an-order-is-not-applied).',
  },
  'unclean-exit': {
    short: 'the daemon had ended without a goodbye', means: 'The run before this one left no mark of a clean stop: it was killed, it crashed, or the machine lost power.',
    todo: 'See `journalctl -u understudy -b -1` and the kernel log (out of memory?).',
  },
  'two-active': {
    short: 'two hosts are active', means: 'Two hosts hold the addresses of one router for longer than a takeover needs. Usually advertisements (IP protocol 112) do not pass between them.',
    todo: 'See [two hosts are active](../troubleshooting.md#two-hosts-are-active).',
  },
  'one-active': { short: 'one host is active again', means: 'The split is over: one of the two gave up. The other announced its addresses again.', todo: 'Find out why the hosts did not hear each other.' },
  'foreign-vrid': {
    short: 'somebody else uses the same VRID', means: 'Well-formed advertisements with our VRID but other addresses, version or password arrive. They are ignored.',
    todo: 'See [another router uses our VRID](../troubleshooting.md#another-router-uses-our-vrid).',
  },
  'foreign-advertisement': {
    short: 'an advertisement was refused', means: 'A packet for our VRID is malformed. It is ignored, counted, and told once per cause and sender. One with a TTL other than 255 is dropped by the kernel and not told.',
    todo: 'Find the sender: the event carries its address. Peers that disagree about the checksum show up here: see `checksum`.',
  },
  'address-missing': {
    short: 'a service address was missing', means: 'Somebody removed a service address from the interface of the active host. The daemon put it back.',
    todo: 'Find out who: usually a network manager that was restarted. Tell it to leave addresses alone that it did not add.',
  },
  'address-extra': {
    short: 'a backup had a service address', means: 'Somebody put a service address on a host that is not active. The daemon took it away, because two hosts would have answered for it.',
    todo: 'Find out what added it: a network script, another failover program, or a person. See [two hosts are active](../troubleshooting.md#two-hosts-are-active).',
  },
  'notifications-lost': {
    short: 'news of interfaces and addresses was lost', means: 'The kernel could not tell the daemon all that happened to interfaces and addresses. It looked at all of them anew.',
    todo: 'Find out what changes so many interfaces or addresses at once on this host: `ip monitor` shows it.',
  },
  'event-loop-late': {
    short: 'the process did not run for a while', means: 'The daemon got no processor time for longer than a backup waits. It listened to the packets that had arrived before it spoke again.',
    todo: 'See in the log whether the kernel refuses real-time scheduling; else give the machine more room. A longer `interval` tolerates longer stalls.',
  },
  'config-refused': {
    short: 'the changed cluster file is wrong', means: 'SIGHUP asked the daemon to read the cluster file again. The file has problems, so nothing was changed.',
    todo: 'See what `understudy check-config` says of the file, mend it, and send SIGHUP again.',
  },
  'outbox-full': {
    short: 'the outbox is full', means: 'Events were dropped, oldest first, because no broker or no required handler took them for too long.',
    todo: 'See [events do not arrive](../troubleshooting.md#mail-does-not-arrive).',
  },
  'time-over': { short: 'the time was over', means: 'The end that was given for a maintenance has come.', todo: nothing },
}
