import { randomBytes } from 'node:crypto'
import { Command, Option } from 'commander'
import { ROLES, type Role } from '../contract/topics.ts'
import { configOption, load, read } from './cluster.ts'
import * as rooms from './rooms.ts'
import { EXIT, help, Refusal, type Terminal } from './terminal.ts'

interface Where { readonly config: string; readonly file?: string }
const fileOption = () => new Option('--file <file>', 'the accounts file; default: broker.accounts of the cluster file')

export const account = (t: Terminal, exit: (code: number) => void) => new Command('account')
  .description('Look after the accounts of the embedded broker.')
  .addCommand(new Command('add')
    .description('Add an account, or change its role and password. It asks for the password, unless an option says otherwise.')
    .argument('<name>', 'name of the account: for a daemon the host name, for a handler its name')
    .addOption(new Option('--role <role>', 'what the account may do').choices(ROLES).makeOptionMandatory())
    .option('--password-file <file>', 'take the first line of this file as password')
    .option('--generate', 'make a password and print it')
    .addOption(configOption()).addOption(fileOption())
    .addHelpText('after', help('understudy account add dns1 --role daemon --password-file /etc/understudy/dns1.pass'))
    .action(async (name: string, o: Where & { role: Role; passwordFile?: string; generate?: boolean }) => {
      const password = await passwordFrom(name, o, t)
      if (password === '') throw new Refusal('an empty password is no password', EXIT.usage)
      const { runAccount } = await rooms.broker()
      t.out(await runAccount({ action: 'add', file: accountsFile(o, t), name, role: o.role, password }))
      if (o.generate) t.out(`Its password: ${password}`)
      exit(EXIT.ok)
    }))
  .addCommand(new Command('remove')
    .description('Remove an account.')
    .argument('<name>', 'name of the account')
    .addOption(configOption()).addOption(fileOption())
    .addHelpText('after', help('understudy account remove dns1'))
    .action(async (name: string, o: Where) => {
      const { runAccount } = await rooms.broker()
      t.out(await runAccount({ action: 'remove', file: accountsFile(o, t), name }))
      exit(EXIT.ok)
    }))
  .addCommand(new Command('list')
    .description('List the accounts and their roles.')
    .addOption(configOption()).addOption(fileOption())
    .addHelpText('after', help('understudy account list'))
    .action(async (o: Where) => {
      const { runAccount } = await rooms.broker()
      t.out(await runAccount({ action: 'list', file: accountsFile(o, t) }))
      exit(EXIT.ok)
    }))

function accountsFile(o: Where, t: Terminal): string {
  const file = o.file ?? load(o.config, t).broker.accounts
  if (file !== undefined) return file
  const remedy = 'write accounts: /etc/understudy/accounts in the block broker, or give --file'
  throw new Refusal(`the cluster file names no file of accounts: ${remedy}`, EXIT.usage)
}

async function passwordFrom(name: string, o: { passwordFile?: string; generate?: boolean }, t: Terminal): Promise<string> {
  const both = o.passwordFile !== undefined && o.generate
  if (both) throw new Refusal('--password-file and --generate exclude each other', EXIT.usage)
  if (o.passwordFile !== undefined) return read(o.passwordFile).split(/\r?\n/)[0] ?? ''
  return o.generate ? randomBytes(18).toString('base64url') : t.askSecret(`Password of ${name}: `)
}
