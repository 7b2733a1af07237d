/** A changed cluster file: which routers go on as they are, which start anew, which end. */
import type { Member } from './member.ts'

export interface Plan {
  /** Unchanged: go on, in whatever state they are; the new one only lends its group. */
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

/** Alike in all that other hosts, the kernel or the election see. Order, health and bands only tune a running router. */
const same = (a: Member, b: Member): boolean => identity(a) === identity(b)
const identity = (m: Member): string => JSON.stringify(
  [m.name, m.interface, m.bond, m.config, m.addresses, m.authentication, [...(m.peers ?? [])]],
  (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value))
