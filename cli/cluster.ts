/** The cluster file and what a command needs from it. */
import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import { formatProblem, parseConfig, type Config, type Secret } from '../contract/config.ts'
import type { BrokerAccess } from '../link/link.ts'
import { EXIT, fileKnows, Refusal, type Terminal } from './terminal.ts'

export const DEFAULT_FILE = '/etc/understudy/cluster.yaml'

export const configOption = () => new Option('-c, --config <file>', 'the cluster file')
  .env('UNDERSTUDY_CONFIG').default(DEFAULT_FILE)
export const asOption = () => new Option('--as <name>', 'what {name} stands for in the brokers of the file: your account')
  .env('UNDERSTUDY_ACCOUNT').default('operator')

/** Reads and checks the file. Its problems go to standard error, all of them. */
export function load(file: string, t: Terminal): Config {
  const parsed = parseConfig(read(file))
  if (parsed.ok) return parsed.value
  const problems = parsed.error.map((p) => formatProblem(file, p))
  for (const problem of problems) t.err(problem)
  throw new Refusal(`${file}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`, EXIT.cannotStart, problems)
}

export function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (e) {
    throw new Refusal(`cannot read ${file}: ${e instanceof Error ? e.message : String(e)}`)
  }
}

/** Which host of the cluster this machine is: `given`, else its host name up to the first dot. */
export function thisHost(config: Config, given: string | undefined, t: Terminal): string {
  const host = given ?? t.hostname().split('.')[0] ?? ''
  const known = hostsOf(config)
  if (known.includes(host)) return host
  const problem = `"${host}", and no group has such a host: ${fileKnows(known)}`
  if (given !== undefined) throw new Refusal(`--host says ${problem}`, EXIT.usage)
  throw new Refusal(`this machine is called ${problem} (or name one with --host)`)
}

export const hostsOf = (config: Config): string[] => [...new Set(config.groups.flatMap((g) => g.hosts))]

/** How to reach the brokers as account `name`, with the secrets read. */
export function brokerAccess(config: Config, name: string, t: Terminal): BrokerAccess[] {
  if (config.brokers.length === 0) throw new Refusal('the cluster file names no broker: write brokers: [mqtt://…]')
  const fill = (text: string) => text.replaceAll('{name}', name)
  return config.brokers.map((b) => ({
    url: b.url,
    ...(b.user === undefined ? {} : { user: fill(b.user) }),
    ...(b.password === undefined ? {} : { password: secret(b.password, fill, t) }),
    ...(b.ca === undefined ? {} : { ca: read(b.ca) }),
  }))
}

function secret(s: Secret, fill: (text: string) => string, t: Terminal): string {
  if ('file' in s) return read(fill(s.file)).split(/\r?\n/)[0] ?? ''
  const value = t.env[fill(s.env)]
  if (value === undefined) throw new Refusal(`the environment variable ${fill(s.env)} is not set`)
  return value
}
