/** A cable to a broker that can be cut for one client, and that leads to wherever the broker is now. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Cable {
  readonly port: number
  /** Cuts the connections whose CONNECT carries this client id (or starts with it): no goodbye reaches the broker. */
  cut(clientId: string): void
  /** From now on not a byte passes, and nobody is told: what a hanging broker or a lost network looks like. */
  freeze(): void
  /** Where the broker listens; undefined: nobody is there. */
  lead(port: number | undefined): void
  close(): Promise<void>
}

export async function layCable(): Promise<Cable> {
  let target: number | undefined
  let frozen = false
  const pairs = new Set<{ near: Socket; far: Socket; hello: string }>()
  const server = createServer((near) => {
    near.on('error', () => {})
    if (target === undefined) return void near.destroy()
    const far = connect(target, '127.0.0.1')
    const pair = { near, far, hello: '' }
    pairs.add(pair)
    near.once('data', (chunk: Buffer) => { pair.hello = chunk.toString('latin1') })
    far.on('error', () => {})
    near.on('close', () => { far.destroy(); pairs.delete(pair) })
    far.on('close', () => near.destroy())
    if (!frozen) near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return {
    port: (server.address() as AddressInfo).port,
    cut(clientId) {
      for (const { near, hello } of [...pairs]) if (hello.includes(clientId)) near.destroy()
    },
    freeze() {
      frozen = true
      for (const { near, far } of pairs) {
        near.unpipe(far).pause()
        far.unpipe(near).pause()
      }
    },
    lead(port) { target = port },
    async close() {
      for (const { near } of pairs) near.destroy()
      await new Promise((resolve) => { server.close(resolve) })
    },
  }
}
