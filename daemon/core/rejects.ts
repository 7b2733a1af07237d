/** Counts what was refused, and says when it is worth a line: once per cause and sender, until a good packet arrives. */

/** Spoofed senders are free; what we remember of them must not be. */
const MOST_SENDERS = 256

export interface Rejects {
  /** Times this cause was seen from this sender since the last good packet; 1 = worth telling. 0: not counted singly any more. */
  count(cause: string, sender: string): number
  /** A good packet from this sender. */
  good(sender: string): void
  /** Since the start, by cause. */
  readonly byCause: Readonly<Record<string, number>>
  readonly total: number
}

export function countRejects(): Rejects {
  const seen = new Map<string, Map<string, number>>()
  const byCause: Record<string, number> = {}
  let total = 0
  return {
    byCause,
    count(cause, sender) {
      total++
      byCause[cause] = (byCause[cause] ?? 0) + 1
      let causes = seen.get(sender)
      if (!causes) {
        if (seen.size >= MOST_SENDERS) return 0
        causes = new Map()
        seen.set(sender, causes)
      }
      const n = (causes.get(cause) ?? 0) + 1
      causes.set(cause, n)
      return n
    },
    good: (sender) => void seen.delete(sender),
    get total() {
      return total
    },
  }
}
