/** docs/rfc-compliance.md is true: every row has its tests, or says why not, and every test it names exists. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const PAGE = 'docs/rfc-compliance.md'
/** The tests of the check name tests of this file. */
const SAMPLE = 'test/core/priority.test.ts'
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

/** Of each file named here: its tests as vitest prints them, a row of an `each` with its values, after those around it. */
const titles = new Map<string, string[]>()

/** vitest itself lists them: it reads the files and runs no test. About a second. With CI set also those that need root. */
async function listTests(files: readonly string[]): Promise<void> {
  const here = files.filter((file) => file.startsWith('test/'))
  const options = ['--staticParse=false', '--no-isolate', '--pool', 'threads', '--json']
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, 'list', ...here, ...options],
    { cwd: root, env: { ...Object.fromEntries(own), CI: '1' }, maxBuffer: 1 << 26 })
  for (const { name, file } of JSON.parse(stdout) as { name: string; file: string }[]) {
    const path = relative(root, file)
    titles.set(path, [...(titles.get(path) ?? []), name])
  }
}

/** Its whole title, or what follows the titles around it. */
const hasTest = (file: string, title: string): boolean =>
  (titles.get(file) ?? []).some((name) => name === title || name.endsWith(` > ${title}`))

beforeAll(() => listTests([...new Set([...namedIn(page), [SAMPLE]].flatMap(([file = '']) => file))]), 60_000)

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
  const good = '`test/core/priority.test.ts › no host gets 0 or 255, whatever the bands`'

  test('a sound row', () => expect(row('', good, good)).toEqual([]))
  test('a title that no test has', () => {
    expect(row('', good, '`test/core/priority.test.ts › no host`'))
      .toEqual(['line 3 (9): no test "no host" in test/core/priority.test.ts'])
  })
  test('a row of an `each` stands with its values, not with its pattern, and not with others', () => {
    expect(row('', good, '`test/core/priority.test.ts › rank 3, healthy: 220`')).toEqual([])
    for (const title of ['rank %d, %s: %d', 'rank 3, healthy: 230']) {
      expect(row('', good, `\`${SAMPLE} › ${title}\``)).toEqual([`line 3 (9): no test "${title}" in ${SAMPLE}`])
    }
  })
  test('the title of a group is no test', () => {
    expect(row('', good, '`test/core/priority.test.ts › four hosts`').length).toBe(1)
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
    expect(row('declined: because', '', '`test/core/priority.test.ts › no`').length).toBe(1)
  })
  test('a row with a bar too many', () => expect(faults(rowsOf('| 9 | must | a | b | c | d |')).length).toBeGreaterThan(0))
})
