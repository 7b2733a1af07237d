/** For those who run an Eclipse Mosquitto (2.0 or later) instead of the embedded broker: its files, with the same rights. */
import type { Config } from '../../contract/config.ts'
import { topics, type TopicRow } from '../../contract/topics.ts'
import { OWN_LEVEL, type Account } from '../access.ts'

export interface MosquittoFiles {
  /** `mosquitto.conf` */
  readonly configuration: string
  /** `acl_file` */
  readonly accessList: string
}

/** `directory` is where Mosquitto finds `acl` and `passwords`, and keeps its store; it must be able to write there. */
export function mosquittoConfiguration(config: Config, accounts: readonly Account[], directory: string): MosquittoFiles {
  return {
    configuration: configuration(config, directory),
    accessList: accessList(config.topicRoot, accounts, anonymous(config)),
  }
}

function configuration({ broker, cluster }: Config, directory: string): string {
  const { limits } = broker
  return [
    `# Mosquitto for the cluster ${cluster}, written by Understudy.`,
    `# Each account needs a password: mosquitto_passwd -c ${directory}/passwords NAME`,
    ...broker.listen.flatMap((url) => listener(url, broker.tls)),
    `allow_anonymous ${anonymous({ broker })}`,
    `password_file ${directory}/passwords`,
    `acl_file ${directory}/acl`,
    '',
    '# Left alone, Mosquitto keeps everything in memory for half an hour: a crash would take orders and queues with it.',
    'persistence true',
    `persistence_location ${directory}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
    '',
    '# Left alone, it drops what comes after the first thousand messages for an absent client, silently.',
    `max_queued_messages ${limits.queuedMessages}`,
    'persistent_client_expiration 1m',
    `max_packet_size ${limits.packetBytes}`,
    'set_tcp_nodelay true',
    '',
  ].join('\n')
}

function listener(url: string, tls: Config['broker']['tls']): string[] {
  const { protocol, hostname, port } = new URL(url.replace(/^(mqtt|ws)(s?):/, 'http$2:'))
  const secure = protocol === 'https:'
  return [
    `listener ${port || (secure ? 443 : 80)} ${hostname.replace(/^\[|\]$/g, '')}`,
    ...(url.startsWith('ws') ? ['protocol websockets'] : []),
    ...(secure && tls ? [`certfile ${tls.certificate}`, `keyfile ${tls.key}`] : []),
    '',
  ]
}

/** Mosquitto cannot tell this machine from others: without accounts only where every listener is this machine's own. */
const anonymous = ({ broker }: Pick<Config, 'broker'>) =>
  broker.anonymous === 'loopback' && broker.listen.every((url) => /^\w+:\/\/(127\.|localhost:|\[::1\])/.test(url))

function accessList(root: string, accounts: readonly Account[], open: boolean): string {
  const rows: readonly TopicRow[] = Object.values(topics)
  const lines = ['# Written by Understudy from its table of topics. What is not listed is denied.']
  // Lines before the first user are for clients without an account.
  if (open) lines.push('topic readwrite #')
  for (const { name, role } of accounts) {
    lines.push('', `# ${role}`, `user ${name}`)
    for (const row of rows) {
      if (row.readers.includes(role)) lines.push(`topic read ${root}/${filterOf(row.pattern, undefined)}`)
      if (!row.writers.includes(role)) continue
      lines.push(`topic write ${root}/${filterOf(row.pattern, { level: OWN_LEVEL[role], name })}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** `host/<host>/event` → `host/+/event`, or with the account's own name where it may write as itself only. */
const filterOf = (pattern: string, own: { readonly level: string | undefined; readonly name: string } | undefined): string =>
  pattern.replace(/<(\w+)>/g, (_, level: string) => (own?.level === level ? own.name : '+'))
