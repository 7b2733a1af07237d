import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { sleep, until } from '../../lab/clock.ts'
import { createLab } from '../../lab/net.ts'
import { mayMakeNetworks, NOT_ALLOWED, NOT_ALLOWED_MESSAGE } from '../../lab/privilege.ts'
import { startNameServer } from '../../lab/name-server.ts'
import { startProbe } from '../../lab/probe.ts'

const program = `${import.meta.dirname}/lab-that.ts`
const rights = mayMakeNetworks()
if (!rights) process.stderr.write('skipped, for want of root: whether networks are removed, what the client counts in one\n')

interface Lab { readonly prefix: string; readonly pid: number; readonly addresses: readonly string[] }

async function labThat(ending: string, command: readonly string[] = []) {
  const words = [...command, process.execPath, program, ending]
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal)
  let complaint = ''
  child.stderr.on('data', (bytes) => { complaint += bytes })
  const line = await new Promise<string>((resolve) => {
    createInterface(child.stdout).once('line', resolve)
    ended.then(() => resolve(''))
  })
  return { child, ended, lab: (line === '' ? undefined : JSON.parse(line)) as Lab | undefined, complaint: () => complaint }
}

const names = () => (existsSync('/run/netns') ? readdirSync('/run/netns') : [])
const namespaces = (prefix = '?') => names().filter((name) => name.startsWith(prefix))
/** An orphan that has ended stays in /proc until somebody collects it. */
function alive(pid = 0): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe.skipIf(!rights)('a lab', () => {
  it.each([
    ['closes', 0], ['exits', 0], ['throws', 1], ['rejects', 1],
  ])('is gone with all its processes when its program %s', async (ending, code) => {
    const { ended, lab } = await labThat(ending)
    expect(await ended).toBe(code)
    expect(lab?.addresses).toEqual(['10.53.0.90', 'fd53::90'])
    expect(namespaces(lab?.prefix)).toEqual([])
    expect(await until(() => !alive(lab?.pid), 1000)).toBe(true)
  })

  it.each([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const)('is gone after %s', async (signal, code) => {
    const { child, ended, lab } = await labThat('waits')
    expect(namespaces(lab?.prefix)).toHaveLength(5)
    child.kill(signal)
    expect(await ended).toBe(code)
    expect(namespaces(lab?.prefix)).toEqual([])
    expect(await until(() => !alive(lab?.pid), 1000)).toBe(true)
  })

  it('whose program was killed loses its processes at once, and its namespaces when the next lab is made', async () => {
    const { child, ended, lab } = await labThat('waits')
    child.kill('SIGKILL')
    await ended
    expect(await until(() => !alive(lab?.pid), 1000)).toBe(true)
    expect(namespaces(lab?.prefix)).toHaveLength(5)
    await (await labThat('closes')).ended
    expect(namespaces(lab?.prefix)).toEqual([])
  })

  it('leaves another one alone', async () => {
    const first = await labThat('waits'), second = await labThat('closes')
    await second.ended
    expect(namespaces(first.lab?.prefix)).toHaveLength(5)
    first.child.kill('SIGTERM')
    await first.ended
  })
})

describe.skipIf(!rights)('in a lab', () => {
  const lab = rights ? createLab(['one', 'two']) : undefined
  afterAll(() => lab?.close())

  it('a crash ends every process of the host, takes its addresses, and leaves its neighbour alone', async () => {
    if (!lab) return
    const one = lab.host('one'), two = lab.host('two')
    const victim = lab.start(one, ['sleep', '1000']), neighbour = lab.start(two, ['sleep', '1000'])
    lab.output(one, ['ip', 'addr', 'add', '10.53.0.210/24', 'dev', 'eth0'])
    expect(lab.addresses(one)).toEqual(['10.53.0.11', '10.53.0.210', 'fd53::11'])
    lab.crash(one)
    expect(await victim.ended).toBe('SIGKILL')
    expect(lab.addresses(one)).toEqual(['10.53.0.11', 'fd53::11'])
    expect(neighbour.alive).toBe(true)
    lab.plug(one)
    await neighbour.kill()
  })

  it.each(['silent', 'carrier'] as const)('the client counts a hole of 300 ms as what it is (%s)', async (how) => {
    if (!lab) return
    const one = lab.host('one')
    const server = await startNameServer(lab, one, [], 'built-in')
    const probe = startProbe(lab, lab.client, [one.ipv4, one.ipv6])
    expect(await until(async () => (await probe.report()).addresses[one.ipv6]?.answered !== 0, 5000)).toBe(true)
    await probe.mark()
    await sleep(200)
    const cut = lab.cut(one, how)
    await sleep(300)
    const plugged = lab.plug(one)
    await sleep(300)
    const report = await probe.report()
    for (const address of [one.ipv4, one.ipv6]) {
      const tally = report.addresses[address]
      // Cutting and plugging take some milliseconds each, and the client may have been late.
      expect(Math.abs((tally?.longest ?? 0) - (plugged - cut))).toBeLessThan(20 + report.slip)
      expect(Math.abs((tally?.lost ?? 0) - (tally?.longest ?? 0))).toBeLessThan(5 + report.slip)
      expect(Object.keys(tally?.hosts ?? {})).toEqual(['one'])
    }
    await probe.stop()
    await server.stop()
  })
})

describe('without the right to make networks', () => {
  const root = process.getuid?.() === 0
  const powerless = root ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'] : []
  const nobody = root ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : []
  const [first = 'unshare', ...rest] = [...nobody, 'unshare', '-Urnm', process.execPath, '--check', program]
  const userNamespaces = spawnSync(first, rest).status === 0 // and that user may read the program

  it('knows so from the capabilities of the process', () => {
    expect(mayMakeNetworks('CapEff:\t000001ffffffffff\n')).toBe(true)
    expect(mayMakeNetworks('CapEff:\t0000000000201000\n')).toBe(true) // CAP_NET_ADMIN and CAP_SYS_ADMIN
    expect(mayMakeNetworks('CapEff:\t0000000000001000\n')).toBe(false) // CAP_NET_ADMIN alone, as many containers have it
    expect(mayMakeNetworks('CapEff:\t0000000000000000\n')).toBe(false)
  })

  it('says what to do, and ends with a code of its own, where user namespaces do not help either', async () => {
    const { ended, lab, complaint } = await labThat('closes', [...powerless, 'env', 'UNDERSTUDY_LAB=inside'])
    expect(await ended).toBe(NOT_ALLOWED)
    expect(lab).toBeUndefined()
    expect(complaint()).toBe(`${NOT_ALLOWED_MESSAGE}\n`)
  })

  it.skipIf(!userNamespaces)('makes its network in a user namespace', async () => {
    const { ended, lab } = await labThat('closes', nobody)
    expect(await ended).toBe(0)
    expect(lab?.addresses).toEqual(['10.53.0.90', 'fd53::90'])
  })

  it.skipIf(!userNamespaces)('passes signals on to the process in it, and its code back', async () => {
    const { child, ended, lab } = await labThat('waits', nobody)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(await until(() => !alive(lab?.pid), 1000)).toBe(true)
  })
})
