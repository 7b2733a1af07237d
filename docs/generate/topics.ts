import { z } from 'zod'
import { ROLES, topics } from '../../contract/topics.ts'
import { code, GENERATED, table } from './markdown.ts'
import { keysOf } from './keys.ts'

export function topicsPage(): string {
  const rows = Object.entries(topics)
  const documents = rows.filter(([name]) => name !== 'event').map(([, r]) => r)
  const roles = (list: readonly string[]) => (list.length === ROLES.length ? 'everyone' : list.join(', '))
  return `${GENERATED}

# Topics

The root is \`understudy/<cluster>\`, or \`topicRoot\` of the cluster file. Everything is published with QoS 1. The embedded broker grants
exactly these rights; a daemon writes only under its own host name, a handler only under its own name.

${table(['Topic', 'Retained', 'Written by', 'Read by', 'Purpose'], rows.map(([, r]) =>
    [code(r.pattern), r.retained ? 'yes' : 'no', roles(r.writers), roles(r.readers), r.purpose]))}

Documents are JSON in UTF-8. Readers ignore keys that they do not know, so that hosts of different releases can live together.
An \`order\` may also be written as plain text: see [Concepts](../concepts.md#the-order).

${documents.map((r) => `## ${code(r.pattern)}\n\n${r.purpose}\n\n${documentTable(r.schema)}`).join('\n\n')}

## ${code(topics.event.pattern)}

See [Events](events.md).
`
}

export const documentTable = (schema: z.ZodType): string => table(['Key', 'Type', 'Meaning'],
  keysOf(z.toJSONSchema(schema, { io: 'input' })).map((r) => [code(r.path), r.type, r.description]))
