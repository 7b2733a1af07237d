/** docs/rfc-compliance.md is true: every row has its tests, or says why not, and every test it names exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const PAGE = 'docs/rfc-compliance.md'
const page = readFileSync(join(root, PAGE), 'utf8')

interface Row {
  readonly line: number; readonly section: string; readonly how: string; readonly kept: string; readonly refused: string
}

/** The rows of all tables: five cells, header and rule left out. */
function rowsOf(markdown: string): Row[] {
  return markdown.split('\n').flatMap((text, i) => {
    const cells = text.split('|').slice(1, -1).map((c) => c.trim())
    const [section = '', , how = '', kept = '', refused = ''] = cells
    if (!text.startsWith('|') || section === 'Section' || /^-+$/.test(section)) return []
    if (cells.length !== 5) return [{ line: i + 1, section, how: `${cells.length} cells`, kept: '', refused: '' }]
    return [{ line: i + 1, section, how, kept, refused }]
  })
}

/** The tests a cell names, as [file, title]. */
const namedIn = (cell: string): [string, string][] =>
  [...cell.matchAll(/`([^`]+?) › ([^`]+)`/g)].map((m) => [m[1] ?? '', m[2] ?? ''])

/** What is wrong with the rows; nothing when every named test is there. */
function faults(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const where = `line ${row.line} (${row.section})`
    const dead = [...namedIn(row.kept), ...namedIn(row.refused)].filter(([file, title]) =>
      !hasTest(file, title)).map(([file, title]) => `${where}: no test "${title}" in ${file}`)
    const excused = /\b(declined|not ours)\b/.test(row.how)
    const bare = [
      ...(namedIn(row.kept).length === 0 && !excused ? [`${where}: names no test that shows it kept`] : []),
      ...(namedIn(row.refused).length === 0 && !excused && !row.refused.startsWith('— ')
        ? [`${where}: names no test that shows the opposite refused`] : []),
    ]
    return [...dead, ...bare]
  })
}

/** A call whose first argument is that very title: test, it, describe, or the second call of their `each`. */
function hasTest(file: string, title: string): boolean {
  if (!file.startsWith('test/') || !existsSync(join(root, file))) return false
  const source = readFileSync(join(root, file), 'utf8')
  return ['\'', '"', '`'].some((quote) => source.includes(`(${quote}${title}${quote},`))
}

describe(PAGE, () => {
  test('every test that it names exists, and every row has its tests or says why not', () => {
    expect(faults(rowsOf(page))).toEqual([])
  })
  test('has its rows', () => expect(rowsOf(page).length).toBeGreaterThan(60))
  test('every section of the protocol has a row', () => {
    const sections = rowsOf(page).map((r) => r.section).join(' ')
    const wanted = [
      '5.1.1.3', '5.2.1', '5.2.2', '5.2.3', '5.2.4', '5.2.5', '5.2.6', '5.2.7', '5.2.8', '5.2.9', '6.1', '6.4.1', '6.4.2',
      '6.4.3', '7.1', '7.2', '7.3', '7.4', '8.1.1', '8.1.2', '8.1.3', '8.2.1', '8.2.2', '8.2.3', '8.2.4', '8.3.1',
      '8.3.2', '8.4',
    ]
    expect(wanted.filter((s) => !sections.includes(s))).toEqual([])
  })
})

describe('the check can fail', () => {
  const row = (how: string, kept: string, refused: string) =>
    faults(rowsOf(`| Section | a | b | c | d |\n|---|---|---|---|---|\n| 9 | must | ${how} | ${kept} | ${refused} |`))
  const good = '`test/core/health.test.ts › falls after so many bad results in a row`'

  test('a sound row', () => expect(row('', good, good)).toEqual([]))
  test('a title that no test has', () => {
    expect(row('', good, '`test/core/health.test.ts › falls`'))
      .toEqual(['line 3 (9): no test "falls" in test/core/health.test.ts'])
  })
  test('a file that is not there', () => {
    expect(row('', '`test/core/no.test.ts › a`', good)).toEqual(['line 3 (9): no test "a" in test/core/no.test.ts'])
  })
  test('a cell without a test', () => {
    expect(row('', '', 'yes'))
      .toEqual(['line 3 (9): names no test that shows it kept', 'line 3 (9): names no test that shows the opposite refused'])
  })
  test('excuses', () => {
    expect(row('declined: because', '', '')).toEqual([])
    expect(row('', good, '— nothing else can be sent')).toEqual([])
    expect(row('declined: because', '', '`test/core/health.test.ts › no`').length).toBe(1)
  })
  test('a row with a bar too many', () => expect(faults(rowsOf('| 9 | must | a | b | c | d |')).length).toBeGreaterThan(0))
})
