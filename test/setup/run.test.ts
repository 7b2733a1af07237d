import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const root = new URL('../..', import.meta.url).pathname

// What the shell finds outside any setup: the machine's own programs.
const path = (process.env.PATH ?? '').split(':').filter((folder) => !/\.runtime|node_modules/.test(folder)).join(':')
const env = { ...process.env, PATH: path }

const setup = (...words: string[]) => {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync('sh', ['setup/run', ...words], { cwd: root, env, encoding: 'utf8' })
  return { status, stdout: stdout.trim(), stderr: stderr.trim(), ms: performance.now() - began }
}

describe('setup/run', () => {
  it('names the profiles when it does not know the one asked for', () => {
    const { status, stderr } = setup('holiday', '--', 'true')
    expect(status).toBe(2)
    expect(stderr).toContain("Unknown profile 'holiday'")
    expect(stderr).toContain('build|lab|test')
  })

  it('explains itself when no command follows', () => {
    const { status, stderr } = setup('test')
    expect(status).toBe(2)
    expect(stderr).toContain('Usage: sh setup/run')
  })

  it('runs the command with Node 24 or newer, whatever Node the machine has', () => {
    const { stdout } = setup('build', '--', 'node', '-p', 'process.versions.node')
    expect(Number.parseInt(stdout, 10)).toBeGreaterThanOrEqual(24)
  })

  it('installed packages that this Node can load, the compiled one included', () => {
    const { status, stdout } = setup('build', '--', 'node', '-p', "typeof require('raw-socket').createSocket")
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'function' })
  })

  // Other tests may hold the processors for a moment.
  it('is out of the way at once, and silent, when everything is there', { retry: 2 }, () => {
    const { status, stdout, stderr, ms } = setup('build', '--', 'echo', 'two words')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'two words', stderr: '' })
    expect(ms).toBeLessThan(2000)
  })

  it('ends as the command ends, which has its process id', () => {
    expect(setup('build', '--', 'sh', '-c', 'exit 7').status).toBe(7)
    const { stdout } = spawnSync('sh', ['-c', "echo $$; exec sh setup/run build -- sh -c 'echo $$'"], { cwd: root, env, encoding: 'utf8' })
    const [before, after] = stdout.trim().split('\n')
    expect(after).toBe(before)
  })
})
