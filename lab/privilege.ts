/** The right to make networks: root has it; anybody else gets it inside a user namespace, where the kernel allows that. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** Exit code when networks may not be made here: EX_NOPERM of sysexits.h. */
export const NOT_ALLOWED = 77

export const NOT_ALLOWED_MESSAGE = `This needs network namespaces, and this user may not make any.
Either run it as root, or allow user namespaces for ordinary users. One of these does, as root:
  sysctl -w kernel.unprivileged_userns_clone=1              (Debian)
  sysctl -w kernel.apparmor_restrict_unprivileged_userns=0  (Ubuntu 24.04 and later)
  sysctl -w user.max_user_namespaces=10000                  (where it was set to 0)
In a container: start it with --privileged.`

/** CAP_NET_ADMIN and CAP_SYS_ADMIN, bits 12 and 21 of capabilities(7). */
const NEEDED = (1n << 12n) | (1n << 21n)

/** May this very process make network namespaces? */
export function mayMakeNetworks(status = readFileSync('/proc/self/status', 'utf8')): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return (effective & NEEDED) === NEEDED
}

/**
 * Returns when this process may make networks. Otherwise starts the same command again in namespaces of its own (user,
 * network, mount; /run is an empty tmpfs there, where `ip netns` keeps its names) and exits as that one does.
 */
export async function haveNetworkRights(): Promise<void> {
  if (mayMakeNetworks()) return
  const wrapper = ['-Urnm', '--', 'sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$@"', 'sh']
  if (process.env.UNDERSTUDY_LAB === 'inside' || spawnSync('unshare', [...wrapper, 'true']).status !== 0) {
    process.stderr.write(`${NOT_ALLOWED_MESSAGE}\n`)
    process.exit(NOT_ALLOWED)
  }
  const child = spawn('unshare', [...wrapper, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, UNDERSTUDY_LAB: 'inside' } })
  // A terminal sends Ctrl-C to both of us; other senders know only us.
  const forward = (signal: NodeJS.Signals) => { if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal) }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward)
  process.exit(await new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  }))
}

/** What measures runs before everything that has no deadline, where this user may ask for that (root may). */
export function punctually(): readonly string[] {
  const ahead = ['--fifo', '60']
  return spawnSync('chrt', [...ahead, 'true']).status === 0 ? ['chrt', ...ahead] : []
}
