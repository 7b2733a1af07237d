/**
 * `understudy daemon`: the process that stays. To read the command line and the cluster file takes a schema library and a YAML
 * parser, some 30 MiB and a fifth of a second; a child does that, at the start and after SIGHUP, and ends. What stays is small
 * and never stops to parse.
 */
import { spawn, spawnSync } from 'node:child_process'
import { deserialize } from 'node:v8'
import { err, ok, type Result } from '../contract/result.ts'
import { openLog } from './log.ts'
import * as rooms from './rooms.ts'
import type { Reading } from './rooms.ts'
import { ANSWER_FD, EXIT, READER, type Answer } from './terminal.ts'

const LARGEST = 64 << 20

export interface Self {
  readonly node: string
  /** The script and its arguments. */
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly colour: boolean
  readonly isTerminal: boolean
}

/** Resolves with the exit code. */
export async function stay(self: Self): Promise<number> {
  const env = { ...self.env, [READER]: '' }
  // Help, and what is wrong, the child says itself.
  const child = spawnSync(self.node, self.command, { env, stdio: ['ignore', 'inherit', 'inherit', 'pipe'], maxBuffer: LARGEST })
  const answer = answerOf(child.output?.[ANSWER_FD])
  if (answer?.is !== 'read') return child.status ?? EXIT.cannotStart
  const { reading: first, style } = answer
  const { runDaemon } = await rooms.daemon()
  return runDaemon({ first, log: await openLog(style, self), readAgain: () => readAgain(self, { ...env, [READER]: first.host }) })
}

function readAgain(self: Self, env: NodeJS.ProcessEnv): Promise<Result<Reading, readonly string[]>> {
  return new Promise((resolve) => {
    const failed = (why: string) => resolve(err([`the cluster file could not be read: ${why}`]))
    const child = spawn(self.node, [...self.command], { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdio[ANSWER_FD]?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (e) => failed(e.message))
    child.on('close', (code, signal) => {
      const answer = answerOf(Buffer.concat(chunks))
      if (answer === undefined) failed(`the process that reads it ended with ${signal ?? code}`)
      else resolve(answer.is === 'read' ? ok(answer.reading) : err(answer.problems))
    })
  })
}

/** Undefined where nothing whole was said. */
function answerOf(bytes: Buffer | string | null | undefined): Answer | undefined {
  if (!bytes || typeof bytes === 'string' || bytes.length === 0) return undefined
  try {
    return deserialize(bytes) as Answer
  } catch {
    return undefined
  }
}
