/** One listener for each URL of `broker.listen`: TCP, TLS, WebSocket, WebSocket over TLS. */
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { CONNECT_TIMEOUT } from './limits.ts'

export interface Listener {
  /** With the port in use, also where 0 was asked for. */
  readonly url: string
  readonly port: number
  readonly server: Server
}

export interface ListenOptions {
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined
  readonly packetBytes: number
  /** Called with each server before it listens. */
  watch(server: Server): void
  connection(stream: Duplex, address: string | undefined): void
}

export async function listen(url: string, o: ListenOptions): Promise<Listener> {
  const { protocol, hostname, port: wanted } = parts(url)
  const server = serverFor(protocol, o)
  o.watch(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (e: NodeJS.ErrnoException) => {
      reject(new Error(`cannot listen on ${url}: ${e.code === 'EADDRINUSE' ? 'another program does already' : e.message}`))
    })
    server.listen({ port: wanted, host: hostname }, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { url: url.replace(/:\d+$/, `:${port}`), port, server }
}

function parts(url: string): { protocol: string; hostname: string; port: number } {
  const found = /^(mqtts?|wss?):\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/.exec(url)
  if (!found) throw new Error(`cannot listen on ${url}: want e.g. mqtt://0.0.0.0:1883`)
  return { protocol: found[1] ?? '', hostname: found[2] ?? found[3] ?? '', port: Number(found[4]) }
}

function serverFor(protocol: string, o: ListenOptions): Server {
  const take = (socket: Socket) => o.connection(socket, socket.remoteAddress)
  switch (protocol) {
    case 'mqtt': return createTcpServer({ noDelay: true }, take)
    case 'mqtts': return createTlsServer({ ...credentials(o), noDelay: true, handshakeTimeout: CONNECT_TIMEOUT }, take)
    case 'ws': return webSockets(createHttpServer(PATIENCE), o)
    default: return webSockets(createHttpsServer({ ...credentials(o), ...PATIENCE, handshakeTimeout: CONNECT_TIMEOUT }), o)
  }
}

/** For the request that becomes a WebSocket. */
const PATIENCE = {
  headersTimeout: CONNECT_TIMEOUT, requestTimeout: CONNECT_TIMEOUT, connectionsCheckingInterval: 1000, maxHeaderSize: 8192,
}

function webSockets(server: ReturnType<typeof createHttpServer>, o: ListenOptions): Server {
  const sockets = new WebSocketServer({
    server,
    maxPayload: o.packetBytes + 5,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  })
  sockets.on('error', () => {}) // the server's own listener reports it
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => {})
    o.connection(createWebSocketStream(socket), request.socket.remoteAddress)
  })
  server.on('request', (_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' })
    response.end('This is an MQTT broker: connect with a WebSocket client.\n')
  })
  return server
}

function credentials(o: ListenOptions): { cert: Buffer; key: Buffer } {
  if (!o.tls) throw new Error('TLS needs a certificate: write broker.tls: {certificate: …, key: …}')
  return { cert: readFileSync(o.tls.certificate), key: readFileSync(o.tls.key) }
}
