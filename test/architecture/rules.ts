/** The rules of the source tree as pure functions: who may import whom, and what no file may be or say. */

export interface Import { readonly specifier: string; readonly typeOnly: boolean; readonly dynamic: boolean }

/** All imports and re-exports of a TypeScript text. */
export function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const m of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\s+from\s+)['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: m[2] ?? '', typeOnly: m[1] !== undefined, dynamic: false })
  }
  for (const m of text.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm)) found.push({ specifier: m[1] ?? '', typeOnly: false, dynamic: false })
  for (const m of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) found.push({ specifier: m[1] ?? '', typeOnly: false, dynamic: true })
  for (const m of text.matchAll(/\b(?:require|createRequire\([^)]*\))\(\s*['"]([^'"]+)['"]/g)) found.push({ specifier: m[1] ?? '', typeOnly: false, dynamic: true })
  return found
}

/** Where a part of the tree may look. A target is a path from the root: itself, or everything below it. */
interface Rule {
  readonly part: RegExp
  readonly rooms: readonly (string | RegExp)[]
  /** Only their types. */
  readonly types?: readonly string[]
  /** By `import()`: another room is started, not built in. */
  readonly dynamic?: readonly string[]
  /** `node:` modules: all, or none. */
  readonly node: boolean
  /** Packages of npm; undefined: any that no other part owns. */
  readonly packages?: readonly string[]
}

const PURE = ['contract/time.ts', 'contract/address.ts', 'contract/result.ts']

/** The first rule that fits a file holds. */
const RULES: readonly Rule[] = [
  { part: /^contract\//, rooms: ['contract'], node: false, packages: ['zod', 'yaml'] },
  { part: /^link\//, rooms: ['contract', 'link'], node: true },
  { part: /^daemon\/wire\//, rooms: ['daemon/wire', ...PURE], node: false, packages: [] },
  { part: /^daemon\/core\//, rooms: ['daemon/core', ...PURE], types: ['daemon/wire'], node: false, packages: [] },
  { part: /^daemon\/io\//, rooms: ['daemon/io', 'daemon/ports.ts', 'daemon/wire', 'contract'], node: true },
  { part: /^daemon\/uplink\//, rooms: ['daemon/uplink', 'daemon/ports.ts', 'contract', 'link'], node: true },
  // The composition root, and what it keeps beside itself because it would be too long.
  { part: /^daemon\/(main|participation|rivals|secrets)\.ts$/, rooms: ['daemon', 'contract', 'link'], node: true },
  // What joins the parts of the daemon decides nothing about sockets or brokers: it sees them through the ports.
  { part: /^daemon\/[^/]+\.ts$/, rooms: ['daemon/core', 'daemon/wire', 'contract', /^daemon\/(?!main|participation|rivals|secrets)[^/]+\.ts$/], node: false, packages: [] },
  { part: /^broker\//, rooms: ['broker', 'contract', 'link'], node: true },
  { part: /^handlers\//, rooms: ['handlers', 'contract', 'link'], node: true },
  { part: /^cli\/rooms\.ts$/, rooms: [], types: ['daemon/main.ts'], dynamic: ['daemon/main.ts', 'daemon/uplink/orders.ts', 'broker/main.ts', 'handlers/main.ts'], node: false, packages: [] },
  { part: /^cli\//, rooms: ['cli', 'contract', 'link'], node: true },
  { part: /^docs\//, rooms: ['docs', 'contract', 'cli', 'handlers/handler.ts'], node: true },
  { part: /^lab\//, rooms: ['lab', 'contract', 'link'], node: true },
  // It measures; the encounter with other implementations is the one that the tests have.
  { part: /^bench\//, rooms: ['bench', 'lab', 'contract', 'link', 'test/interop'], node: true },
  { part: /^web\//, rooms: ['web', 'contract', 'link'], node: true },
  { part: /^setup\//, rooms: ['setup'], node: true },
]

/** One package has one importer among the rooms. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  'raw-socket': /^daemon\/io\//, koffi: /^daemon\/io\//, 'dns-packet': /^daemon\/io\//, mqtt: /^link\//, aedes: /^broker\//,
  'aedes-persistence': /^broker\//, ws: /^broker\//, nodemailer: /^handlers\/email\//, commander: /^cli\//, pino: /^cli\//, 'pino-pretty': /^cli\//,
}
/** The lab plays clients and name servers of its own, and the bench measures: they may use what the product uses. */
const FREE = /^(lab|bench|test)\//

/** Every forbidden import of one file; `file` is its path from the root. */
export function forbiddenImports(file: string, text: string): string[] {
  if (file.startsWith('test/')) return []
  const rule = RULES.find((r) => r.part.test(file))
  if (!rule) return importsOf(text).some((i) => i.specifier.startsWith('.')) ? [`${file}: belongs to no room: give it a rule`] : []
  return importsOf(text).flatMap((i) => {
    const why = refusal(file, i, rule)
    return why === undefined ? [] : [`${file}: ${i.specifier}: ${why}`]
  })
}

function refusal(file: string, i: Import, rule: Rule): string | undefined {
  if (i.specifier.startsWith('node:')) return rule.node ? undefined : 'nothing of node here'
  if (!i.specifier.startsWith('.')) return refusedPackage(file, i.specifier, rule)
  const target = resolve(file, i.specifier)
  const within = (places: readonly (string | RegExp)[] = []) =>
    places.some((p) => (typeof p === 'string' ? target === p || target.startsWith(`${p}/`) : p.test(target)))
  if (within(rule.rooms) || (i.typeOnly && within(rule.types)) || (i.dynamic && within(rule.dynamic))) return undefined
  return within(rule.types) ? 'only its types' : within(rule.dynamic) ? 'only by import()' : 'not from here'
}

function refusedPackage(file: string, specifier: string, rule: Rule): string | undefined {
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  if (rule.packages && !rule.packages.includes(name)) return 'no such package here'
  const owner = OWNERS[name]
  return owner && !owner.test(file) && !FREE.test(file) ? 'another part owns this package' : undefined
}

function resolve(file: string, specifier: string): string {
  const path = file.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') path.pop()
    else if (step !== '.') path.push(step)
  }
  return path.join('/')
}

/** Names that say nothing about what is in a file. */
export const isVagueName = (file: string): boolean => /(^|\/)(utils?|common|manager|helpers?|misc)(\.[^/]*)?(\/|$)/.test(file)

const LONGEST = 500
export const isTooLong = (text: string): boolean => text.split('\n').length - 1 > LONGEST

/** Places of one machine or of the way this was made have no business in the product. Spelt so that this file passes. */
const PLACES = [/\/work\/(main|shared|\.library)/, new RegExp(`\\.\\./${'shared'}/`), /\/tmp\/n24/, /\/home\/\w+\/(?!understudy)/]
export const machinePlaces = (text: string): string[] => PLACES.flatMap((p) => p.exec(text)?.[0] ?? [])
