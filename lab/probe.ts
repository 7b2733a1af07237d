/** The client as others use it: starts it on a machine of the lab and turns its lines into promises. */
import path from 'node:path'
import type { Report } from './client.ts'
import type { Lab, Machine } from './net.ts'
import { punctually } from './privilege.ts'

export const NAME = 'understudy.example'

export interface Probe {
  /** Counts from now on; resolves to the time. */
  mark(): Promise<number>
  /** What happened since the mark. Takes a quarter of a second: until then a question may still be answered. */
  report(): Promise<Report>
  stop(): Promise<void>
}

export function startProbe(lab: Lab, machine: Machine, addresses: readonly string[], o: { rate?: number } = {}): Probe {
  const waiting: ((line: string) => void)[] = []
  const program = path.join(import.meta.dirname, 'client.ts')
  const words = ['--rate', String(o.rate ?? 1000), NAME, ...addresses]
  const running = lab.start(machine, [...punctually(), process.execPath, program, ...words], {
    log: path.join(lab.directory, `client-${machine.name}.log`),
    onLine: (line) => waiting.shift()?.(line),
  })
  const ask = async (word: string): Promise<unknown> => {
    const line = new Promise<string>((resolve) => waiting.push(resolve))
    running.write(word)
    const first = await Promise.race([line, running.ended])
    if (typeof first === 'string' && first.startsWith('{')) return JSON.parse(first)
    throw new Error(`the client ended (${first}); see ${path.join(lab.directory, `client-${machine.name}.log`)}`)
  }
  return {
    mark: async () => (await ask('mark') as { marked: number }).marked,
    report: async () => await ask('report') as Report,
    stop: () => running.stop(),
  }
}
