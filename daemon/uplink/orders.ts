/** The last order of each group on disk, so that a daemon that starts without a broker knows it. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Order } from '../../contract/order.ts'
import { parseOrder } from '../../contract/order-document.ts'

/** Written beside, synced, then renamed: after a crash there is the old order or the new one, never half of one. */
export function storeOrder(directory: string, group: string, order: Order): void {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `order-${group}.json`), beside = `${file}.new`
  const fd = openSync(beside, 'w', 0o640)
  writeSync(fd, `${JSON.stringify(order)}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(beside, file)
  const folder = openSync(directory, 'r')
  fsyncSync(folder)
  closeSync(folder)
}

/** undefined where none is stored, or where what is stored does not fit the group any more; `complain` says why. */
export function loadOrder(directory: string, group: string, members: readonly string[], complain: (why: string) => void): Order | undefined {
  const file = join(directory, `order-${group}.json`)
  if (!existsSync(file)) return undefined
  const parsed = parseOrder(readFileSync(file, 'utf8'), members)
  if (parsed.ok) return parsed.value
  complain(`${file}: ${parsed.error.message}; starting with the order of the cluster file`)
  return undefined
}
