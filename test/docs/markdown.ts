/** Reads Markdown as far as the tests need it. */

export interface Fence { readonly language: string; readonly text: string; readonly line: number }

export function fencesOf(markdown: string): Fence[] {
  const found: Fence[] = []
  let open: { mark: string; language: string; line: number; lines: string[] } | undefined
  for (const [i, line] of markdown.split('\n').entries()) {
    const fence = /^\s*(`{3,})\s*(\S*)/.exec(line)
    if (!open && fence) open = { mark: fence[1] ?? '', language: fence[2] ?? '', line: i + 1, lines: [] }
    else if (open && line.trim() === open.mark) {
      found.push({ language: open.language, text: open.lines.join('\n'), line: open.line })
      open = undefined
    } else open?.lines.push(line)
  }
  if (open) throw new Error(`the fence of line ${open.line} is not closed`)
  return found
}

/** Without code, in which nothing is a link or a heading. */
export const proseOf = (markdown: string): string => {
  let inside = false
  return markdown.split('\n').filter((line) => {
    const fence = line.trim().startsWith('```')
    if (fence) inside = !inside
    return !inside && !fence
  }).join('\n')
}

export const linksOf = (markdown: string): string[] =>
  [...proseOf(markdown).replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((m) => m[1] ?? '')

export const anchorsOf = (markdown: string): string[] => [...proseOf(markdown).matchAll(/^#+\s+(.*)$/gm)]
  .map((m) => (m[1] ?? '').toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-'))

/** Words of a shell command line: quotes and comments as a shell reads them, nothing else. */
export function wordsOf(line: string): string[] {
  return [...line.replace(/\s#.*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}
