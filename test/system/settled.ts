/** When the handlers have nothing left to do: every event that was heard is confirmed by a receipt. */
import { until } from '../../lab/clock.ts'
import { Receipt } from '../../contract/events.ts'
import type { Listener } from './broker.ts'

export async function allHandled(listener: Listener, handler = 'email', within = 20_000): Promise<void> {
  const open = () => {
    const receipts = listener.messages.filter((m) => m.topic.includes(`/receipt/${handler}/`))
      .map((m) => Receipt.parse(JSON.parse(m.payload)))
    return lastEvents(listener).filter(({ host, bootId, sequence }) => !receipts.some((r) => r.host === host
      && r.boots.some((b) => b.bootId === bootId && b.upTo >= sequence && b.missing.length === 0)))
  }
  if (!await until(() => open().length === 0, within)) throw new Error(`not handled: ${JSON.stringify(open())}`)
}

/** The last event of each run of a daemon. */
function lastEvents(listener: Listener) {
  const last = new Map<string, { host: string; bootId: string; sequence: number }>()
  for (const m of listener.messages.filter((e) => e.topic.endsWith('/event'))) {
    const { host, bootid, sequence } = JSON.parse(m.payload) as { host: string; bootid: string; sequence: number }
    if (sequence > (last.get(bootid)?.sequence ?? 0)) last.set(bootid, { host, bootId: bootid, sequence })
  }
  return [...last.values()]
}
