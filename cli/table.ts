/** Columns for people. */

/** Left-aligned columns, two spaces apart; the first row is the head. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => width(r[i] ?? ''))))
  const padded = (cell: string, i: number) => cell + ' '.repeat((widths[i] ?? 0) - width(cell))
  return rows.map((r) => r.map(padded).join('  ').trimEnd()).join('\n')
}

/** `2 h 5 min`: the two largest units. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const [min, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)]
  const parts: [number, string][] = [[d, 'd'], [h % 24, 'h'], [min % 60, 'min'], [s % 60, 's']]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return '0 s'
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ')
}

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const
export type Colour = keyof typeof CODES
export type Paint = (colour: Colour, text: string) => string
export const painter = (on: boolean): Paint => (colour, text) =>
  (on && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text)

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes take no room on the screen
const width = (text: string) => text.replace(/\u001b\[\d+m/g, '').length
