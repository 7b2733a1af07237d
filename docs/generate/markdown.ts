/** Pieces of Markdown that all pages need. */

export const GENERATED = '<!-- Made by docs/generate.ts. Do not edit: run "npm run docs". -->'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const code = (text: string) => `\`${text}\``
export const fenced = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\``
/** The anchor a Markdown reader makes of a heading. */
export const anchor = (heading: string) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
