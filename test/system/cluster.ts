/** Understudy as a user runs it: a cluster file, and the commands that read it, on the machines of a lab. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { until } from '../../lab/clock.ts'
import type { Lab, Machine } from '../../lab/net.ts'
import type { Running } from '../../lab/process.ts'
import { root } from '../../lab/program.ts'

export const ROUTER = 'testdns0'
export const SERVICE = { ipv4: '10.53.0.210', ipv6: 'fd53::210' } as const
export const TOPICS = 'understudy/test'

interface Options { readonly version?: 2 | 3; readonly interval?: number; readonly [key: string]: unknown }

/** One router with an address of each family; `more` is laid over the document. */
export const clusterOf = (hosts: readonly string[], options: Options = {}, more: object = {}) => ({
  cluster: 'test',
  groups: { dns: groupOf(hosts, options) },
  ...more,
})

export const groupOf = (hosts: readonly string[], options: Options = {}, more: object = {}) => ({
  hosts,
  defaults: { interface: 'eth0', interval: 0.1, ...options },
  routers: { [ROUTER]: { vrid: 210, addresses: [`${SERVICE.ipv4}/24`, `${SERVICE.ipv6}/64`] } },
  ...more,
})

/** JSON is YAML, too. */
export function writeCluster(lab: Lab, document: object, name = 'cluster.yaml'): string {
  const file = path.join(lab.directory, name)
  writeFileSync(file, JSON.stringify(document, undefined, 1))
  return file
}

export interface Line { readonly level: string; readonly msg: string; readonly [field: string]: unknown }

/** A command of ours that runs until it is stopped, and what it has logged. */
export interface Service extends Pick<Running, 'pid' | 'ended' | 'stop' | 'kill' | 'signal'> {
  readonly alive: boolean
  readonly lines: readonly Line[]
  /** Resolves to the first line with that text. */
  said(text: RegExp, within?: number): Promise<Line>
}

export function startUnderstudy(lab: Lab, machine: Machine, ...words: readonly string[]): Service {
  const lines: Line[] = []
  const log = path.join(lab.directory, `${words[0]}-${machine.name}.log`)
  const command = [process.execPath, path.join(root, 'cli/main.ts'), ...words]
  const running = lab.start(machine, command, { log, onLine: (l) => lines.push(read(l)) })
  return {
    pid: running.pid, ended: running.ended, lines,
    get alive() { return running.alive },
    stop: (grace) => running.stop(grace), kill: () => running.kill(), signal: (name) => running.signal(name),
    async said(text, within = 20_000) {
      const find = () => lines.find((l) => text.test(l.msg))
      await until(() => find() !== undefined || !running.alive, within)
      const line = find()
      if (line) return line
      const others = [...lines.slice(-15).map((l) => l.msg), readFileSync(log, 'utf8')]
      throw new Error(`${words[0]} on ${machine.name} did not say ${text}; it said:\n${others.join('\n')}`)
    },
  }
}

export function startDaemon(lab: Lab, host: Machine, file: string): Service {
  return startUnderstudy(lab, host, 'daemon', '--config', file, '--host', host.name, '--state', stateOf(lab, host))
}

export const startHandlers = (lab: Lab, file: string): Service =>
  startUnderstudy(lab, lab.ops, 'handlers', '--config', file, '--state', lab.directory)

export const stateOf = (lab: Lab, host: Machine) => path.join(lab.directory, `state-${host.name}`)

function read(line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch {
    return { level: 'none', msg: line }
  }
}
