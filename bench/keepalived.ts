/**
 * keepalived, configured as an operator of DNS servers would: every host a BACKUP, and where servers are checked, four
 * scripts for each instance, one for each place in a file that lists the hosts. At most one succeeds, and adds its weight
 * (50 to 200) to priority 50.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { monotonic } from '../lab/clock.ts'
import { NAME } from '../lab/probe.ts'
import { program } from '../lab/program.ts'
import type { Lab, Machine } from '../lab/net.ts'
import { SERVICE, type Contestant, type Setting } from './case.ts'

const PLACES = [1, 2, 3, 4]

export const keepalived: Contestant = {
  name: 'keepalived',
  async start(lab, setting, order) {
    const binary = program('keepalived')
    if (!binary) throw new Error('keepalived is not installed')
    const directory = path.join(lab.directory, 'keepalived')
    mkdirSync(directory, { recursive: true })
    writeOrder(directory, lab, order)
    const begin = (host: Machine) => {
      const own = (ending: string) => path.join(directory, `${host.name}.${ending}`)
      const check = own('check')
      writeFileSync(check, checkScript(host.name, own('order')))
      chmodSync(check, 0o755)
      writeFileSync(own('conf'), configuration(host.name, setting, order, check))
      // In the foreground, VRRP alone, everything it does in the log; files of its own, since several share one machine
      // here.
      const words = ['-n', '-l', '-D', '-P', '-f', own('conf'), '-p', own('pid'), '-r', own('vrrp-pid')]
      return lab.start(host, [binary, ...words], { log: own('log') })
    }
    const daemons = new Map(lab.hosts.map((host) => [host.name, begin(host)]))
    const vrrpPid = (host: Machine) => path.join(directory, `${host.name}.vrrp-pid`)
    const daemon = (host: Machine) => {
      const running = daemons.get(host.name)
      if (!running) throw new Error(`no keepalived on ${host.name}`)
      return running
    }
    return {
      daemon,
      restart: (host) => { daemons.set(host.name, begin(host)) },
      signal(host, name) {
        // The child speaks VRRP, and would say goodbye if it saw its parent end: so it comes first.
        process.kill(Number(readFileSync(vrrpPid(host), 'utf8')), name)
        daemon(host).signal(name)
      },
      async reorder(next) {
        const at = monotonic()
        writeOrder(directory, lab, next)
        return at
      },
      async stop() {
        await Promise.all([...daemons.values()].map((d) => d.stop()))
        // Where the parent had to be killed, the child goes on and would disturb the next round.
        for (const file of lab.hosts.map(vrrpPid).filter((name) => existsSync(name))) {
          const pid = Number(readFileSync(file, 'utf8'))
          try {
            if (readFileSync(`/proc/${pid}/comm`, 'utf8') === 'keepalived\n') process.kill(pid, 'SIGKILL')
          } catch {} // it has ended by itself
          rmSync(file)
        }
      },
    }
  },
}

/** The list is a file of each host, as it is on real ones. */
function writeOrder(directory: string, lab: Lab, order: readonly string[]): void {
  for (const host of lab.hosts) writeFileSync(path.join(directory, `${host.name}.order`), `${order.join('\n')}\n`)
}

/** Line 1 of 4 is place 4, the highest priority. The answer to `dig` must be this host's own. */
const checkScript = (host: string, list: string) => `#!/bin/sh
set -e
line=$(grep -Fxn ${host} ${list})
place=$((5 - \${line%%:*}))
[ $1 = $place ] && [ "$(${program('dig') ?? 'dig'} @localhost +time=1 +tries=1 +short ${NAME} in txt)" = '"${host}"' ]
`

function configuration(host: string, setting: Setting, order: readonly string[], check: string): string {
  const fixed = 50 * (5 - order.indexOf(host)) // 250, 200, 150, 100
  const scripts = setting.checked ? PLACES.map((place) => `vrrp_script place_${place} {
  script "${check} ${place}"
  interval 1
  timeout 2
  weight ${place * 50}
}
`).join('') : ''
  const instance = (name: string, addresses: string) => `vrrp_instance ${name} {
  virtual_router_id ${SERVICE.vrid}
  interface eth0
  state BACKUP
  priority ${setting.checked ? 50 : fixed}
  advert_int ${setting.interval}
  ${setting.pass === undefined ? '' : `authentication {
    auth_type PASS
    auth_pass ${setting.pass}
  }`}
${addresses}
  ${setting.checked ? `track_script {
${PLACES.map((place) => `    place_${place}\n`).join('')}  }` : ''}
}
`
  const block = (keyword: string, address: string) => `  ${keyword} {\n    ${address}\n  }`
  const ipv4 = `${SERVICE.ipv4}/24`, ipv6 = `${SERVICE.ipv6}/64`
  // An instance speaks for one family. Version 2 knows IPv4 alone, so there the other address goes along without being
  // advertised.
  const instances = setting.version === 2
    ? instance(SERVICE.router, `${block('virtual_ipaddress', ipv4)}\n${block('virtual_ipaddress_excluded', ipv6)}`)
    : [[4, ipv4], [6, ipv6]].map(([family, address]) =>
      instance(`${SERVICE.router}-${family}`, block('virtual_ipaddress', String(address)))).join('')
  return `global_defs {
  router_id ${host}
  script_user root
  vrrp_version ${setting.version}
}
${scripts}${instances}`
}
