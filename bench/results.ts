/** Rounds kept for later: written as JSON below .runtime/bench/, and read again. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { program, root } from '../lab/program.ts'
import type { Results } from './table.ts'

export interface Saved {
  readonly machine: { readonly cpu?: string; readonly cpus: number; readonly kernel: string; readonly node: string }
  /** Version of each rival that has one. */
  readonly rivals?: Readonly<Record<string, string>>
  readonly cases: Readonly<Record<string, readonly Results[]>>
}

export const folder = path.join(root, '.runtime/bench')

/** Returns the file, relative to where the bench was started. */
export function save(kind: '' | 'jitter-' | 'scale-', content: object): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${kind}${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`)
  writeFileSync(file, `${JSON.stringify({ machine: machine(), rivals: rivals(), ...content }, undefined, 1)}\n`)
  return path.relative(process.cwd(), file)
}

/** Several files become one: of a case that is in more than one, the last counts. Without names the newest file. */
export function load(files: readonly string[]): Saved {
  const newest = () => readdirSync(folder).filter((name) => /^\d.*\.json$/.test(name)).sort().slice(-1)
  const found = files.length > 0 ? files : newest().map((name) => path.join(folder, name))
  const all = found.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Saved)
  const [last] = all.slice(-1)
  if (!last) throw new Error(`no results in ${folder}: play some first`)
  return { ...last, cases: Object.assign({}, ...all.map((one) => one.cases)) as Saved['cases'] }
}

export const machine = () =>
  ({ cpu: os.cpus()[0]?.model ?? 'unknown', cpus: os.cpus().length, kernel: os.release(), node: process.version })

function rivals(): Record<string, string> {
  const keepalived = program('keepalived')
  if (!keepalived) return {}
  const said = execFileSync('sh', ['-c', '"$0" --version 2>&1', keepalived], { encoding: 'utf8' })
  return { keepalived: /Keepalived v(\S+)/.exec(said)?.[1] ?? '' }
}
