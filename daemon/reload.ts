/** A changed cluster file: which routers go on as they are, which start anew, which end. */
import type { Member } from './member.ts'

export interface Plan {
  /** Unchanged: go on, in whatever state they are; the new one only lends what tunes it. */
  readonly keep: readonly { readonly old: Member; readonly fresh: Member }[]
  readonly end: readonly Member[]
  readonly begin: readonly Member[]
}

export function planReload(old: readonly Member[], fresh: readonly Member[]): Plan {
  const pairs = fresh.map((f) => ({ fresh: f, old: old.find((o) => same(o, f)) }))
  const keep = pairs.flatMap((p) => (p.old ? [{ old: p.old, fresh: p.fresh }] : []))
  return {
    keep,
    end: old.filter((o) => !keep.some((k) => k.old === o)),
    begin: pairs.filter((p) => !p.old).map((p) => p.fresh),
  }
}

/** Alike in all that other hosts and the kernel see. Order, health, bands and how patient it is only tune a running router. */
const same = (a: Member, b: Member): boolean => identity(a) === identity(b)
function identity(m: Member): string {
  const { preempt, preemptDelay, missed, announce, order, leaseSeconds, ...config } = m.config
  return JSON.stringify(
    // How long a lease is changes with its next renewal; one that was never meant to end is not renewed.
    [m.name, m.interface, m.bond, config, leaseSeconds !== undefined, m.addresses, m.authentication, [...(m.peers ?? [])]],
    (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value))
}
