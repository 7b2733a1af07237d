/** Reads what the cluster file only points at. All problems at once. */
import { readFileSync } from 'node:fs'
import { err, ok, type Result } from '../contract/result.ts'
import type { Config, GroupConfig, Secret } from '../contract/config.ts'
import type { BrokerAccess } from '../link/link.ts'

export interface Secrets { readonly passwords: ReadonlyMap<string, Uint8Array>; readonly brokers: readonly BrokerAccess[] }
type Environment = Readonly<Record<string, string | undefined>>

export function readSecrets(config: Config, groups: readonly GroupConfig[], host: string, environment: Environment): Result<Secrets, readonly string[]> {
  const problems: string[] = []
  const read = reader(host, environment, problems)
  const passwords = new Map<string, Uint8Array>()
  for (const router of groups.flatMap((g) => g.routers)) {
    const text = router.password && read.secret(router.password, `the password of router ${router.name}`)
    if (text === undefined) continue
    const bytes = new TextEncoder().encode(text)
    if (bytes.length > 8) problems.push(`the password of router ${router.name} is longer than the 8 bytes that VRRPv2 carries: shorten it on every host`)
    else if (bytes.length === 0) problems.push(`the password of router ${router.name} is empty`)
    else passwords.set(router.name, padded(bytes))
  }
  const brokers = config.brokers.map((b): BrokerAccess => {
    const password = b.password && read.secret(b.password, `the password for ${b.url}`)
    const ca = b.ca === undefined ? undefined : read.file(b.ca, `the authority of ${b.url}`)
    return {
      url: b.url, ...(b.user === undefined ? {} : { user: read.named(b.user) }), ...(password === undefined ? {} : { password }), ...(ca === undefined ? {} : { ca }),
    }
  })
  return problems.length > 0 ? err(problems) : ok({ passwords, brokers })
}

function reader(host: string, environment: Environment, problems: string[]) {
  const named = (text: string) => text.replaceAll('{name}', host)
  function file(path: string, what: string): string | undefined {
    try {
      return readFileSync(named(path), 'utf8')
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  function secret(s: Secret, what: string): string | undefined {
    if ('file' in s) return file(s.file, what)?.split(/\r?\n/)[0]
    const text = environment[named(s.env)]
    if (text === undefined) problems.push(`${what}: the environment has no ${named(s.env)}`)
    return text
  }
  return { named, file, secret }
}

/** Eight bytes for VRRPv2's authentication field, padded with NUL (RFC 2338 §5.3.10). */
function padded(bytes: Uint8Array): Uint8Array {
  const eight = new Uint8Array(8)
  eight.set(bytes)
  return eight
}
