/** Secrets are never in the cluster file: they are read here, once, at the start. */
import { readFileSync } from 'node:fs'
import type { BrokerConfig, Secret } from '../contract/config.ts'
import type { BrokerAccess } from '../link/link.ts'

/** `{name}` in the path or the variable stands for the handler, so that each can have an account of its own. */
export function readSecret(secret: Secret, name: string, env: NodeJS.ProcessEnv): string {
  if ('env' in secret) {
    const value = env[fill(secret.env, name)]
    if (value === undefined) throw new Error(`the environment variable ${fill(secret.env, name)} is not set`)
    return value
  }
  return readText(fill(secret.file, name)).split(/\r?\n/, 1)[0] ?? ''
}

export const brokerAccess = (brokers: readonly BrokerConfig[], name: string, env: NodeJS.ProcessEnv): BrokerAccess[] =>
  brokers.map((b) => ({
    url: b.url,
    ...(b.user !== undefined && { user: fill(b.user, name) }),
    ...(b.password && { password: readSecret(b.password, name, env) }),
    ...(b.ca !== undefined && { ca: readText(b.ca) }),
  }))

const fill = (text: string, name: string) => text.replaceAll('{name}', name)

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (e) {
    throw new Error(`${path} cannot be read: ${e instanceof Error ? e.message : String(e)}`)
  }
}
