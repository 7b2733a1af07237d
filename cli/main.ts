#!/usr/bin/env node
/** The command `understudy`. The only file of the room that reads process.*. */
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { serialize } from 'node:v8'
import { ANSWER_FD, READER, type Terminal } from './terminal.ts'

/**
 * What the daemon tells V8: little memory before speed. A young generation of 1 MiB is swept in a fraction of a millisecond;
 * by the election's own thread, which must not wait for one of lower priority; nothing that it does is hot enough to be worth
 * the memory of the optimizing compilers. But what a takeover needs stays compiled, however long nobody needed it.
 */
const SMALL = [
  '--no-turbofan', '--no-maglev', '--optimize-for-size', '--max-semi-space-size=1', '--no-short-builtin-calls',
  '--single-threaded-gc', '--expose-gc', '--no-flush-bytecode',
]

const isTerminal = process.stdout.isTTY === true
const colour = isTerminal && (process.env.NO_COLOR ?? '') === ''

process.exitCode = process.argv[2] === 'daemon' && process.env[READER] === undefined ? await daemon() : await command()

/** The same process from here to its end, so that who started it can signal it. */
async function daemon(): Promise<number> {
  const { execPath: node, execArgv: flags, env } = process, command = process.argv.slice(1)
  const isSmall = SMALL.every((flag) => flags.includes(flag))
  if (!isSmall) process.execve?.(node, [node, ...flags, ...SMALL, ...command], env) // does not come back
  // Node would print the line of the error first, and what is packed has very long ones.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? error}\n`)
    process.exit(1)
  })
  const { stay } = await import('./resident.ts')
  return stay({ node, command, env, colour, isTerminal })
}

async function command(): Promise<number> {
  const stopping = new AbortController()
  /** The second signal ends any command at once. */
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130)
    stopping.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  /** `understudy status | head` ends early: no reason for a stack trace. */
  process.stdout.on('error', () => process.exit(0))
  const { run } = await import('./program.ts')
  const code = await run(process.argv.slice(2), terminal(stopping.signal))
  // A log that is still being written keeps the process; a timer somebody forgot must not.
  process.stdout.write('', () => process.exit())
  return code
}

function terminal(stop: AbortSignal): Terminal {
  return {
    out: (text) => { process.stdout.write(`${text}\n`) },
    err: (text) => { process.stderr.write(`${text}\n`) },
    isTerminal,
    colour,
    env: process.env,
    hostname,
    now: Date.now,
    askSecret,
    openLink: async (options) => (await import('../link/mqtt.ts')).openLink(options),
    stop,
    quiet: 400,
    handOver: (answer) => writeFileSync(ANSWER_FD, serialize(answer)),
  }
}

async function askSecret(question: string): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([import('node:readline/promises'), import('node:stream')])
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const asker = createInterface({ input: process.stdin, output: silent, terminal: process.stdin.isTTY === true })
  if (process.stdin.isTTY) process.stderr.write(question)
  try {
    if (process.stdin.isTTY) return await asker.question('')
    for await (const line of asker) return line
    return ''
  } finally {
    asker.close()
    if (process.stdin.isTTY) process.stderr.write('\n')
  }
}
