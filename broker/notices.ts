export type Log = (level: 'info' | 'warn', text: string) => void

/** Milliseconds during which one cause is told once. */
const QUIET = 600_000
/** Causes remembered; beyond it new ones wait until old ones are forgotten. */
const CAUSES = 1000

/** A warning once per cause and ten minutes: what a client can provoke must not fill a disk. */
export function onceEach(log: Log): (cause: string, text: string) => void {
  const told = new Map<string, number>()
  return (anyCause, text) => {
    const cause = anyCause.slice(0, 200)
    const now = performance.now()
    for (const [old, at] of told) {
      if (now - at < QUIET) break
      told.delete(old)
    }
    if (told.has(cause) || told.size >= CAUSES) return
    told.set(cause, now)
    log('warn', printable(text))
  }
}

/** Names and topics come from clients: no control characters reach the log. */
const printable = (text: string) => text.replace(/\p{C}/gu, '?').slice(0, 500)
