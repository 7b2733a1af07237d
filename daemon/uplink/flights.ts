/** Flight records on disk: as many as fit the cap, the oldest go first. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function storeFlight(directory: string, f: { readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }, mostBytes: number): void {
  const size = f.pcap.length + f.timeline.length
  if (size > mostBytes) return
  mkdirSync(directory, { recursive: true })
  makeRoom(directory, mostBytes - size)
  writeFileSync(join(directory, `${f.name}.pcap`), f.pcap, { mode: 0o640 })
  writeFileSync(join(directory, `${f.name}.txt`), f.timeline, { mode: 0o640 })
}

/** Names begin with the time, so that their order is the order of age. Both files of a record go together. */
function makeRoom(directory: string, mostBytes: number): void {
  const records = Map.groupBy(readdirSync(directory).sort(), (name) => name.replace(/\.\w+$/, ''))
  const sizeOf = (name: string) => statSync(join(directory, name)).size
  let total = readdirSync(directory).reduce((n, name) => n + sizeOf(name), 0)
  for (const names of records.values()) {
    if (total <= mostBytes) return
    for (const name of names) {
      total -= sizeOf(name)
      rmSync(join(directory, name))
    }
  }
}
