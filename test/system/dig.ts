/** Which host answers at an address, asked as a client asks. */
import { monotonic } from '../../lab/clock.ts'
import type { Lab } from '../../lab/net.ts'
import { NAME } from '../../lab/probe.ts'
import { SERVICE } from './cluster.ts'
import { found } from './needs.ts'

/** The name of the host, or undefined where nobody answers within a second. */
export function whoAnswers(lab: Lab, address: string = SERVICE.ipv4): string | undefined {
  try {
    return lab.output(lab.client, [found('dig'), `@${address}`, '+short', '+tries=1', '+time=1', NAME, 'TXT']).trim().replaceAll('"', '') || undefined
  } catch {
    return undefined
  }
}

/** Resolves to how many milliseconds after `since` that host answered; throws after `within`. */
export async function answers(lab: Lab, host: string, o: { address?: string; since?: number; within?: number } = {}): Promise<number> {
  const since = o.since ?? monotonic()
  for (;;) {
    const who = whoAnswers(lab, o.address)
    if (who === host) return monotonic() - since
    if (monotonic() > since + (o.within ?? 10_000)) throw new Error(`${who ?? 'nobody'} answers at ${o.address ?? SERVICE.ipv4}, not ${host}`)
  }
}
