/** One daemon for a cluster on a host: two would put back what the other takes away. */
import { createServer } from 'node:net'

/**
 * A name in the abstract namespace of Unix sockets, which the kernel keeps for each network namespace and frees when the
 * process ends, however it does. False: another daemon has it.
 */
export function onlyOne(cluster: string): Promise<{ release(): void } | false> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(false))
    server.listen(`\0understudy/${cluster}`, () => {
      server.unref()
      resolve({ release: () => void server.close() })
    })
  })
}
