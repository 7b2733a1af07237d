/** An embedded broker for a test: on a port and in a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runBroker, type RunningBroker } from '../../broker/main.ts'
import { parseConfig, type Config } from '../../contract/config.ts'

/** The text of `broker:` beyond store and listeners, in YAML flow style. */
export function brokerConfig(directory: string, settings = 'anonymous: loopback', listen = 'mqtt://127.0.0.1:0'): Config {
  const broker = `{listen: ["${listen}"], store: "${join(directory, 'broker.db')}", ${settings}}`
  const parsed = parseConfig(`cluster: test\ntopicRoot: t\ngroups: {}\nbroker: ${broker}\n`)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'understudy-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface LoggedBroker extends RunningBroker {
  readonly log: string[]
  /** Where its store is. */
  readonly path: string
}

export async function startBroker(config: Config): Promise<LoggedBroker> {
  const log: string[] = []
  return { ...(await runBroker(config, { log: (_, text) => { log.push(text) } })), log, path: dirname(config.broker.store) }
}
