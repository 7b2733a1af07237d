import { family, program } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { table, fenced, GENERATED } from './markdown.ts'

export function commandPage(): string {
  const commands = family(program({} as Terminal, () => {})).slice(1).filter((c) => c.commands.length === 0)
  const nameOf = (c: (typeof commands)[number]): string => (c.parent?.parent ? `${c.parent.name()} ${c.name()}` : c.name())
  return `${GENERATED}

# Commands

${table(['Exit code', 'Meaning'], [
    ['0', 'Ok.'], ['1', 'A problem was found: in a file, in the cluster, or an answer that was not yes.'],
    ['2', 'Wrong usage.'], ['3', 'Cannot start: a file is not readable or not sound, rights are missing, no broker is to be reached.'],
  ])}

Colours are left out where standard output is no terminal, or \`NO_COLOR\` is set. \`UNDERSTUDY_CONFIG\` replaces the default of \`--config\`,
\`UNDERSTUDY_ACCOUNT\` that of \`--as\`.

${commands.map((c) => `## understudy ${nameOf(c)}\n\n${fenced('text', helpOf(c))}`).join('\n\n')}
`
}

/** As \`--help\` prints it, with what stands after the options. */
function helpOf(c: ReturnType<typeof program>): string {
  let text = ''
  c.configureOutput({ ...c.configureOutput(), writeOut: (part) => { text += part } })
  c.outputHelp()
  return text.trimEnd()
}
