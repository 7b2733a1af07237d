/** The mail of the operators: Exim on the `ops` machine, which delivers into a file. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../lab/clock.ts'
import type { Lab } from '../../lab/net.ts'
import { eximBox, eximConfiguration } from '../exim.ts'
import { found } from './needs.ts'

const OPERATOR = 'operator@ops.example'

export interface Post {
  /** What the cluster file says: key `handlers`. */
  readonly settings: object
  /** Subjects of the mails in the box. */
  subjects(): string[]
  /** Resolves when so many are there; throws with what is there instead. */
  came(count: number, within?: number): Promise<void>
}

export async function startPost(lab: Lab): Promise<Post> {
  const directory = path.join(lab.directory, 'mail'), box = eximBox(directory)
  mkdirSync(directory)
  chmodSync(lab.directory, 0o755)
  chmodSync(directory, 0o777) // Exim gives up root before it delivers
  const config = path.join(lab.directory, 'exim.conf')
  writeFileSync(config, eximConfiguration(
    { program: found('exim4'), directory, address: lab.ops.ipv4, port: 25, hostname: 'ops.example' }))
  lab.start(lab.ops, [found('exim4'), '-C', config, '-bdf'], { log: path.join(lab.directory, 'exim.log') })
  const listens = () => lab.output(lab.ops, ['ss', '-ltnH', 'sport', '=', ':25']).includes(':25')
  if (!await until(listens, 8000)) throw new Error(`Exim did not start; see ${directory}`)
  const subjects = () => {
    const text = existsSync(box) ? readFileSync(box, 'utf8') : ''
    return [...text.matchAll(/^Subject: ((?:.|\n[ \t])*)$/gm)].map((m) => (m[1] ?? '').replace(/\n\s+/g, ' '))
  }
  return {
    settings: { email: { to: [OPERATOR], from: 'understudy@ops.example', smtp: { host: lab.ops.ipv4, tls: 'off' } } },
    subjects,
    async came(count, within = 15_000) {
      await until(() => subjects().length >= count, within)
      const came = subjects()
      if (came.length !== count) throw new Error(`${came.length} mails came, not ${count}: ${came.join(' | ')}`)
    },
  }
}
