/** The documentation is true: what it shows is read and run, what it points to is there, what is generated is fresh. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { family, program } from '../../cli/program.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { formatProblem, parseConfig } from '../../contract/config.ts'
import { macvlanName } from '../../daemon/ports.ts'
import { pages, stale } from '../../docs/generate.ts'
import { anchorsOf, fencesOf, linksOf, wordsOf } from './markdown.ts'

const root = new URL('../../', import.meta.url).pathname
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const under = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f))
const texts = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...under('docs').filter((f) => f.endsWith('.md'))]
const written = texts.filter((f) => !f.startsWith('docs/reference/'))
const examples = under('docs/examples')

const problems = (text: string) => {
  const parsed = parseConfig(text)
  return parsed.ok ? [] : parsed.error.map((p) => formatProblem('', p))
}

test('the generated pages are fresh', () => expect(stale()).toEqual([]))
test('no reference page lacks a meaning for a key', () => {
  const unexplained = [...pages()].filter(([name]) => name === 'configuration.md').flatMap(([, text]) => text.split('\n').filter((l) => /^\| `.*\| {2}\|$/.test(l)))
  expect(unexplained).toEqual([])
})

describe('cluster files', () => {
  test.each(examples.filter((f) => f.endsWith('.yaml')))('%s', (file) => expect(problems(read(file))).toEqual([]))

  const base = parse(read('docs/examples/two-hosts.yaml')) as Record<string, unknown>
  const blocks = written.flatMap((file) => fencesOf(read(file)).filter((f) => f.language === 'yaml').map((f) => [`${file}:${f.line}`, f.text] as const))
  test.each(blocks)('%s', (_, text) => {
    const whole = /^cluster:/m.test(text) ? text : stringify({ ...base, ...(parse(text) as object) })
    expect(problems(whole)).toEqual([])
  })
  test('there are some', () => expect(blocks.length).toBeGreaterThan(1))
})

describe('commands', () => {
  const commands = family(program({} as Terminal, () => {}))
  const lines = [
    ...written.flatMap((file) => [
      ...fencesOf(read(file)).filter((f) => ['sh', '', 'text'].includes(f.language)).flatMap((f) => f.text.split('\n')),
      ...[...read(file).matchAll(/`(understudy [^`\n]+)`/g)].map((m) => m[1] ?? ''),
    ].filter((l) => /^(\$ )?understudy [a-z-]/.test(l)).map((l) => [file, l.replace(/^\$ /, '')] as const)),
    ...examples.filter((f) => f.endsWith('.service')).flatMap((file) => [...read(file).matchAll(/^Exec\w+=\S*\/(understudy .*)$/gm)].map((m) => [file, m[1] ?? ''] as const)),
  ]
  test.each(lines)('%s: %s', (_, line) => {
    const [, ...words] = wordsOf(line)
    let command = commands[0]
    while (command?.commands.some((c) => c.name() === words[0])) command = command.commands.find((c) => c.name() === words.shift())
    if (command?.commands.length && words[0] && !words[0].startsWith('-')) expect.unreachable(`there is no command ${words[0]}`)
    const options = words.filter((w) => w.startsWith('--'))
    expect(options.filter((o) => o !== '--help' && o !== '--version' && !command?.options.some((known) => known.long === o))).toEqual([])
  })
  test('there are some', () => expect(lines.length).toBeGreaterThan(15))
  test('npm scripts that are named exist', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts as object)
    const named = written.flatMap((f) => [...read(f).matchAll(/\bnpm (?:run )?(start|test|bench|docs|build|check)\b/g)].map((m) => m[1] ?? ''))
    expect(named.filter((n) => !scripts.includes(n))).toEqual([])
  })
})

describe('links', () => {
  test.each(texts)('%s', (file) => {
    const dead = linksOf(read(file)).filter((link) => !/^[a-z]+:/.test(link)).filter((link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? file : relative(root, join(root, dirname(file), path))
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
    })
    expect(dead).toEqual([])
  })
  test('every page is linked from somewhere', () => {
    const linked = new Set(texts.flatMap((f) => linksOf(read(f)).map((l) => relative(root, join(root, dirname(f), l.split('#')[0] ?? '')))))
    expect(texts.filter((f) => f !== 'README.md' && !linked.has(f) && !f.startsWith('docs/decisions/'))).toEqual([])
  })
})

describe('words', () => {
  test('the old names of the two states stand in the glossary only', () => {
    const found = [...texts, ...examples.filter((f) => /\.(yaml|service)$/.test(f))].flatMap((f) => read(f).split('\n').flatMap((line) => (/\bMASTER\b/.test(line) ? [`${f}: ${line}`] : [])))
    expect(found.map((l) => l.slice(0, 40))).toEqual(['docs/concepts.md: | active, backup | The'])
  })
  test('no password is shown', () => {
    expect(texts.flatMap((f) => [...read(f).matchAll(/changeme|hunter2|password: *['"]?[a-z0-9]{4,}['"]?$/gim)].map((m) => `${f}: ${m[0]}`))).toEqual([])
  })
  test('the bench has its place in the README', () => expect(read('README.md')).toMatch(/<!-- bench:begin -->[\s\S]*<!-- bench:end -->/))
})

describe('facts that stand in the code, too', () => {
  const troubleshooting = read('docs/troubleshooting.md')
  // The socket drops these before anybody counts them.
  const silent = ['ip-header', 'fragment', 'hop-limit', 'vrid']
  const names = [...(/type Reject =([\s\S]*?)\n\n/.exec(read('daemon/wire/reject.ts'))?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map((m) => m[1] ?? '')
  test.each(names.filter((n) => !silent.includes(n)))('refused because of %s', (name) => expect(troubleshooting).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|.*\\|.*\\|$`, 'm')))
  test('there are some', () => expect(names.length).toBeGreaterThan(10))
  test('the name of a macvlan', () => expect(read('docs/concepts.md')).toContain(`\`${macvlanName('eth0', 4, 53)}\``))
  test('the unit of the daemon: reload, rights, real time', () => {
    const unit = read('docs/examples/understudy.service')
    for (const line of ['ExecReload=/bin/kill -HUP $MAINPID', 'AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW', 'CPUSchedulingPolicy=rr', 'SystemCallFilter=sched_setscheduler sched_setparam sched_setattr setpriority', 'MemorySwapMax=0']) expect(unit).toContain(`\n${line}\n`)
  })
})

describe('reading Markdown', () => {
  test('fences', () => expect(fencesOf('a\n```yaml\nb: 1\n```\n')).toEqual([{ language: 'yaml', text: 'b: 1', line: 2 }]))
  test('links, but not in code', () => expect(linksOf('[a](b.md#c) `[x](y)`\n```\n[z](w)\n```\n')).toEqual(['b.md#c']))
  test('anchors', () => expect(anchorsOf('# The name server\n\n## `order/<group>`\n')).toEqual(['the-name-server', 'ordergroup']))
  test('words of a command', () => expect(wordsOf('understudy order set dns \'#a\' b --reason "new kernel" # so')).toEqual(['understudy', 'order', 'set', 'dns', '#a', 'b', '--reason', 'new kernel']))
})
