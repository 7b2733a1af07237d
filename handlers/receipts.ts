/** What of a host's events is durably finished, in the shape of a receipt. Pure bookkeeping; `inbox.ts` keeps it on disk. */
import type { Receipt } from '../contract/events.ts'

/** One run of a daemon: everything up to `floor` is finished, and beyond it what `finished` holds. */
export interface Boot {
  readonly bootId: string
  floor: number
  readonly finished: Set<number>
  readonly firstSeen: number
  lastSeen: number
}

/** Limits of the receipt's schema, and of all gaps together: a message is to stay well under 64 KiB. */
const MAX_BOOTS = 20
const MAX_MISSING = 1000
const MAX_MISSING_IN_ALL = 5000
/** A daemon repeats what has no receipt at least every minute; what has not come within an hour, it has no more. */
const GONE_AFTER = 3_600_000

export const newBoot = (bootId: string, now: number): Boot => ({
  bootId,
  floor: 0,
  finished: new Set(),
  firstSeen: now,
  lastSeen: now,
})

export const isFinished = (boot: Boot, sequence: number): boolean => sequence <= boot.floor || boot.finished.has(sequence)

export function finish(boot: Boot, sequence: number): void {
  if (!isFinished(boot, sequence)) boot.finished.add(sequence)
  while (boot.finished.delete(boot.floor + 1)) boot.floor += 1
}

/** Up to the highest finished event whose gaps below still fit the receipt. */
export function progress(boot: Boot): { upTo: number; missing: number[] } {
  const missing: number[] = []
  let upTo = boot.floor
  for (const sequence of [...boot.finished].sort((a, b) => a - b)) {
    if (missing.length + (sequence - upTo - 1) > MAX_MISSING) break
    for (let gap = upTo + 1; gap < sequence; gap++) missing.push(gap)
    upTo = sequence
  }
  return { upTo, missing }
}

/**
 * An inbox that is new to a daemon of long standing misses thousands of events that nobody has any more, and a receipt
 * cannot name them all. The oldest of them count as finished once the daemon has had time to repeat what it still has.
 */
export function forgetGone(boot: Boot): void {
  if (boot.lastSeen - boot.firstSeen < GONE_AFTER) return
  const highest = [...boot.finished].reduce((a, b) => Math.max(a, b), boot.floor)
  const gaps = () => highest - boot.floor - boot.finished.size
  while (gaps() > MAX_MISSING) {
    boot.floor += gaps() - MAX_MISSING
    for (const sequence of boot.finished) if (sequence <= boot.floor) boot.finished.delete(sequence)
    while (boot.finished.delete(boot.floor + 1)) boot.floor += 1
  }
}

export function receipt(handler: string, host: string, boots: Iterable<Boot>, now: number): Receipt {
  const recent = [...boots].sort((a, b) => b.lastSeen - a.lastSeen).slice(0, MAX_BOOTS)
  const told: Receipt['boots'] = []
  let room = MAX_MISSING_IN_ALL
  for (const boot of recent) {
    const { upTo, missing } = progress(boot)
    room -= missing.length
    if (room >= 0) told.push({ bootId: boot.bootId, upTo, missing })
  }
  return { handler, host, boots: told, at: new Date(now).toISOString() }
}
