/**
 * Writes the reference pages from the schemas, the table of topics, the reasons and the help of the commands.
 * `node docs/generate.ts` writes them; with `--check` it only says which are not up to date, and fails.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clusterSchema } from '../cli/schema.ts'
import { commandPage } from './generate/commands.ts'
import { configurationPage } from './generate/configuration.ts'
import { eventsPage } from './generate/events.ts'
import { reasonsPage } from './generate/reasons.ts'
import { topicsPage } from './generate/topics.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'reference')

export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ['configuration.md', configurationPage()],
    ['topics.md', topicsPage()],
    ['events.md', eventsPage()],
    ['reasons.md', reasonsPage()],
    ['cli.md', commandPage()],
    ['cluster.schema.json', clusterSchema()],
  ])
}

/** Names of the pages that are not what they should be. */
export function stale(): string[] {
  return [...pages()].filter(([name, text]) => textOf(join(folder, name)) !== text).map(([name]) => name)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const old = stale()
    for (const name of old) console.error(`docs/reference/${name} is not up to date: run "npm run docs"`)
    process.exitCode = old.length > 0 ? 1 : 0
  } else {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of pages()) writeFileSync(join(folder, name), text)
  }
}
