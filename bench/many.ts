/** Both products with many virtual routers on two hosts: configurations, and starting them. No broker: the election alone. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab, Machine } from '../lab/net.ts'
import { program, root } from '../lab/program.ts'
import type { Running } from '../lab/process.ts'

export interface Load {
  readonly routers: number
  readonly version: 2 | 3
  /** Seconds. */
  readonly interval: number
  /** Over how many links; a link has room for 255 routers. */
  readonly links: number
}
export interface Product { readonly name: string; start(lab: Lab, load: Load, realtime?: boolean): Map<string, Running> }

interface Router { readonly name: string; readonly vrid: number; readonly interface: string; readonly address: string }
export const routersOf = ({ routers, links }: Load): Router[] => Array.from({ length: routers }, (_, i) => ({
  name: `r${i}`, vrid: Math.floor(i / links) + 1, interface: `eth${i % links}`, address: `10.53.${100 + (i % links)}.${Math.floor(i / links) + 1}`,
}))

/** What `UNDERSTUDY_PROGRAM` names, else the build if there is one, else the source. */
const PROGRAM = process.env.UNDERSTUDY_PROGRAM ?? path.join(root, 'cli/main.ts')

export const understudy: Product = {
  name: 'understudy',
  start(lab, load, realtime = false) {
    const file = path.join(lab.directory, 'many.yaml')
    writeFileSync(file, JSON.stringify({
      cluster: 'many',
      ...(realtime ? { realtime: { policy: 'fifo', lockMemory: true } } : {}),
      groups: {
        g: {
          hosts: lab.hosts.map((h) => h.name), defaults: { version: load.version, interval: load.interval },
          routers: Object.fromEntries(routersOf(load).map((r) => [r.name, { vrid: r.vrid, interface: r.interface, addresses: [`${r.address}/32`] }])),
        },
      },
    }))
    const state = path.join(lab.directory, `state-${process.hrtime.bigint()}`)
    return onEach(lab, (host) => [process.execPath, PROGRAM, 'daemon', '--config', file, '--host', host.name, '--state', path.join(state, host.name), '--log-level', 'warn'])
  },
}

export const keepalived: Product = {
  name: 'keepalived',
  start(lab, load, realtime = false) {
    const binary = program('keepalived') ?? 'keepalived'
    mkdirSync(path.join(lab.directory, 'keepalived'), { recursive: true })
    return onEach(lab, (host) => {
      const own = (ending: string) => path.join(lab.directory, 'keepalived', `${host.name}.${ending}`)
      const priority = host === lab.hosts[0] ? 250 : 240
      const instances = routersOf(load).map((r) =>
        `vrrp_instance ${r.name} {\n virtual_router_id ${r.vrid}\n interface ${r.interface}\n state BACKUP\n priority ${priority}\n advert_int ${load.interval}\n virtual_ipaddress {\n  ${r.address}/32\n }\n}\n`)
      writeFileSync(own('conf'), `global_defs {\n router_id ${host.name}\n vrrp_version ${load.version}\n${realtime ? ' vrrp_rt_priority 50\n vrrp_no_swap\n' : ''}}\n${instances.join('')}`)
      return [binary, '-n', '-l', '-P', '-f', own('conf'), '-p', own('pid'), '-r', own('vrrp-pid')]
    })
  },
}

function onEach(lab: Lab, command: (host: Machine) => readonly string[]): Map<string, Running> {
  return new Map(lab.hosts.map((host) => [host.name, lab.start(host, command(host), { log: path.join(lab.directory, `many-${host.name}.log`) })]))
}
