/** Flight records on disk: as many as fit the cap, the oldest go first. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function storeFlight(directory: string, f: { readonly name: string; readonly pcap: Uint8Array; readonly timeline: string }, mostBytes: number): void {
  mkdirSync(directory, { recursive: true })
  makeRoom(directory, Math.max(0, mostBytes - f.pcap.length - f.timeline.length))
  if (f.pcap.length + f.timeline.length > mostBytes) return
  writeFileSync(join(directory, `${f.name}.pcap`), f.pcap, { mode: 0o640 })
  writeFileSync(join(directory, `${f.name}.txt`), f.timeline, { mode: 0o640 })
}

/** Names begin with the time, so that their order is the order of age. */
function makeRoom(directory: string, mostBytes: number): void {
  const files = readdirSync(directory).sort().map((name) => ({ path: join(directory, name), size: statSync(join(directory, name)).size }))
  let total = files.reduce((n, f) => n + f.size, 0)
  for (const f of files) {
    if (total <= mostBytes) return
    rmSync(f.path)
    total -= f.size
  }
}
