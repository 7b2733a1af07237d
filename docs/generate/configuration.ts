import { z } from 'zod'
import { ClusterFile } from '../../contract/config.ts'
import { code, GENERATED, table } from './markdown.ts'
import { keysOf, type KeyRow } from './keys.ts'

const SECTIONS: readonly (readonly [title: string, of: RegExp, intro: string])[] = [
  ['The file', /^[^.[]+$/, 'One YAML document, the same on every host. Keys that are not listed here are errors, and so is every value out of its range: `understudy check-config FILE` says all of them at once, with line and column.'],
  ['brokers', /^brokers\[\]/, 'Each entry is a URL, or a block with these keys. Daemons and handlers connect to all of them at once; one that is up is enough.'],
  ['hosts', /^hosts\./, 'Only what differs between hosts.'],
  ['groups', /^groups\.<name>\.(?!routers|defaults)/, 'A group is a set of routers that follow one order.'],
  ['routers', /^groups\.<name>\.routers\./, 'A router is one VRRP virtual router: a set of addresses that one host at a time holds. Every key but `vrid`, `addresses` and `order` may also stand under `defaults` of the group.'],
  ['checks', /^checks\./, 'A check says whether this host can serve. It runs on every host of the groups that name it.'],
  ['handlers', /^handlers\./, 'Settings of the event handlers, `understudy handlers`. They may run on any machine that reaches a broker, on several, or on none.'],
  ['realtime and recorder', /^(realtime|recorder)\./, 'What the daemon asks of its host. Both are read at the start only.'],
  ['broker', /^broker\./, 'Settings of the embedded broker, `understudy broker`. It is optional: any MQTT 3.1.1 broker will do.'],
]

export function configurationPage(): string {
  const rows = keysOf(z.toJSONSchema(ClusterFile, { io: 'input' })).filter((r) => !/^groups\.<name>\.defaults\./.test(r.path))
  return `${GENERATED}

# Cluster file

${[...SECTIONS].map(([title, of, intro]) => `## ${title}\n\n${intro}\n\n${keys(rows.filter((r) => of.test(r.path)))}`).join('\n\n')}
`
}

const keys = (rows: readonly KeyRow[]) =>
  table(['Key', 'Type', 'Default', 'Range', 'Meaning'], rows.map((r) => [code(r.path), r.type, r.fallback, r.range, r.description]))
