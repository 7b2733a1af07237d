/** One sample of each event type, for the reference page. A test reads each through its schema. */
import { TYPE_PREFIX, type EventData, type EventType } from '../contract/events.ts'

const addresses = ['192.0.2.53/24', '2001:db8:53::53/64']
const resolver = { router: 'resolver', group: 'dns' }
const wanted = { planned: true, impact: 'none' } as const
const trouble = { planned: false, impact: 'degraded' } as const

export const DATA: { readonly [T in EventType]: EventData<T> } = {
  'daemon.started': { ...wanted, reason: 'started', version: '0.1.0', routers: ['resolver'] },
  'daemon.stopping': { ...wanted, reason: 'stopped' },
  'daemon.recovered': { ...trouble, reason: 'unclean-exit', previousBootId: '4d0c4ba5-35a5-4a34-9f5c-0f1d6ad0cb2b' },
  'router.state': {
    planned: false, impact: 'outage', reason: 'active-silent', detail: 'healthy, place 2 of 2: 250 − 1 × 10',
    ...resolver, from: 'backup', to: 'active', priority: 240, health: 'healthy', addresses,
  },
  'check.changed': { ...trouble, reason: 'check-failed', detail: 'no answer within 1000 ms', check: 'answers', health: 'failed', previous: 'healthy' },
  'order.applied': { ...wanted, reason: 'order-accepted', group: 'dns', revision: 7, hosts: [{ host: 'dns2', inService: true }, { host: 'dns1', inService: false }], by: 'ann' },
  'order.rejected': { ...trouble, impact: 'none', reason: 'order-refused', detail: 'revision 6 is older than 7, which is in force', group: 'dns', revision: 6, fault: 'older-revision' },
  'maintenance.began': { ...wanted, reason: 'maintenance', detail: 'new kernel', until: '2026-01-31T14:00:00Z', by: 'ann' },
  'maintenance.ended': { ...wanted, reason: 'maintenance' },
  'maintenance.expiring': { ...wanted, reason: 'maintenance', until: '2026-01-31T14:00:00Z' },
  'split-brain.suspected': { ...trouble, reason: 'two-active', detail: 'it answers ARP for a service address: an address conflict, or a host whose daemon was killed and left the address behind', ...resolver, other: '02:00:5e:10:00:0c' },
  'split-brain.cleared': { planned: false, impact: 'none', reason: 'one-active', ...resolver },
  'vrid.collision': { planned: false, impact: 'none', reason: 'foreign-vrid', detail: 'address-list: as many addresses as ours, but not the same', ...resolver, other: '192.0.2.77' },
  'advertisement.rejected': { planned: false, impact: 'none', reason: 'foreign-advertisement', detail: 'checksum: checksum 1f2c is wrong', router: 'resolver', sender: '192.0.2.66', reject: 'checksum', count: 1 },
  'addresses.repaired': { ...trouble, reason: 'address-missing', ...resolver, addresses: ['192.0.2.53/24'] },
  'notifications.lost': { ...trouble, reason: 'notifications-lost' },
  stall: { ...trouble, reason: 'event-loop-late', lateMs: 4210 },
  'outbox.gap': { ...trouble, reason: 'outbox-full', lost: 12 },
  'config.reloaded': { ...wanted, reason: 'reloaded', kept: ['resolver'], restarted: [], ended: [] },
  'config.rejected': { planned: false, impact: 'none', reason: 'config-refused', problems: ['/etc/understudy/cluster.yaml:11:24: groups.dns.routers.resolver.vrid: want 1 to 255, not 530'] },
}

const SUBJECT: { readonly [T in EventType]?: string } = {
  'router.state': 'resolver', 'check.changed': 'answers', 'order.applied': 'dns', 'order.rejected': 'dns', 'split-brain.suspected': 'resolver',
  'split-brain.cleared': 'resolver', 'vrid.collision': 'resolver', 'advertisement.rejected': 'resolver', 'addresses.repaired': 'resolver',
}

const BOOT = '0f8c1b52-6e0b-4a52-9a57-2f3c6f0b7d11'

export const sampleOf = (type: EventType, sequence: number) => ({
  specversion: '1.0',
  id: `dns2/${BOOT}/${sequence}`,
  source: '/understudy/tutorial/dns2',
  type: `${TYPE_PREFIX}${type}`,
  time: '2026-01-31T12:00:00.123Z',
  ...(SUBJECT[type] === undefined ? {} : { subject: SUBJECT[type] }),
  datacontenttype: 'application/json',
  host: 'dns2',
  bootid: BOOT,
  sequence,
  data: DATA[type],
})
