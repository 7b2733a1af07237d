/** YAML text → `Config`, or every problem at once with its place, so that one edit can mend the file. */
import { z } from 'zod'
import { inWords, shown } from '../phrases.ts'
import { err, ok, type Result } from '../result.ts'
import { CheckFile, ClusterFile, CustomHandlerFile, GroupFile, RouterFile } from './file.ts'
import { boundsAt, knownKeys, misspelt, remedyFor, type Path } from './keys.ts'
import { resolve, type Config } from './resolve.ts'
import { complaints } from './rules.ts'
import { soundFile } from './sound.ts'
import { readYaml, type Reading } from './yaml.ts'

/** `line` and `column` count from 1. `path` is where in the document, e.g. `groups.dns.hosts[2]`. */
export interface Problem { readonly line: number; readonly column: number; readonly path: string; readonly message: string }

export function parseConfig(text: string): Result<Config, readonly Problem[]> {
  const reading = readYaml(text)
  const faults = reading.faults.map(({ line, column, message }) => ({ line, column, path: '', message }))
  const raw = reading.value
  if (raw === undefined) return err(inOrder(faults))
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return err(inOrder([...faults, notAFile(raw, reading)]))

  const parsed = ClusterFile.safeParse(raw, { error: inWords })
  const wrong = parsed.success ? [] : parsed.error.issues.flatMap((issue) => ofSchema(issue, raw))
  const broken = complaints(soundFile(raw as Record<string, unknown>))
  const problems = [...faults, ...[...wrong, ...broken].map((f) => placed(f, reading))]
  return parsed.success && problems.length === 0 ? ok(resolve(parsed.data)) : err(inOrder(problems))
}

/** `cluster.yaml:12:7: groups.dns.hosts[2]: what is wrong and what to write instead` */
export const formatProblem = (file: string, p: Problem): string =>
  `${file}:${p.line}:${p.column}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`

interface Finding { readonly path: Path; readonly message: string; readonly ofKey?: boolean }

const placed = (f: Finding, reading: Reading): Problem =>
  ({ ...reading.place(f.path, f.ofKey), path: z.core.toDotPath([...f.path]), message: f.message })

function notAFile(raw: unknown, reading: Reading): Problem {
  const what = raw === null ? 'the file is empty' : Array.isArray(raw) ? 'the file is a list' : 'the file is a single text'
  return { ...reading.place([]), path: '', message: `${what}: want a block of keys, at least "cluster:" and "groups:"` }
}

/** One issue of the schema as findings in our words. `raw` is the document the issue is about. */
function ofSchema(issue: z.core.$ZodIssue, raw: unknown): Finding[] {
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        ({ path: [...path, key], message: `there is no key ${shown(key)} here: ${remedyFor(key, path)}`, ofKey: true }))
    case 'invalid_key':
      return [
        { path, message: withValue(issue.issues[0]?.message ?? issue.message, path.at(-1)), ofKey: true },
        ...below(path, raw),
      ]
    case 'invalid_union':
      return ofUnion(issue, raw)
    default:
      return ofValue(issue, raw)
  }
}

function ofValue(issue: z.core.$ZodIssue, raw: unknown): Finding[] {
  const { path } = issue
  const key = path.at(-1)
  const parent = valueAt(raw, path.slice(0, -1)), value = valueAt(raw, path)
  const bounds = (issue.code === 'too_small' || issue.code === 'too_big') && typeof value === 'number' ? boundsAt(path) : undefined
  const message = bounds ? `want ${bounds.min} to ${bounds.max}` : issue.message
  if (value !== undefined) return [{ path, message: value === null ? `is empty: ${message}` : withValue(message, value) }]
  const around = path.slice(0, -1)
  if (misspelt(Object.keys(parent as object), knownKeys(around)).has(String(key))) return []
  return [{ path, message: `is missing: ${message}` }]
}

/** The alternative of the right kind that comes closest says most; a wrong kind altogether gets the union's own words. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, raw: unknown): Finding[] {
  const isWrongKind = (i: z.core.$ZodIssue) => i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value')
  const rightKind = issue.errors.filter((e) => !e.some(isWrongKind))
  const [best] = rightKind.toSorted((a, b) => a.length - b.length)
  const value = valueAt(raw, issue.path)
  const nothing = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  if (!best || nothing) return ofValue(issue, raw)
  return best.flatMap((i) => ofSchema({ ...i, path: [...issue.path, ...i.path] }, raw))
}

/** The schema leaves out what stands under a key it refuses; we want those problems too. */
function below(path: Path, raw: unknown): Finding[] {
  const parent = path.slice(0, -1).join(' ')
  const schema = UNDER_FREE_NAMES.find(([place]) => place.test(parent))?.[1]
  const inner = schema?.safeParse(valueAt(raw, path), { error: inWords })
  if (!inner || inner.success) return []
  return inner.error.issues.flatMap((i) => ofSchema({ ...i, path: [...path, ...i.path] } as z.core.$ZodIssue, raw))
}
const UNDER_FREE_NAMES: readonly (readonly [place: RegExp, schema: z.ZodType])[] = [
  [/^groups$/, GroupFile], [/^groups .+ routers$/, RouterFile], [/^checks$/, CheckFile], [/^handlers custom$/, CustomHandlerFile],
]

/** Shows what was written, but never beside words that do not ask for it: it may be a secret. */
const withValue = (message: string, value: unknown): string =>
  (message.startsWith('want') ? `${message}, not ${shown(value)}` : message)

function valueAt(raw: unknown, path: Path): unknown {
  let here = raw
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return here
}

function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return sorted.filter((p, i) => sorted.findIndex((q) => formatProblem('', q) === formatProblem('', p)) === i)
}
