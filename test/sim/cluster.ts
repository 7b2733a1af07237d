/** Writes a cluster file for the simulation and parses it with the real parser. */
import { formatProblem, parseConfig, type Config } from '../../contract/config.ts'
import { Lan } from './lan.ts'
import { SimHost } from './host.ts'

export interface RouterWish {
  readonly version?: 2 | 3; readonly interval?: number; readonly order?: 'forward' | 'reverse'; readonly preempt?: 'fast' | 'rfc' | 'off'; readonly lease?: string
  readonly missed?: number; readonly preemptDelay?: number
  readonly election?: 'shared' | 'per-family'
  /** To each host by its address instead of to the group. */
  readonly unicast?: boolean
}

export function cluster(hosts: readonly string[], routers: Readonly<Record<string, RouterWish>> = { r: {} }, checked = false, together = false): Config {
  const peers = `{peers: {${hosts.map((host, i) => `${host}: 10.0.0.${i + 1}`).join(', ')}}}`
  const lines = Object.entries(routers).map(([name, { unicast, ...r }], i) => {
    const options = Object.entries(r).map(([k, v]) => `, ${k}: ${v}`).join('') + (unicast ? `, unicast: ${peers}` : '')
    return `      ${name}: {vrid: ${i + 7}, addresses: [10.0.0.${100 + i}/24, "fd00::${100 + i}/64"]${options}}`
  })
  const text = ['cluster: sim', 'groups:', '  g:', `    hosts: [${hosts.join(', ')}]`, '    bands: {healthy: {first: 250, step: 10}, failed: {first: 100, step: 10}, outOfService: {first: 9, step: 1}}',
    ...(checked ? ['    checks: [dns]'] : []), ...(together ? ['    together: true'] : []),
    '    defaults: {interface: eth0}', '    routers:', ...lines,
    ...(checked ? ['checks:', '  dns: {dns: {name: example.org}, rise: 1, fall: 1}'] : [])].join('\n')
  const parsed = parseConfig(text)
  if (!parsed.ok) throw new Error(parsed.error.map((p) => formatProblem('sim.yaml', p)).join('\n'))
  return parsed.value
}

/** A LAN with a host for each name, all started. */
export function lanOf(config: Config): { lan: Lan; hosts: Record<string, SimHost> } {
  const lan = new Lan()
  const names = config.groups.flatMap((g) => g.hosts)
  const hosts = Object.fromEntries(names.map((name) => [name, new SimHost(lan, config, name)]))
  for (const h of lan.hosts) h.boot()
  return { lan, hosts }
}
