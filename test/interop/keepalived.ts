/** A real keepalived on a host of the lab, configured as an operator would write it for one of our settings. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Lab, Machine } from '../../lab/net.ts'
import type { Running } from '../../lab/process.ts'
import { found } from '../system/needs.ts'
import { ownAddress, routersOf, THEIRS, type Router, type Setting } from './setting.ts'

/**
 * Above and below Understudy's first host, which has 250. Where nobody preempts, the lower one is within Understudy's band
 * of healthy hosts: below it, it would count as one whose check fails, and would be replaced all the same.
 */
const ABOVE = 254, BELOW = 100, BELOW_BUT_HEALTHY = 245

/** BACKUP, so that priorities decide; the other family's addresses are not advertised. `peer` is the other host. */
export function startKeepalived(lab: Lab, host: Machine, peer: Machine, setting: Setting): Running {
  const own = (ending: string) => fileOf(lab, ending)
  const routers = routersOf(setting)
  writeFileSync(own('conf'), `global_defs {
  router_id ${host.name}
  vrrp_version ${setting.version}
}
${setting.together ? `vrrp_sync_group all {\n${block('group', routers.map((r) => r.name))}\n}` : ''}
${routers.map((router) => instance(host, peer, setting, router)).join('')}`)
  for (const ending of ['pid', 'vrrp-pid']) rmSync(own(ending), { force: true }) // as /run is empty after a boot
  // In the foreground, VRRP alone, everything it does in the log; files of its own, since several share one machine here.
  const words = ['-n', '-l', '-D', '-P', '-f', own('conf'), '-p', own('pid'), '-r', own('vrrp-pid')]
  return lab.start(host, [found('keepalived'), ...words], { log: own('log') })
}

export const keepalivedLog = (lab: Lab) => (existsSync(fileOf(lab, 'log')) ? readFileSync(fileOf(lab, 'log'), 'utf8') : '')

export const forgetLog = (lab: Lab) => rmSync(fileOf(lab, 'log'), { force: true })

const fileOf = (lab: Lab, ending: string) => path.join(lab.directory, `keepalived.${ending}`)

function instance(host: Machine, peer: Machine, s: Setting, router: Router): string {
  const [first = '', ...others] = router.addresses
  return `vrrp_instance ${router.name} {
  state BACKUP
  interface ${router.interface}
  virtual_router_id ${router.vrid}
  priority ${s.higher === THEIRS ? ABOVE : s.preempt === 'off' ? BELOW_BUT_HEALTHY : BELOW}
  advert_int ${s.interval}
${s.preempt === 'off' ? '  nopreempt' : ''}
${s.pass === undefined ? '' : `  authentication {\n    auth_type PASS\n    auth_pass ${s.pass}\n  }`}
${s.unicast ? `  unicast_src_ip ${ownAddress(host, s.family)}\n  unicast_ttl 255\n${block('unicast_peer', [ownAddress(peer, s.family)])}` : ''}
${block('virtual_ipaddress', [first])}
${block('virtual_ipaddress_excluded', others)}
}
`
}

const block = (keyword: string, lines: readonly string[]) =>
  (lines.length > 0 ? `  ${keyword} {\n    ${lines.join('\n    ')}\n  }` : '')
