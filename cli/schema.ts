import { Command } from 'commander'
import { z } from 'zod'
import { ClusterFile } from '../contract/config.ts'
import { EXIT, help, type Terminal } from './terminal.ts'

/** The JSON Schema of the cluster file: editors complete and check with it. */
export function clusterSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(ClusterFile, { io: 'input', reused: 'ref' })
  return `${JSON.stringify({ $schema, title: 'Cluster file of Understudy', ...rest }, null, 2)}\n`
}

export const schema = (t: Terminal, exit: (code: number) => void) => new Command('schema')
  .description('Print the JSON Schema of the cluster file, for editors.')
  .addHelpText('after', help('understudy schema > cluster.schema.json'))
  .action(() => {
    t.out(clusterSchema().trimEnd())
    exit(EXIT.ok)
  })
