import { Command } from 'commander'
import * as rooms from './rooms.ts'
import { EXIT, help, Refusal, type Terminal } from './terminal.ts'

export const audit = (t: Terminal, exit: (code: number) => void) => new Command('audit')
  .description('Look after the file of the audit handler.')
  .addCommand(new Command('verify')
    .description('Check that no line of an audit file was changed, left out or moved.')
    .argument('<file>', 'the audit file')
    .addHelpText('after', help('understudy audit verify /var/lib/understudy/audit.jsonl', '0 the file is whole, 1 it is not, 3 it cannot be read'))
    .action(async (file: string) => {
      const { verifyAuditFile } = await rooms.handlers()
      const found = await verifyAuditFile(file).catch((e: unknown) => {
        throw new Refusal(`cannot read ${file}: ${e instanceof Error ? e.message : String(e)}`)
      })
      if (!found.ok) t.out(`${file}:${found.line}: ${found.why}`)
      else {
        t.out(`${file}: whole, ${found.head.seq} records, last hash ${found.head.hash}`)
        for (const n of found.notes) t.out(`record ${n.seq}: ${JSON.stringify(n.note)}`)
      }
      exit(found.ok ? EXIT.ok : EXIT.problem)
    }))
