/** The accounts file on disk: read at the start, read again when it changes, written by `understudy account`. */
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, statSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { formatProblem } from '../contract/config.ts'
import type { Role } from '../contract/topics.ts'
import { parseAccounts, withAccount, withoutAccount, type Accounts, type StoredAccount } from './accounts.ts'
import type { Log } from './notices.ts'

/** Milliseconds between looks at the file. */
const LOOK = 1000

export class AccountsFile {
  readonly #file: string | undefined
  #accounts: Accounts = new Map()
  #changed: (names: ReadonlySet<string>) => void = () => {}

  /** Throws with every problem of the file. */
  constructor(file: string | undefined, log: Log) {
    this.#file = file
    if (file === undefined) return
    this.#accounts = read(file)
    watchFile(file, { interval: LOOK, persistent: false }, () => this.#reload(file, log))
  }

  find(name: string): StoredAccount | undefined { return this.#accounts.get(name) }
  get size(): number { return this.#accounts.size }
  /** `then` hears which accounts have changed or are gone. */
  onChange(then: (names: ReadonlySet<string>) => void): void { this.#changed = then }
  close(): void { if (this.#file !== undefined) unwatchFile(this.#file) }

  #reload(file: string, log: Log): void {
    try {
      const before = this.#accounts
      this.#accounts = read(file)
      const changed = [...before.values()].filter((a) => JSON.stringify(this.#accounts.get(a.name)) !== JSON.stringify(a))
      log('info', `read ${file} again: ${this.#accounts.size} accounts`)
      this.#changed(new Set(changed.map((a) => a.name)))
    } catch (e) {
      log('warn', `the accounts stay as they were: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
}

const read = (file: string): Accounts => parsed(readText(file), file)

function parsed(text: string, file: string): Accounts {
  const accounts = parseAccounts(text)
  if (accounts.ok) return accounts.value
  throw new Error(accounts.error.map((p) => formatProblem(file, p)).join('\n'))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e)
    throw new Error(`cannot read the accounts file ${file}: ${why}. Make it with \`understudy account add\``)
  }
}

export type AccountCommand =
  | { readonly action: 'add'; readonly file: string; readonly name: string; readonly role: Role; readonly password: string }
  | { readonly action: 'remove'; readonly file: string; readonly name: string }
  | { readonly action: 'list'; readonly file: string }

/** What `understudy account` does; the answer is for a person. Throws with what is wrong. */
export async function runAccount(command: AccountCommand): Promise<string> {
  const { file } = command
  if (command.action === 'list') {
    return [...read(file).values()].map((a) => `${a.name}\t${a.role}`).join('\n')
  }
  const text = existsSync(file) ? readText(file) : ''
  const known = parsed(text, file).has(command.name)
  if (command.action === 'remove' && !known) throw new Error(`${file} has no account ${command.name}`)
  const next = command.action === 'remove' ? withoutAccount(text, command.name)
    : await withAccount(text, command.name, command.role, command.password)
  if (!next.ok) throw new Error(next.error.map((p) => formatProblem(file, p)).join('\n'))
  writeWhole(file, next.value)
  if (command.action === 'remove') return `Removed ${command.name} from ${file}.`
  return `${known ? 'Changed' : 'Added'} ${command.name} (${command.role}) in ${file}.`
}

/** All of it or nothing: a broker may be reading. */
function writeWhole(file: string, text: string): void {
  const temporary = `${file}.new`
  writeFileSync(temporary, text, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  // The broker runs as somebody else than the root who adds accounts: the file stays its own.
  if (existsSync(file)) {
    const { uid, gid } = statSync(file)
    if (uid !== process.getuid?.()) chownSync(temporary, uid, gid)
  }
  renameSync(temporary, file)
}
