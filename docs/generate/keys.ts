/** A JSON Schema as a flat list of keys with type, default, range and description. */
import type { z } from 'zod'

type Schema = z.core.JSONSchema.BaseSchema

export interface KeyRow {
  /** From the root of the document: `groups.<name>.routers.<name>.vrid`. */
  readonly path: string
  readonly type: string
  readonly fallback: string
  readonly range: string
  readonly description: string
}

/** Depth first, in the order of the schema. Blocks are followed by their keys. */
export function keysOf(schema: Schema, path = ''): KeyRow[] {
  const properties = Object.entries(schema.properties ?? {}) as [string, Schema][]
  const isNeeded = (key: string) => (schema.required ?? []).includes(key)
  const own = properties.flatMap(([key, s]) => rowsOf(s, path === '' ? key : `${path}.${key}`, isNeeded(key)))
  const free = schema.additionalProperties
  return typeof free === 'object' && free !== null ? [...own, ...keysOf(free as Schema, `${path}.<name>`)] : own
}

function rowsOf(s: Schema, path: string, needed: boolean): KeyRow[] {
  const row = { path, type: typeOf(s), fallback: fallbackOf(s, needed), range: rangeOf(s), description: s.description ?? '' }
  const block = [s, ...alternatives(s)].find((a) => a.properties || typeof a.additionalProperties === 'object')
  // A secret is told by its own words, and a list of blocks by those of its element.
  const inner = s.description?.startsWith('Where') ? [] : block ? keysOf(block, path) : listed(s, path)
  return [row, ...inner]
}

function listed(s: Schema, path: string): KeyRow[] {
  const element = s.items as Schema | undefined
  const block = element && [element, ...alternatives(element)].find((a) => a.properties)
  return block ? keysOf(block, `${path}[]`) : []
}

const alternatives = (s: Schema): Schema[] => (s.anyOf ?? []) as Schema[]

function typeOf(s: Schema): string {
  const choices = alternatives(s)
  if (choices.length > 0) return [...new Set(choices.map(typeOf))].join(' or ')
  if (s.const !== undefined) return `\`${String(s.const)}\``
  if (s.enum) return s.enum.map((v) => `\`${String(v)}\``).join(', ')
  if (s.type === 'array') return `list of ${typeOf(s.items as Schema)}`
  const names: Record<string, string> = { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false', object: 'block' }
  return names[String(s.type)] ?? 'any'
}

function fallbackOf(s: Schema, needed: boolean): string {
  const told = /Default ([^.:]+?)\.?$/.exec(s.description ?? '')?.[1]
  if (s.default !== undefined && typeof s.default !== 'object') return `\`${String(s.default)}\``
  if (Array.isArray(s.default)) return s.default.length === 0 ? 'none' : s.default.map((v) => `\`${String(v)}\``).join(', ')
  if (told !== undefined) return told.length < 60 ? told : 'see there'
  return needed ? '**required**' : ''
}

function rangeOf(s: Schema): string {
  const { minimum, maximum, minItems, maxItems, maxLength } = s
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) return `${minimum ?? ''} to ${maximum}`
  if (maxItems !== undefined) return `${minItems ?? 0} to ${maxItems} entries`
  if (minItems !== undefined) return `at least ${minItems}`
  return maxLength === undefined ? '' : `at most ${maxLength} characters`
}
