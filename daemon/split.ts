/**
 * Two hosts active at once, seen in three ways: advertisements of a worse host that goes on, another machine that answers
 * for a service address, and what other daemons publish. It only tells; the election heals by itself when packets pass.
 */
import { formatAddress, type Address } from '../contract/address.ts'
import { since, type Instant, type Ms } from '../contract/time.ts'
import type { Member } from './member.ts'
import type { Story } from './story.ts'

type Sign = 'advertisement' | 'arp' | 'published'
/** `theirs`: what it does, in words. */
interface Evidence { readonly sign: Sign; readonly other: string; readonly from: Instant; last: Instant; theirs: string }

/** A handover makes two holders for a moment; only what lasts is a split. */
const AT_LEAST = 1500 as Ms
/** A machine that answered is asked again every second; so long without an answer, it does not any more. */
const ASKED_AGAIN = 5000 as Ms
const CAUSE: Record<Sign, string> = {
  advertisement: 'we hear it, it does not obey us: our advertisements do not reach it (IGMP snooping, a firewall on IP protocol 112, one-way loss)',
  arp: 'it answers ARP for a service address: an address conflict, or a host whose daemon was killed and left the address behind',
  published: 'it says so over MQTT and we hear no advertisement of it: multicast or IP protocol 112 is blocked between us, or the network is split',
}

export interface SplitWatch {
  /** A valid advertisement of a worse host, heard while we are active. */
  heardWorse(m: Member, from: Address, priority: number, now: Instant): void
  /** Another machine answered for one of our service addresses. */
  answered(m: Member, mac: string, now: Instant): void
  /** What another host publishes about a router; `offline`: its daemon is gone, so its word counts no more. */
  published(router: string, host: string, state: string): void
  /** Once a second or so: tells what has lasted, and what is over. */
  tick(members: readonly Member[], now: Instant): void
}

export function createSplitWatch(story: Pick<Story, 'split'>): SplitWatch {
  const evidence = new Map<string, Map<string, Evidence>>()
  const claims = new Map<string, Set<string>>()
  const told = new Set<string>()

  function add(router: string, sign: Sign, other: string, theirs: string, now: Instant): void {
    const of = evidence.get(router) ?? new Map<string, Evidence>()
    evidence.set(router, of)
    const known = of.get(`${sign} ${other}`)
    if (known) Object.assign(known, { last: now, theirs })
    else if (of.size < 64) of.set(`${sign} ${other}`, { sign, other, from: now, last: now, theirs })
  }

  return {
    heardWorse: (m, from, priority, now) => add(m.name, 'advertisement', formatAddress(from), `advertises priority ${priority}`, now),
    answered: (m, mac, now) => add(m.name, 'arp', mac, 'answers ARP for a service address', now),
    published(router, host, state) {
      const hosts = claims.get(router) ?? new Set<string>()
      claims.set(router, hosts)
      if (state === 'active') hosts.add(host)
      else hosts.delete(host)
    },
    tick(members, now) {
      for (const m of members) {
        const active = m.state.at === 'active'
        if (!active) evidence.delete(m.name)
        else for (const host of claims.get(m.name) ?? []) add(m.name, 'published', host, 'publishes that it is active', now)
        const of = evidence.get(m.name)
        if (!of && !told.has(m.name)) continue // as nearly always
        const patience = Math.max(AT_LEAST, 3 * m.config.interval)
        for (const [key, e] of of ?? []) if (since(e.last, now) > Math.max(patience, e.sign === 'arp' ? ASKED_AGAIN : 0)) of?.delete(key)
        const lasting = [...(of?.values() ?? [])].find((e) => since(e.from, e.last) >= patience)
        if (lasting && !told.has(m.name)) {
          told.add(m.name)
          story.split(m, { ...lasting, ours: `active at priority ${m.params.priority} since ${m.since}` }, CAUSE[lasting.sign])
        } else if (!lasting && told.delete(m.name)) story.split(m, undefined, 'only one host is active again')
      }
    },
  }
}
