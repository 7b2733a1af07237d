import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { handlerEntries, type Config } from '../contract/config.ts'
import { ROLES, type Role } from '../contract/topics.ts'
import { configOption, hostsOf, load } from './cluster.ts'
import * as rooms from './rooms.ts'
import { EXIT, help, Refusal, type Terminal } from './terminal.ts'

interface Account { readonly name: string; readonly role: Role }

export const mosquitto = (t: Terminal, exit: (code: number) => void) => new Command('mosquitto')
  .description('Write mosquitto.conf and acl, for an Eclipse Mosquitto in the place of the embedded broker.')
  .requiredOption('--directory <dir>', 'write them there; Mosquitto keeps its passwords and its store in the same directory')
  .addOption(configOption())
  .addHelpText('after', `
Listeners, TLS and limits are those of the block broker of the cluster file. Rights are for the
accounts of broker.accounts; without such a file for every host, every handler and "operator".`)
  .addHelpText('after', help('understudy mosquitto --directory /var/lib/mosquitto', '0 both are written, 3 they cannot be'))
  .action(async (o: { config: string; directory: string }) => {
    const config = load(o.config, t)
    const directory = resolve(o.directory)
    const { mosquittoConfiguration, runAccount } = await rooms.broker()
    const { accounts: file } = config.broker
    const accounts = file === undefined ? implied(config) : listed(await runAccount({ action: 'list', file }))
    const { configuration, accessList } = mosquittoConfiguration(config, accounts, directory)
    put(directory, 'mosquitto.conf', configuration)
    put(directory, 'acl', accessList)
    t.out(`Wrote ${directory}/mosquitto.conf and ${directory}/acl, for ${accounts.map((a) => a.name).join(', ')}.`)
    t.out(`Each of them needs a password: mosquitto_passwd ${directory}/passwords NAME (the first time with -c).`)
    exit(EXIT.ok)
  })

const implied = (config: Config): Account[] => [
  ...hostsOf(config).map((name) => ({ name, role: 'daemon' as const })),
  ...handlerEntries(config.handlers).map(([name]) => ({ name, role: 'handler' as const })),
  { name: 'operator', role: 'operator' },
]

/** A name and a role a line, with a tab between them. */
const listed = (text: string): Account[] => text.split('\n').flatMap((line) => {
  const [name = '', word] = line.split('\t')
  const role = ROLES.find((r) => r === word)
  return role ? [{ name, role }] : []
})

/** Whom the directory belongs to, the files do: Mosquitto reads them as its own user, and nobody else needs to. */
function put(directory: string, name: string, text: string): void {
  const file = join(directory, name)
  try {
    const { uid, gid } = statSync(directory)
    writeFileSync(file, text, { mode: 0o640 })
    chmodSync(file, 0o640)
    if (statSync(file).uid !== uid) chownSync(file, uid, gid)
  } catch (e) {
    throw new Refusal(`cannot write ${file}: ${e instanceof Error ? e.message : String(e)}`)
  }
}
