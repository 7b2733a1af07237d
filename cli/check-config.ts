import { Command } from 'commander'
import { formatProblem, parseConfig } from '../contract/config.ts'
import { DEFAULT_FILE, hostsOf, read } from './cluster.ts'
import { EXIT, help, type Terminal } from './terminal.ts'

export const checkConfig = (t: Terminal, exit: (code: number) => void) => new Command('check-config')
  .description('Say every problem of a cluster file: file:line:column: path: what is wrong and what to write.')
  .argument('[file]', 'the cluster file', DEFAULT_FILE)
  .option('--json', 'the problems as a JSON array')
  .addHelpText('after', help('understudy check-config /etc/understudy/cluster.yaml', '0 the file is sound, 1 it has problems, 3 it cannot be read'))
  .action((file: string, o: { json?: boolean }) => {
    const parsed = parseConfig(read(file))
    const problems = parsed.ok ? [] : parsed.error
    if (o.json) t.out(JSON.stringify(problems, null, 2))
    else for (const p of problems) t.out(formatProblem(file, p))
    if (parsed.ok && !o.json) {
      const routers = parsed.value.groups.reduce((n, g) => n + g.routers.length, 0)
      t.out(`${file}: sound: ${count(routers, 'router')} on ${count(hostsOf(parsed.value).length, 'host')}`)
    }
    exit(parsed.ok ? EXIT.ok : EXIT.problem)
  })

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
