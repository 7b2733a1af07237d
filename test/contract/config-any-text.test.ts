/** Any text at all gets an answer: a configuration, or problems with places within the text. Never an exception. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfig } from '../../contract/config.ts'

const example = readFileSync(new URL('../../docs/examples/cam.yaml', import.meta.url), 'utf8')
const rows = example.split('\n')

function answers(text: string) {
  const parsed = parseConfig(text)
  if (parsed.ok) return
  expect(parsed.error.length).toBeGreaterThan(0)
  const height = text.split('\n').length
  let before = 0
  for (const p of parsed.error) {
    expect(p.line).toBeGreaterThanOrEqual(Math.max(1, before))
    expect(p.line).toBeLessThanOrEqual(height)
    expect(p.column).toBeGreaterThanOrEqual(1)
    expect(p.message).not.toBe('')
    expect(p.message).not.toMatch(/Invalid|undefined|object Object|[\n\r]/)
    before = p.line
  }
  expect(new Set(parsed.error.map((p) => JSON.stringify(p))).size).toBe(parsed.error.length)
}

const mark = fc.constantFrom('\t', '\n', '  ', ':', '- ', '{', '}', '[', ']', '"', "'", '#', '&a ', '*a', '!!binary ', '? ', '| ', '---\n', '%', '@', '<<: ', '~', '1e999', '.nan', '0x', '\u0000', '__proto__')
const mutated = fc.array(fc.tuple(fc.nat(example.length), fc.nat(40), fc.oneof(mark, fc.string({ maxLength: 5 }))), { minLength: 1, maxLength: 4 })
  .map((edits) => edits.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), example))
const shuffled = fc.shuffledSubarray(rows).map((some) => some.join('\n'))
const keys = ['cluster', 'groups', 'dns', 'hosts', 'routers', 'vrid', 'interface', 'addresses', 'bands', 'healthy', 'checks', 'brokers', 'handlers', 'email', 'custom', 'settings', 'constructor', 'toString']
const { wild } = fc.letrec((tie) => ({
  wild: fc.oneof({ maxDepth: 6, withCrossShrink: true }, fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 300, 1e300, '', 'x', '192.0.2.1/24', '::1/64', 'fast'),
    fc.array(tie('wild'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...keys), tie('wild'), { maxKeys: 8 })),
}))
const structured = fc.dictionary(fc.constantFrom(...keys), wild, { maxKeys: 8 }).map((value) => JSON.stringify(value))

test('noise', () => fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), answers), { numRuns: 300 }))
test('an example with a few slips', () => fc.assert(fc.property(mutated, answers), { numRuns: 500 }), 20_000)
test('an example with its lines in disorder', () => fc.assert(fc.property(shuffled, answers), { numRuns: 200 }), 20_000)
test('the right keys with the wrong values', () => fc.assert(fc.property(structured, answers), { numRuns: 1000 }), 20_000)

test('every line of an example may be left out', () => {
  for (const i of rows.keys()) answers(rows.toSpliced(i, 1).join('\n'))
})
