#!/usr/bin/env node
/** The command `understudy`. The only file of the room that reads process.*. */
import { hostname } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { run } from './program.ts'
import type { Terminal } from './terminal.ts'

const stopping = new AbortController()
/** The daemon hands over before it ends and takes the signals itself; the second one ends any other command at once. */
const stop = () => {
  if (stopping.signal.aborted && process.argv[2] !== 'daemon') process.exit(130)
  stopping.abort()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
/** `understudy status | head` ends early: no reason for a stack trace. */
process.stdout.on('error', () => process.exit(0))

const isTerminal = process.stdout.isTTY === true
const terminal: Terminal = {
  out: (text) => { process.stdout.write(`${text}\n`) },
  err: (text) => { process.stderr.write(`${text}\n`) },
  isTerminal,
  colour: isTerminal && (process.env.NO_COLOR ?? '') === '',
  env: process.env,
  hostname,
  now: Date.now,
  askSecret,
  openLink: async (options) => (await import('../link/mqtt.ts')).openLink(options),
  stop: stopping.signal,
  quiet: 400,
}

async function askSecret(question: string): Promise<string> {
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

process.exitCode = await run(process.argv.slice(2), terminal)
// A log that is still being written keeps the process; a timer somebody forgot must not.
if (process.argv[2] !== 'daemon') process.stdout.write('', () => process.exit())
