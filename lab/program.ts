/** Programs that are not npm packages: found on PATH, or where `setup/run` unpacks them. */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')

/** The command that all that is measured starts: what `UNDERSTUDY_PROGRAM` names, else the source. */
export const UNDERSTUDY = process.env.UNDERSTUDY_PROGRAM ?? path.join(root, 'cli/main.ts')

export function program(name: string): string | undefined {
  const elsewhere = ['/usr/local/sbin', '/usr/sbin', '/sbin', path.join(root, '.runtime/bin')]
  const folders = [...(process.env.PATH ?? '').split(':'), ...elsewhere]
  return folders.filter(Boolean).map((folder) => path.join(folder, name)).find(executable)
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
