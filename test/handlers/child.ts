/** `understudy handlers` without the command line, as a process that tests may kill. Arguments: cluster file, state. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseConfig } from '../../contract/config.ts'
import { runHandlers } from '../../handlers/main.ts'

const [file = '', stateDir = ''] = process.argv.slice(2)
const config = parseConfig(readFileSync(file, 'utf8'))
if (!config.ok) throw new Error(JSON.stringify(config.error))
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
const say = (level: string) => (fields: object, text: string) =>
  process.stderr.write(`${JSON.stringify({ level, text, ...fields })}\n`)
try {
  await runHandlers(config.value, {
    stateDir,
    folder: dirname(file),
    signal: stopping.signal,
    log: { debug() {}, info: say('info'), warn: say('warn'), error: say('error') },
  })
} catch (e) {
  process.stderr.write(`${e instanceof Error ? e.message : String(e)}\n`)
  process.exitCode = 3
}
