/** What the command line names, and words to whoever watches: standard output is for the tables. */

/** Those named, comma between them, or all; ends the program where a name is unknown. */
export function chosen<T extends { readonly name: string }>(all: readonly T[], names: string | undefined): readonly T[] {
  const wanted = names?.split(',') ?? all.map((a) => a.name)
  const unknown = wanted.filter((name) => !all.some((a) => a.name === name))
  if (unknown.length > 0) {
    note(`no such thing as ${unknown.join(', ')}: known are ${all.map((a) => a.name).join(', ')}`)
    process.exit(2)
  }
  return all.filter((a) => wanted.includes(a.name))
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
