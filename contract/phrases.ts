/** Says in words what zod found. Every sentence says what to write: `want …`. */
import type { z } from 'zod'

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list',
  object: 'a block of keys', record: 'a block of keys',
}

/** Used as the error map of a parse: applies wherever the schema has no words of its own. */
export function inWords(issue: z.core.$ZodRawIssue | z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `want ${NOUNS[String(issue.expected)] ?? String(issue.expected)}`
    case 'invalid_value':
      return `want ${either(((issue.values ?? []) as unknown[]).map(String))}`
    case 'too_small':
      return `want at least ${amount(issue.minimum, issue.origin)}`
    case 'too_big':
      return `want at most ${amount(issue.maximum, issue.origin)}`
    case 'unrecognized_keys':
      return `there is no key ${((issue.keys ?? []) as string[]).map(shown).join(', ')} here`
    case 'invalid_format':
      return issue.format === 'datetime' ? 'want a time such as 2026-01-31T12:00:00Z' : 'is not written as it should be'
    default:
      return 'is none of the forms allowed here'
  }
}

/** A value as it may be repeated in a message: short, on one line, without the account that a URL may carry. */
export function shown(value: unknown): string {
  if (typeof value === 'string' && /:\/\/.*@/.test(value)) return 'a URL with an account'
  if (typeof value === 'string') return `"${clip(value, 60)}"`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a block of keys' : String(value)
}

/** At most `most` characters, control characters made visible: what strangers wrote must not steer a terminal. */
export function clip(text: string, most: number): string {
  const escaped = (c: string) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  const plain = text.slice(0, most).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped)
  return text.length > most ? `${plain}…` : plain
}

const either = (words: readonly string[]) =>
  (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)

function amount(n: unknown, origin: unknown): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'entry' : ''
  if (unit === '') return String(n)
  return Number(n) === 1 ? `one ${unit}` : `${String(n)} ${unit === 'entry' ? 'entries' : 'characters'}`
}
