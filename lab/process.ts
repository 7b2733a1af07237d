/** A program somebody here started: its id, its end, its lines. Nothing is ever found or ended by name. */
import { spawn } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface RunOptions {
  /** File that gets what the program prints; with `onLine`, only what it prints on standard error. */
  readonly log?: string
  /** Called with each line of standard output. */
  readonly onLine?: (line: string) => void
  /** The same for a program whose output is no text. */
  readonly onBytes?: (bytes: Buffer) => void
  readonly env?: Readonly<Record<string, string>>
}

export interface Running {
  /** The program's own: every word before it on the command line replaces itself (exec). */
  readonly pid: number
  readonly alive: boolean
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** One line to its standard input. */
  write(line: string): void
  signal(name: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL when it is still there `grace` ms later. */
  stop(grace?: number): Promise<void>
  kill(): Promise<void>
}

export function run(command: readonly string[], o: RunOptions = {}): Running {
  const log = o.log === undefined ? 'ignore' : openSync(o.log, 'a')
  const [program = '', ...words] = command
  const child = spawn(program, words, {
    stdio: ['pipe', o.onLine || o.onBytes ? 'pipe' : log, log],
    env: { ...process.env, ...o.env },
    detached: true, // Ctrl-C reaches us alone; we end what we started
  })
  if (typeof log === 'number') closeSync(log)
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 1))
  })
  child.stdin?.on('error', () => {}) // it may be gone already
  if (o.onLine && child.stdout) createInterface(child.stdout).on('line', o.onLine)
  if (o.onBytes) child.stdout?.on('data', o.onBytes)

  const alive = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  const signal = (name: NodeJS.Signals) => { if (alive()) child.kill(name) }
  const kill = async () => {
    signal('SIGKILL')
    await ended
  }
  return {
    pid: child.pid ?? 0,
    get alive() { return alive() },
    ended,
    signal,
    kill,
    write: (line) => { child.stdin?.write(`${line}\n`) },
    async stop(grace = 3000) {
      signal('SIGTERM')
      const timer = setTimeout(kill, grace)
      await ended
      clearTimeout(timer)
    },
  }
}
