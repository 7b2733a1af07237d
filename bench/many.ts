/** Both products with many virtual routers on two hosts: configurations, and starting them. No broker: election alone. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ClusterText } from '../lab/cluster.ts'
import type { Lab, Machine } from '../lab/net.ts'
import { program, UNDERSTUDY } from '../lab/program.ts'
import type { Running } from '../lab/process.ts'

export interface Load {
  readonly routers: number
  readonly version: 2 | 3
  /** Seconds. */
  readonly interval: number
  /** Over how many links; a link has room for 255 routers. */
  readonly links: number
}
export interface Product {
  readonly name: string
  /** By name of the host; the first of the lab is preferred. */
  start(lab: Lab, load: Load, scheduling?: Scheduling): Map<string, Running>
}

interface Router { readonly name: string; readonly vrid: number; readonly interface: string; readonly address: string }

export const routersOf = ({ routers, links }: Load): Router[] => Array.from({ length: routers }, (_, i) => {
  const link = i % links, vrid = Math.floor(i / links) + 1
  return { name: `r${i}`, vrid, interface: `eth${link}`, address: `10.53.${100 + link}.${vrid}` }
})

/** The group that `understudy` below has, for others who want its election with a broker beside it. */
export const groupOf = (lab: Lab, load: Load): ClusterText['groups'][string] => ({
  hosts: lab.hosts.map((h) => h.name),
  defaults: { version: load.version, interval: load.interval },
  routers: Object.fromEntries(routersOf(load).map(({ name, vrid, interface: link, address }) =>
    [name, { vrid, interface: link, addresses: [`${address}/32`] }])),
})
/** `default`: as each does by itself. Else both of them, as ordinary programs or ahead of everything that has no deadline. */
export type Scheduling = 'default' | 'ordinary' | 'realtime'
/** As `vrrp_rt_priority` of keepalived. */
const PRIORITY = 50
/** What `understudy` has of it in its cluster file; keepalived is an ordinary program by itself. */
export const realtimeOf: Record<Scheduling, Pick<ClusterText, 'realtime'>> = {
  default: {}, ordinary: { realtime: { policy: 'off' } }, realtime: { realtime: { policy: 'fifo', priority: PRIORITY } },
}

export const understudy: Product = {
  name: 'understudy',
  start(lab, load, scheduling = 'default') {
    const file = path.join(lab.directory, 'many.yaml')
    const cluster = { cluster: 'many', ...realtimeOf[scheduling], groups: { g: groupOf(lab, load) } }
    writeFileSync(file, JSON.stringify(cluster satisfies ClusterText)) // JSON is YAML
    const state = path.join(lab.directory, `state-${process.hrtime.bigint()}`)
    return onEach(lab, ({ name }) => [
      process.execPath, UNDERSTUDY, 'daemon', '--config', file, '--host', name, '--state', path.join(state, name),
      '--log-level', 'warn',
    ])
  },
}

export const keepalived: Product = {
  name: 'keepalived',
  start(lab, load, scheduling = 'default') {
    const binary = program('keepalived')
    if (!binary) throw new Error('keepalived is not installed')
    const directory = path.join(lab.directory, 'keepalived')
    mkdirSync(directory, { recursive: true })
    return onEach(lab, (host) => {
      const own = (ending: string) => path.join(directory, `${host.name}.${ending}`)
      const instances = routersOf(load).map((r) => instance(r, host === lab.hosts[0] ? 250 : 240, load.interval))
      writeFileSync(own('conf'), `global_defs {
  router_id ${host.name}
  vrrp_version ${load.version}
  ${scheduling === 'realtime' ? `vrrp_rt_priority ${PRIORITY}` : ''}
}
${instances.join('')}`)
      return [binary, '-n', '-l', '-P', '-f', own('conf'), '-p', own('pid'), '-r', own('vrrp-pid')]
    })
  },
}

const instance = (r: Router, priority: number, interval: number) => `vrrp_instance ${r.name} {
  virtual_router_id ${r.vrid}
  interface ${r.interface}
  state BACKUP
  priority ${priority}
  advert_int ${interval}
  virtual_ipaddress {
    ${r.address}/32
  }
}
`

function onEach(lab: Lab, command: (host: Machine) => readonly string[]): Map<string, Running> {
  const log = (host: Machine) => path.join(lab.directory, `many-${host.name}.log`)
  return new Map(lab.hosts.map((host) => [host.name, lab.start(host, command(host), { log: log(host) })]))
}
