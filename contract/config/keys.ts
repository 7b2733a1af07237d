/** What the schema knows at a place of the cluster file: keys, bounds, and what a misspelt key was meant to be. */
import { z } from 'zod'
import { ClusterFile } from './file.ts'

export type Path = readonly PropertyKey[]
type Schema = z.core.JSONSchema.BaseSchema

/** Words of keepalived.conf that people bring along, and what stands here instead. */
const KEEPALIVED: Readonly<Record<string, string>> = {
  virtual_router_id: 'write vrid', advert_int: 'write interval', virtual_ipaddress: 'write addresses',
  virtual_ipaddress_excluded: 'write {address: …, advertise: false} under addresses', nopreempt: 'write preempt: off',
  preempt_delay: 'write preemptDelay', use_vmac: 'write mac: virtual', unicast_peer: 'write unicast: {peers: …}',
  auth_type: 'write authentication: {pass: {file: …}}', auth_pass: 'write authentication: {pass: {file: …}}',
  state: 'take it out, every host starts as a backup',
  priority: 'take it out, priorities follow from the order of the hosts and the bands',
  track_script: 'write checks in the group', track_interface: 'write track in the group', notify: 'write a handler',
}

/** The remedy for a key that the schema does not know at `parent`. */
export function remedyFor(key: string, parent: Path): string {
  const known = knownKeys(parent)
  if (known.includes(key)) return 'it does not go together with the other key: keep one of them'
  const near = nearest(key, known)
  if (near !== undefined) return `write ${near}`
  const brought = Object.hasOwn(KEEPALIVED, key) ? KEEPALIVED[key] : undefined
  if (brought !== undefined) return brought
  return known.length === 0 ? 'take it out' : `known are ${known.join(', ')}`
}

/** The keys the schema knows at that place; none where names are free. */
export function knownKeys(path: Path): readonly string[] {
  return [...new Set(schemasAt(path).flatMap((s) => Object.keys(s.properties ?? {})))]
}

/** Smallest and largest number allowed there, if the schema has both. */
export function boundsAt(path: Path): { min: number; max: number } | undefined {
  for (const { minimum: min, maximum: max } of schemasAt(path)) {
    if (min !== undefined && max !== undefined && max < Number.MAX_SAFE_INTEGER) return { min, max }
  }
  return undefined
}

/** The known key that `key` is most likely a slip of. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const [best] = known.map((k) => ({ k, d: distance(key.toLowerCase(), k.toLowerCase()) })).sort((a, b) => a.d - b.d)
  return best && best.d <= Math.max(1, Math.floor(best.k.length / 3)) ? best.k : undefined
}

/** Known keys that are absent because a key beside them is misspelt: their absence is the same problem, not a second one. */
export function misspelt(keys: readonly string[], known: readonly string[]): ReadonlySet<string> {
  const meant = keys.filter((k) => !known.includes(k)).flatMap((k) => nearest(k, known) ?? [])
  return new Set(meant.filter((k) => !keys.includes(k)))
}

let whole: Schema | undefined

function schemasAt(path: Path): Schema[] {
  whole ??= z.toJSONSchema(ClusterFile, { io: 'input' })
  let here: Schema[] = [whole]
  for (const key of path) here = here.flatMap((s) => below(s, key))
  return here.flatMap(alternatives)
}

function below(s: Schema, key: PropertyKey): Schema[] {
  return alternatives(s).flatMap((one) => {
    const property = one.properties && Object.hasOwn(one.properties, String(key)) ? one.properties[String(key)] : undefined
    const child: unknown = typeof key === 'number' ? one.items : (property ?? one.additionalProperties)
    return typeof child === 'object' && child !== null && !Array.isArray(child) ? [child as Schema] : []
  })
}

const alternatives = (s: Schema): Schema[] => [s, ...((s.anyOf ?? []) as Schema[])]

/** Edits (insert, delete, replace, swap of neighbours) between two short texts. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return 99
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 99
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? at(i - 2, j - 2) + 1 : 99
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swap))
    }
  }
  return at(a.length, b.length)
}
