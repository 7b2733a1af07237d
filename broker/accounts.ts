/**
 * The accounts file: YAML, `name: {role: daemon, password: scrypt$16384$8$1$<salt>$<hash>}`. A daemon's account is named
 * after its host, a handler's after its handler. Passwords are stored as scrypt (RFC 7914) hashes only.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import type { Problem } from '../contract/config.ts'
import { err, ok, type Result } from '../contract/result.ts'
import { ROLES, type Role } from '../contract/topics.ts'
import type { Account } from './access.ts'

export interface StoredAccount extends Account { readonly password: string }
export type Accounts = ReadonlyMap<string, StoredAccount>

/** About 50 ms and 16 MiB a guess on a server of 2020. */
const COST = { N: 16_384, r: 8, p: 1 }
const HASH_BYTES = 32
/** Bytes of memory one check may take: the file must not make the broker run out of it. */
const MOST_MEMORY = 64 << 20

const Entry = z.strictObject({
  role: z.enum(ROLES, `want ${ROLES.join(', ')}`),
  password: z.string('want scrypt$N$r$p$salt$hash, as `understudy account add` writes it')
    .refine((text) => parseHash(text) !== undefined, 'want scrypt$N$r$p$salt$hash, as `understudy account add` writes it'),
})
const NAME_WANTED = 'want a name of letters, digits, "-", "_" and ".", at most 63'
const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

export function parseAccounts(text: string): Result<Accounts, readonly Problem[]> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.length > 0) {
    return err(document.errors.map((e) => ({
      ...place(e.pos[0]), path: '', message: `not YAML: ${e.message.split('\n')[0]}`,
    })))
  }
  const problems: Problem[] = []
  const accounts = new Map<string, StoredAccount>()
  if (document.contents === null) return ok(accounts)
  if (!isMap(document.contents)) {
    return err([{ line: 1, column: 1, path: '', message: 'want one line for each account: name: {role: …, password: …}' }])
  }
  for (const { key, value } of document.contents.items) {
    const at = place((isScalar(key) ? key.range?.[0] : undefined) ?? 0)
    const name = isScalar(key) ? String(key.value) : ''
    const path = name.slice(0, 80)
    if (!NAME.test(name)) problems.push({ ...at, path, message: NAME_WANTED })
    const entry = Entry.safeParse(isMap(value) ? value.toJS(document, { maxAliasCount: 0 }) : undefined)
    if (entry.success) accounts.set(name, { name, ...entry.data })
    for (const issue of entry.error?.issues ?? []) {
      problems.push({ ...at, path: [path, ...issue.path].join('.'), message: entryFault(issue) })
    }
  }
  return problems.length > 0 ? err(problems) : ok(accounts)
}

const entryFault = (issue: z.core.$ZodIssue) =>
  issue.code === 'unrecognized_keys' ? `there is no key ${issue.keys.join(', ')} here: known are role, password`
    : issue.code === 'invalid_type' && issue.path.length === 0 ? 'want {role: …, password: …}' : issue.message

type Edited = Result<string, readonly Problem[]>

/** The file with this account in it, in place of one with the same name; comments and order stay. */
export async function withAccount(text: string, name: string, role: Role, password: string): Promise<Edited> {
  const entry = { role, password: await hashPassword(password) }
  const line = stringify({ [name]: entry }, { collectionStyle: 'any', lineWidth: 0 })
  const before = parseAccounts(text)
  if (!before.ok) return before
  if (!before.value.has(name)) return checked(`${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}`)
  const document = parseDocument(text)
  document.set(name, document.createNode(entry))
  return checked(document.toString({ lineWidth: 0 }))
}

/** The file without this account. */
export function withoutAccount(text: string, name: string): Edited {
  const document = parseDocument(text)
  document.delete(name)
  return checked(document.toString({ lineWidth: 0 }))
}

function checked(text: string): Edited {
  const parsed = parseAccounts(text)
  return parsed.ok ? ok(text) : parsed
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, { ...COST, salt, hash: Buffer.alloc(HASH_BYTES) })
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

/** Takes as long for a wrong password as for the right one. */
export async function verifyPassword(password: string | Buffer, stored: string): Promise<boolean> {
  const wanted = parseHash(stored)
  return wanted !== undefined && timingSafeEqual(await derive(password, wanted), wanted.hash)
}

interface Hash { readonly N: number; readonly r: number; readonly p: number; readonly salt: Buffer; readonly hash: Buffer }

function parseHash(text: string): Hash | undefined {
  const found = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{8,128})\$([\w-]{22,128})$/.exec(text)
  if (!found) return undefined
  const [N = 0, r = 0, p = 0] = found.slice(1, 4).map(Number)
  const sane = N >= 1024 && Number.isInteger(Math.log2(N)) && r > 0 && p > 0 && p <= 4 && 128 * N * r <= MOST_MEMORY
  if (!sane) return undefined
  return { N, r, p, salt: Buffer.from(found[4] ?? '', 'base64url'), hash: Buffer.from(found[5] ?? '', 'base64url') }
}

const derive = (password: string | Buffer, h: Hash) => new Promise<Buffer>((resolve, reject) => {
  const cost = { N: h.N, r: h.r, p: h.p, maxmem: MOST_MEMORY + (1 << 20) }
  scrypt(password, h.salt, h.hash.length, cost, (e, key) => (e ? reject(e) : resolve(key)))
})

/** Checks at a time, so that the thread pool has room for other work, and checks that wait before one is turned away. */
const PARALLEL = 2
const WAITING = 500

export type Verdict = 'accepted' | 'refused' | 'busy'

/**
 * Checks passwords, few at a time. What was right a moment ago is recognised without scrypt (by a keyed hash, in memory
 * only): after a restart of the broker everybody comes back at once, with two connections each.
 */
export class Doorkeeper {
  readonly #key = randomBytes(32)
  readonly #known = new Map<string, string>()
  #queue: (() => void)[] = []
  #busy = 0
  /** Checked against when there is no such account, so that the time tells nothing. */
  readonly #nobody = hashPassword(randomBytes(16).toString('hex'))

  async check(account: StoredAccount | undefined, password: Buffer): Promise<Verdict> {
    const mark = createHmac('sha256', this.#key).update(`${account?.password}\0`).update(password).digest('base64')
    if (account && this.#known.get(account.name) === mark) return 'accepted'
    if (this.#busy >= PARALLEL) {
      if (this.#queue.length >= WAITING) return 'busy'
      await new Promise<void>((resolve) => { this.#queue.push(resolve) })
    } else {
      this.#busy++
    }
    try {
      const right = await verifyPassword(password, account?.password ?? await this.#nobody)
      if (!right || !account) return 'refused'
      this.#known.set(account.name, mark)
      return 'accepted'
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#busy--
    }
  }
}
