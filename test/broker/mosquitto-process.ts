/** A real Mosquitto, for tests that hold on both brokers. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { until } from '../link/until.ts'

/** Where a program is: on the search path or among those `npm test` fetches. */
export function program(name: string): string | undefined {
  const fetched = join(import.meta.dirname, '../../.runtime/bin')
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', fetched]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** True when a test that needs the program must be skipped; where nothing may be skipped, it then fails instead. */
export function lacks(...names: string[]): boolean {
  const missing = names.filter((name) => program(name) === undefined)
  if (missing.length === 0) return false
  if (process.env.CI) return false
  console.warn(`skipped: there is no ${missing.join(', ')} here; npm test fetches it`)
  return true
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

export interface Mosquitto { stop(): Promise<void> }

/** Starts it on that port with this configuration, and waits until it listens. */
export async function startMosquitto(directory: string, port: number, configuration: string): Promise<Mosquitto> {
  const file = join(directory, 'mosquitto.conf')
  // Started as root it would become another user, who may not write here.
  writeFileSync(file, `${configuration}\n${process.getuid?.() === 0 ? 'user root\n' : ''}`)
  const child: ChildProcess = spawn(program('mosquitto') ?? 'mosquitto', ['-c', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { said += String(chunk) })
  const gone = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
  child.once('error', (e) => { said += e.message })
  let open = false
  let trying = false
  await until('mosquitto listens', () => {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`mosquitto did not start: ${said}`)
    if (!open && !trying) {
      trying = true
      const socket = connect(port, '127.0.0.1', () => { open = true; socket.destroy() })
      socket.on('error', () => {})
      socket.on('close', () => { trying = false })
    }
    return open
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Accounts in Mosquitto's own format. */
export function passwordFile(file: string, passwords: Readonly<Record<string, string>>): void {
  writeFileSync(file, Object.entries(passwords).map(([name, password]) => `${name}:${password}\n`).join(''), { mode: 0o600 })
  execFileSync(program('mosquitto_passwd') ?? 'mosquitto_passwd', ['-U', file], { stdio: 'ignore' })
}
