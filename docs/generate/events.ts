import { eventData, TYPE_PREFIX, type EventType } from '../../contract/events.ts'
import { sampleOf } from '../samples.ts'
import { code, fenced, GENERATED } from './markdown.ts'
import { documentTable } from './topics.ts'

const WHEN: { readonly [T in EventType]: string } = {
  'daemon.started': 'A daemon began to take part.',
  'daemon.stopping': 'A daemon was asked to stop.',
  'daemon.recovered': 'A daemon started, and its last run had ended without a clean stop.',
  'router.state': 'A virtual router entered another state on this host.',
  'check.changed': 'The verdict of a check changed.',
  'order.applied': 'A priority order is in force on this host.',
  'order.rejected': 'A priority order was refused; the one before stays in force.',
  'maintenance.began': 'This host was taken out of service on purpose.',
  'maintenance.ended': 'The maintenance of this host is over.',
  'maintenance.expiring': 'The maintenance of this host will end by itself soon.',
  'split-brain.suspected': 'This host is active, and there are signs of another active one for longer than a takeover needs: its advertisements, its answers to ARP, or what it publishes.',
  'split-brain.cleared': 'Only one host is active again.',
  'vrid.collision': 'Somebody who is not of this router advertises its VRID.',
  'advertisement.rejected': 'An advertisement was refused. Told once per cause and sender until a good one arrives.',
  'addresses.repaired': 'Service addresses were missing on the active host and were put back (`address-missing`), or somebody had put them on a backup and they were taken away (`address-extra`).',
  'notifications.lost': 'The kernel had more news of interfaces and addresses than its queue holds. All of them were looked at anew.',
  stall: 'The daemon did not run for longer than a backup waits.',
  'outbox.gap': 'Events had to be dropped because the outbox was full.',
  'config.reloaded': 'The daemon was told to read the cluster file again (SIGHUP), and did. Routers whose settings did not change went on undisturbed.',
  'config.rejected': 'The daemon was told to read the cluster file again, and it has problems: nothing was changed.',
}

export function eventsPage(): string {
  const types = Object.keys(eventData) as EventType[]
  return `${GENERATED}

# Events

Each event is one [CloudEvents 1.0](https://cloudevents.io) object in structured JSON on \`host/<host>/event\`, unretained. \`source\` and \`id\` together are
unique: a repetition is recognised by them. \`bootid\` and \`sequence\` give the order and show gaps; \`time\` is for people.

Every event carries \`reason\` (a [reason code](reasons.md)), \`planned\` (somebody wanted it) and \`impact\` (\`none\`, \`degraded\`, \`outage\`: what
clients may have noticed). These three decide whether anybody needs to be told.

${types.map((type, i) => `## ${type}

${WHEN[type]} Type: ${code(TYPE_PREFIX + type)}. Body:

${documentTable(eventData[type])}

${fenced('json', JSON.stringify(sampleOf(type, i + 1), null, 2))}`).join('\n\n')}
`
}
