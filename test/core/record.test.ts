/** A recorded run can be played again; a changed election shows. */
import { describe, expect, test } from 'vitest'
import { ms, seconds } from '../../contract/time.ts'
import { createRecord, replay } from '../../daemon/record.ts'
import { clusterOf, stage } from './stage.ts'
import { bytes } from '../wire/captures.ts'

/** a serves, falters and stops; b takes over. What both recorded, b's lines behind a's. */
function run(router = '', password?: Uint8Array): { readonly a: string[]; readonly b: string[] } {
  const lines = { a: [] as string[], b: [] as string[] }
  const { lan, hosts } = stage(clusterOf('a, b', router), {
    witnesses: (host) => [createRecord((line) => lines[host as 'a' | 'b'].push(line))], ...(password ? { password } : {}),
  })
  for (const h of hosts) h.start()
  lan.run(seconds(10))
  const [a, b] = hosts
  for (const m of a?.members ?? []) {
    m.params = { ...m.params, priority: 50, cause: 'check-failed', bandFloor: 40 }
    a?.runtime.input(m, { is: 'retuned' })
  }
  lan.run(seconds(5))
  for (const m of a?.members ?? []) a?.runtime.input(m, { is: 'lost', why: 'interface-down' })
  for (const m of b?.members ?? []) b?.runtime.input(m, { is: 'shutdown' })
  lan.run(seconds(10))
  return lines
}

describe('a recorded run of two hosts', () => {
  test.each([['version 3', ''], ['version 3 over both families', ', election: per-family'], ['version 2', ', version: 2']])(
    'replays without differences: %s', (_, router) => {
      const { a, b } = run(router)
      expect(a.join('')).toContain('"why":"check-failed"')
      expect(b.join('')).toContain('"why":"stopped"')
      for (const lines of [a, b]) expect(replay(lines)).toEqual({ steps: lines.length, differences: [] })
    })

  test('each line is one JSON object; the parameters stand where they are new', () => {
    const { a } = run()
    expect(a.every((line) => line.endsWith('}\n') && !line.slice(0, -1).includes('\n'))).toBe(true)
    expect(a.filter((line) => line.includes('"params"')).length).toBe(2)
  })

  test('a changed election shows: each difference by its line', () => {
    const { b } = run()
    const takeover = b.findIndex((line) => line.includes('"why":"active-failing"'))
    const tampered = b.map((line, i) => (i === takeover ? line.replace('"do":"claim"', '"do":"announce"') : line))
    const { steps, differences } = replay(tampered)
    expect(steps).toBe(b.length)
    expect(differences).toEqual([{
      line: takeover + 1,
      was: [{ do: 'announce' }, { do: 'advertise', priority: 240 },
        { do: 'report', from: 'backup', to: 'active', why: 'active-failing' }],
      is: [{ do: 'claim' }, { do: 'advertise', priority: 240 },
        { do: 'report', from: 'backup', to: 'active', why: 'active-failing' }],
    }])
    // Other parameters are another election: the same inputs lead elsewhere.
    expect(replay(b.map((line) => line.replace('"priority":240,"cause"', '"priority":90,"cause"'))).differences.length)
      .toBeGreaterThan(0)
  })

  test('empty lines are skipped, a beginning without parameters is refused', () => {
    const { a } = run()
    expect(replay(['', '\n', ...a, '']).differences).toEqual([])
    expect(() => replay(a.slice(1))).toThrow('without parameters')
  })

  test('the password of version 2 is not in it', () => {
    const { b } = run(', version: 2', bytes('7365637265743132'))
    expect(b.join('')).not.toMatch(/password|115,101,99|"0":115/)
  })
})

test('addresses of IPv6 hosts survive the way through JSON', () => {
  const lines: string[] = []
  const { lan, hosts } = stage(clusterOf('a, b', ', version: 3', '"fd00::100/64"'), {
    witnesses: (host) => (host === 'b' ? [createRecord((line) => lines.push(line))] : []),
  })
  hosts[1]?.start()
  lan.run(ms(4000))
  expect(lines.join('')).toContain('{"bigint":"338288524927261089654018896841347694594"}') // fe80::2
  expect(replay(lines).differences).toEqual([])
})
