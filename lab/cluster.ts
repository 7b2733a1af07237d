/**
 * Understudy on the hosts of a lab: its cluster file, accounts and secrets, and its programs, started through the command
 * line.
 */
import { randomBytes, scryptSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { z } from 'zod'
import type { ClusterFile } from '../contract/config.ts'
import type { Role } from '../contract/topics.ts'
import type { Lab, Machine } from './net.ts'
import { UNDERSTUDY } from './program.ts'
import type { Running, RunOptions } from './process.ts'

export type ClusterText = z.input<typeof ClusterFile>

export interface Cluster {
  readonly file: string
  readonly topicRoot: string
  readonly broker: string
  /** Account that may publish orders, and the file with its password. */
  readonly operator: { readonly user: string; readonly passwordFile: string }
  startDaemon(host: Machine): Running
  startBroker(): Running
  startHandlers(): Running
}

const OPERATOR = 'lab'
const MQTT = 1883

/**
 * Writes everything below `folder` of the lab's directory. Brokers and places for state are filled in. The folder may
 * exist: then daemons find the state they left there.
 */
export function writeCluster(
  lab: Lab, folder: string, text: Pick<ClusterText, 'groups' | 'checks' | 'handlers' | 'realtime'> & { pass?: string },
  program = UNDERSTUDY,
): Cluster {
  const directory = path.join(lab.directory, folder)
  const at = (...parts: string[]) => path.join(directory, ...parts)
  for (const part of ['secret', 'state', 'log']) mkdirSync(at(part), { recursive: true })
  const { pass, ...given } = text
  if (pass !== undefined) writeFileSync(passFile(lab, folder), `${pass}\n`, { mode: 0o600 })

  const handlers = Object.keys(given.handlers ?? {})
  const accounts = [
    ...lab.hosts.map((h) => [h.name, 'daemon'] as const),
    ...handlers.map((name) => [name, 'handler'] as const),
    [OPERATOR, 'operator'] as const,
  ].map(([name, role]) => account(name, role, at('secret', name)))
  writeFileSync(at('accounts.yaml'), accounts.join(''), { mode: 0o600 })

  const broker = `mqtt://${lab.ops.ipv4}:${MQTT}`
  const cluster = {
    ...given, cluster: 'lab',
    brokers: [{ url: broker, user: '{name}', password: { file: at('secret', '{name}') } }],
    broker: { listen: [broker], store: at('state', 'broker.db'), accounts: at('accounts.yaml') },
    state: at('state', 'ops'),
  } satisfies ClusterText
  const file = at('cluster.yaml')
  writeFileSync(file, `${JSON.stringify(cluster, undefined, 2)}\n`) // JSON is YAML

  const start = (machine: Machine, name: string, words: readonly string[], o?: RunOptions) =>
    lab.start(machine, [process.execPath, program, ...words, '--config', file], { log: at('log', name), ...o })
  return {
    file, broker, topicRoot: 'understudy/lab', operator: { user: OPERATOR, passwordFile: at('secret', OPERATOR) },
    startDaemon: (host) =>
      start(host, `${host.name}.log`, ['daemon', '--host', host.name, '--state', at('state', host.name)]),
    startBroker: () => start(lab.ops, 'broker.log', ['broker']),
    startHandlers: () => start(lab.ops, 'handlers.log', ['handlers']),
  }
}

/** Where `writeCluster` keeps the password of VRRP version 2, for use in the groups given to it. */
export const passFile = (lab: Lab, folder: string) => path.join(lab.directory, folder, 'secret', 'vrrp-pass')

/** A line of the accounts file. Its scrypt is the cheapest that is accepted: these passwords live for minutes. */
function account(name: string, role: Role, file: string): string {
  const password = randomBytes(12).toString('base64url'), salt = randomBytes(16)
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 })
  const stored = ['scrypt', 1024, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$')
  return `${name}: {role: ${role}, password: "${stored}"}\n`
}
