/** Every input of every router with what it led to, as JSON lines: a run that a test can replay. */
import type { Instant } from '../contract/time.ts'
import { step, type Effect, type Input, type Params, type State } from './core/election.ts'
import type { Witness } from './witness.ts'

interface Line { readonly at: Instant; readonly router: string; readonly params?: Params; readonly input: Input; readonly effects: readonly Effect[] }

/** `write` gets one line at a time, with its end. */
export function createRecord(write: (line: string) => void): Witness {
  const known = new Map<string, Params>()
  return {
    stepped(m, input, effects, now) {
      const line: Line = { at: now, router: m.name, ...(known.get(m.name) === m.params ? {} : { params: m.params }), input, effects }
      known.set(m.name, m.params)
      write(`${JSON.stringify(line, encodeBigint)}\n`)
    },
  }
}

/** Plays a record again; returns each line whose effects differ now, with what they are now. */
export function replay(lines: Iterable<string>): { readonly steps: number; readonly differences: readonly { readonly line: number; readonly was: readonly Effect[]; readonly is: readonly Effect[] }[] } {
  const params = new Map<string, Params>(), states = new Map<string, State>()
  const differences: { line: number; was: readonly Effect[]; is: readonly Effect[] }[] = []
  let steps = 0
  for (const text of lines) {
    if (text.trim() === '') continue
    const line = JSON.parse(text, decodeBigint) as Line
    if (line.params) params.set(line.router, line.params)
    const p = params.get(line.router)
    if (!p) throw new Error(`line ${steps + 1}: a router without parameters`)
    const { state, effects } = step(p, states.get(line.router) ?? { at: 'initialize' }, line.input, line.at)
    states.set(line.router, state)
    steps++
    if (JSON.stringify(effects, encodeBigint) !== JSON.stringify(line.effects, encodeBigint)) differences.push({ line: steps, was: line.effects, is: effects })
  }
  return { steps, differences }
}

const encodeBigint = (_: string, v: unknown) => (typeof v === 'bigint' ? { bigint: String(v) } : v)
function decodeBigint(_: string, v: unknown): unknown {
  return typeof v === 'object' && v !== null && 'bigint' in v && typeof v.bigint === 'string' ? BigInt(v.bigint) : v
}
