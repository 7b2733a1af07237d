/**
 * The name server of a host: BIND's `named` where there is one, else the one in `dns-server.ts`. TXT of `NAME` is the
 * host's name.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { until } from './clock.ts'
import { NAME } from './probe.ts'
import { program } from './program.ts'
import type { Lab, Machine } from './net.ts'
import type { Running } from './process.ts'

export type NameServer = 'named' | 'built-in'
export const bestNameServer = (): NameServer => (program('named') ? 'named' : 'built-in')

/** Resolves when it answers at the host's own addresses, and is ready to at the service addresses. */
export async function startNameServer(
  lab: Lab, host: Machine, services: readonly string[], kind = bestNameServer(),
): Promise<Running> {
  const addresses = ['127.0.0.1', '::1', host.ipv4, host.ipv6, ...services]
  const log = path.join(lab.directory, `dns-${host.name}.log`)
  writeFileSync(log, '')
  const running = kind === 'named'
    ? lab.start(host, [program('named') ?? 'named', '-g', '-n', '1', '-c', configure(lab, host, addresses)], { log })
    : lab.start(host, [process.execPath, path.join(import.meta.dirname, 'dns-server.ts'), host.name, ...addresses], { log })
  const sign = kind === 'named' ? / running$/m : /^ready$/m
  const ready = await until(() => !running.alive || sign.test(readFileSync(log, 'utf8')), 20_000)
  if (!ready || !running.alive) throw new Error(`the name server of ${host.name} did not start; see ${log}`)
  return running
}

/**
 * `named` listens only where an address is there. It hears from the kernel when one comes (automatic-interface-scan), so the
 * periodic scan, which is what `interface-interval` sets, is not needed.
 */
function configure(lab: Lab, host: Machine, addresses: readonly string[]): string {
  const directory = path.join(lab.directory, `named-${host.name}`)
  if (!existsSync(directory)) mkdirSync(directory)
  const listed = (family: 4 | 6) => addresses.filter((a) => a.includes(':') === (family === 6)).map((a) => `${a};`).join(' ')
  writeFileSync(path.join(directory, 'zone'), `$TTL 0
@ IN SOA ns.${NAME}. hostmaster.${NAME}. 1 3600 600 86400 0
@ IN NS ns.${NAME}.
@ IN TXT "${host.name}"
ns IN A ${host.ipv4}
`)
  const file = path.join(directory, 'named.conf')
  writeFileSync(file, `options {
  directory "${directory}"; pid-file none; lock-file none;
  listen-on { ${listed(4)} }; listen-on-v6 { ${listed(6)} };
  interface-interval 0; automatic-interface-scan yes;
  recursion no; minimal-responses yes; dnssec-validation no; notify no; allow-transfer { none; };
};
controls { };
zone "${NAME}" { type primary; file "zone"; };
`)
  return file
}
