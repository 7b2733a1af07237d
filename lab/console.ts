/** The operator's view of the cluster: the last of every retained document, and publishing orders. */
import path from 'node:path'
import type { Instant } from '../contract/time.ts'
import { matchTopic, topicOf, type TopicMatch } from '../contract/topics.ts'
import { monotonic, until } from './clock.ts'
import type { Cluster } from './cluster.ts'
import type { Lab } from './net.ts'

export interface Console {
  readonly connected: boolean
  /** The last message on each topic, parsed where it is JSON. */
  readonly documents: ReadonlyMap<string, unknown>
  /** `#` before a name takes the host out of service. Resolves to the instant it was sent; the broker acknowledges later. */
  order(group: string, hosts: readonly string[]): Instant
  ready(within?: number): Promise<void>
  stop(): Promise<void>
}

type Line = { connected: boolean } | { topic: string; payload: string; at: number }
  | { published: string } | { refused: string; why: string }
export type Heard = (match: TopicMatch, document: unknown) => void

export function openConsole(lab: Lab, cluster: Cluster, heard: Heard = () => {}): Console {
  const documents = new Map<string, unknown>()
  let connected = false
  const { user, passwordFile } = cluster.operator
  const observer = path.join(import.meta.dirname, 'observer.ts')
  const program = [process.execPath, observer, cluster.broker, user, passwordFile, cluster.topicRoot]
  const log = path.join(lab.directory, 'observer.log')
  const running = lab.start(lab.ops, program, {
    log,
    onLine(text) {
      const line = JSON.parse(text) as Line
      if ('connected' in line) connected = line.connected
      if (!('topic' in line)) return
      const document = parsed(line.payload), match = matchTopic(cluster.topicRoot, line.topic)
      documents.set(line.topic, document)
      if (match) heard(match, document)
    },
  })
  return {
    documents,
    get connected() { return connected },
    order(group, hosts) {
      const at = monotonic()
      running.write(JSON.stringify({ topic: topicOf(cluster.topicRoot, 'order', { group }), payload: hosts.join('\n') }))
      return at
    },
    async ready(within = 20_000) {
      if (await until(() => connected || !running.alive, within) && running.alive) return
      throw new Error(`no connection to the broker within ${within / 1000} s; see ${log}`)
    },
    stop: () => running.stop(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // an order may be a bare list
  }
}
