/** The part of raw-socket 1.8.1 that we use; the package has no types of its own. */
declare module 'raw-socket' {
  interface Socket {
    on(event: 'error', f: (error: unknown) => void): void
    setOption(level: number, option: number, value: Buffer, length: number): void
    setOption(level: number, option: number, value: number): void
    close(): void
    /** The native socket behind the queue. Throws what the system call says. */
    readonly wrap: {
      send(buffer: Buffer, offset: number, length: number, address: string, sent: (bytes: number) => void): void
      recv(into: Buffer, received: (buffer: Buffer, bytes: number, source: string) => void): void
      /** Whether the native side calls no more when something can be read, or written. */
      pause(recv: boolean, send: boolean): void
      /** What the native side calls: `recvReady`, `sendReady`, `error`, `close`. */
      emit(event: string, ...about: unknown[]): boolean
    }
  }
  const raw: {
    createSocket(o: { protocol: number; addressFamily: number }): Socket
    readonly AddressFamily: { readonly IPv4: number; readonly IPv6: number }
  }
  export default raw
}
