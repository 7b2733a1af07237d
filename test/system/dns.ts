/** Name servers on all hosts, and which of them answers at an address, asked as a client asks. */
import { until } from '../../lab/clock.ts'
import { startNameServer, type NameServer } from '../../lab/name-server.ts'
import type { Lab } from '../../lab/net.ts'
import { NAME } from '../../lab/probe.ts'
import type { Running } from '../../lab/process.ts'
import { SERVICE } from './cluster.ts'
import { found } from './needs.ts'

/** By name of the host. */
export async function startNameServers(lab: Lab, kind: NameServer): Promise<Map<string, Running>> {
  const servers = lab.hosts.map(async (host) =>
    [host.name, await startNameServer(lab, host, Object.values(SERVICE), kind)] as const)
  return new Map(await Promise.all(servers))
}

/** The name of the host, or undefined where nobody answers within a second. */
export function whoAnswers(lab: Lab, address: string = SERVICE.ipv4): string | undefined {
  try {
    const answer = lab.output(lab.client, [found('dig'), `@${address}`, '+short', '+tries=1', '+time=1', NAME, 'TXT'])
    return answer.trim().replaceAll('"', '') || undefined
  } catch {
    return undefined
  }
}

/** Resolves when that host answers; throws when it does not within ten seconds. */
export async function answers(lab: Lab, host: string): Promise<void> {
  const came = await until(() => whoAnswers(lab) === host, 10_000)
  if (!came) throw new Error(`${whoAnswers(lab) ?? 'nobody'} answers, not ${host}`)
}
