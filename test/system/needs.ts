/** What a test needs of this machine. Without it the test is skipped and its title says why; with CI set it fails. */
import process from 'node:process'
import { mayMakeNetworks } from '../../lab/privilege.ts'
import { program } from '../../lab/program.ts'

export interface Needs {
  readonly absent: boolean
  /** The title, and what is missing. */
  title(text: string): string
}

export function needs(...programs: readonly string[]): Needs {
  const missing = programs.filter((name) => program(name) === undefined)
  const notes = [
    ...(mayMakeNetworks() ? [] : ['needs network namespaces: run it as root']),
    ...(missing.length > 0 ? [`needs ${missing.join(', ')}: "npm test" fetches it`] : []),
  ]
  return {
    absent: notes.length > 0 && !process.env.CI,
    title: (text) => (notes.length > 0 ? `${text} (skipped: ${notes.join('; ')})` : text),
  }
}

/** The path of a program that `needs` has asked for. */
export function found(name: string): string {
  const file = program(name)
  if (file === undefined) throw new Error(`${name} is not installed: "npm test" fetches it`)
  return file
}
