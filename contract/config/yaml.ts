/** YAML text → plain values and their places. Any text at all gets an answer: values, or named problems. */
import { isMap, isPair, LineCounter, parseDocument, type Document, type YAMLError } from 'yaml'
import { clip } from '../phrases.ts'
import type { Path } from './keys.ts'

export interface Place { readonly line: number; readonly column: number }
export interface Fault extends Place { readonly message: string }

export interface Reading {
  /** Undefined if the text is too broken to say what it holds. */
  readonly value: unknown
  readonly faults: readonly Fault[]
  /** Where the value at `path` starts, or its key; for something missing, the key of its nearest parent. */
  place(path: Path, ofKey?: boolean): Place
}

/** A cluster of 64 hosts and 255 routers needs a tenth of it. */
const LARGEST = 1 << 20
const DEEPEST = 32
const TOO_DEEP = `blocks within blocks, more than ${DEEPEST} deep: this is no cluster file`

const REMEDIES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab in the indentation: indent with spaces',
  DUPLICATE_KEY: 'this key stands twice in one block: keep one of them',
  BAD_INDENT: 'the indentation does not fit: keys of one block start in the same column',
  MULTIPLE_DOCS: 'a second document starts here: take out the line "---"',
  MISSING_CHAR: 'something is missing before this place: a closing quote or bracket, a comma, or the space after ":"',
  BAD_ALIAS: 'this alias (*) has no anchor (&) above it: define it first, or write the value in quotes',
  BAD_SCALAR_START: 'a plain text cannot start with this character: put it in quotes',
  BAD_DQ_ESCAPE: 'this is no escape within double quotes: write \\\\ for a backslash, or use single quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a block cannot stand on the line of its key: put it on the next line, indented, or a text with ": " in quotes',
  MULTILINE_IMPLICIT_KEY: 'this is no "key: value": is the ":" missing, or the indentation wrong?',
  UNEXPECTED_TOKEN: 'this does not belong here: see the indentation, the quotes and the brackets before it',
  TAG_RESOLVE_FAILED: 'a tag (!) has no meaning here: take it out, or put the text in quotes',
  BAD_DIRECTIVE: 'a directive (%) has no meaning here: take it out, or put the text in quotes',
}

const UNCLOSED = 'a bracket or brace opened above is not closed, or what stands in it is not indented'

export function readYaml(text: string): Reading {
  const lines = new LineCounter()
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const unusable = (message: string, where: Place = { line: 1, column: 1 }): Reading =>
    ({ value: undefined, faults: [{ ...where, message }], place: () => where })

  if (text.length > LARGEST) return unusable(`the file has ${text.length} characters: a cluster file has at most ${LARGEST}`)
  const odd = text.search(FORBIDDEN)
  if (odd >= 0) return unusable('a character that text does not have: is this a text file in UTF-8?', placeIn(text, odd))
  const reserved = text.indexOf('__proto__')
  if (reserved >= 0) return unusable('the name "__proto__" cannot be used: choose another one', placeIn(text, reserved))
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, logLevel: 'error' })
    const errors = [...document.errors, ...document.warnings]
    if (errors.some((e) => /call stack/.test(e.message))) return unusable(TOO_DEEP)
    const faults = onePerLine(errors.map((e) => ({ ...at(e.pos[0]), message: inOurWords(e) })))
    const broken = errors.some((e) => e.code !== 'DUPLICATE_KEY')
    const value: unknown = broken ? undefined : document.toJS({ maxAliasCount: 100 })
    if (deeperThan(DEEPEST, value)) return unusable(TOO_DEEP)
    return { value, faults, place: (path, ofKey = false) => at(offsetOf(document, path, ofKey)) }
  } catch (e) {
    const alias = e instanceof ReferenceError ? /Unresolved alias.*: (.+)$/.exec(e.message)?.[1] : undefined
    if (alias !== undefined) return unusable(REMEDIES.BAD_ALIAS ?? '', placeIn(text, Math.max(0, text.indexOf(`*${alias}`))))
    if (e instanceof ReferenceError) return unusable('aliases (*) that multiply without end: write the values out')
    if (e instanceof RangeError) return unusable(TOO_DEEP)
    return unusable(`not YAML: ${clip(e instanceof Error ? e.message : String(e), 200)}`)
  }
}

/** C0 controls but tab, line feed and carriage return; U+FFFD is what a reader makes of bytes that are not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function inOurWords(e: YAMLError): string {
  if (e.code === 'BAD_INDENT' && e.message.startsWith('Flow')) return UNCLOSED
  const firstLine = e.message.split('\n')[0] ?? ''
  return REMEDIES[e.code] ?? `not YAML here: ${clip(firstLine.replace(/[.:]?\s*$/, ''), 200)}`
}

/** One slip makes a parser complain several times about the same line: the first complaint is the useful one. */
const onePerLine = (faults: readonly Fault[]) => faults.filter((f, i) => faults.findIndex((g) => g.line === f.line) === i)

function deeperThan(limit: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit === 0 || Object.values(value).some((v) => deeperThan(limit - 1, v))
}

type Node = { readonly range?: readonly number[] | null } | null | undefined
const start = (node: unknown): number | undefined => (node as Node)?.range?.[0]

function offsetOf(document: Document.Parsed, path: Path, ofKey: boolean): number {
  const last = path.at(-1)
  if (last === undefined) return start(document.contents) ?? 0
  const parent = document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const pair = parent.items.find((p) => isPair(p) && String((p.key as { value?: unknown } | null)?.value) === String(last))
    const own = pair && (ofKey ? start(pair.key) : (start(pair.value) ?? start(pair.key)))
    if (own !== undefined) return own
  } else {
    const own = start(document.getIn(path, true))
    if (own !== undefined) return own
  }
  return offsetOf(document, path.slice(0, -1), true)
}
