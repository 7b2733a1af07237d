/** The system calls that Node does not offer, through koffi. Synchronous; each takes microseconds. Linux, little-endian. */
import { arch } from 'node:os'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const socketCall = libc.func('int socket(int domain, int type, int protocol)')
const bindCall = libc.func('int bind(int fd, const void *address, uint32_t length)')
const sendToCall = libc.func('intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t size)')
const recvCall = libc.func('intptr_t recv(int fd, _Out_ void *data, size_t length, int flags)')
const setOptionCall = libc.func('int setsockopt(int fd, int level, int option, const void *value, uint32_t length)')
const ownAddressCall = libc.func('int getsockname(int fd, _Out_ void *address, _Inout_ uint32_t *length)')
const closeCall = libc.func('int close(int fd)')
const ifIndexCall = libc.func('uint32_t if_nametoindex(const char *name)')
const prctlCall = libc.func('int prctl(int option, uint64_t value)')
const classCall = libc.func('int sched_getscheduler(int pid)')
const schedulerCall = libc.func('int sched_setscheduler(int pid, int policy, const void *parameter)')
/** Without a wrapper of its own in glibc before 2.41. */
const setAttributesCall = libc.func('intptr_t syscall(intptr_t number, int pid, const void *attributes, uint32_t flags)')
const SCHED_SETATTR = arch() === 'arm64' ? 274 : 314
const timeCall = libc.func('int clock_gettime(int clock, void *time)')
const lockCall = libc.func('int mlock2(uintptr_t address, size_t length, uint32_t flags)')

/** A system call that failed, with its errno. */
export class SystemError extends Error {
  readonly errno: number
  constructor(call: string, errno: number) {
    super(`${call}: ${errnoName(errno)}`)
    this.errno = errno
  }
}
const errnoName = (n: number): string => Object.entries(koffi.os.errno).find(([, value]) => value === n)?.[0] ?? `errno ${n}`
const checked = (call: string, result: number): number => {
  if (result < 0) throw new SystemError(call, koffi.errno())
  return result
}

export const MSG_DONTWAIT = 0x40
export const { EAGAIN, ENODEV } = koffi.os.errno as Record<string, number>

export const openSocket = (domain: number, type: number, protocol: number): number => checked('socket', socketCall(domain, type, protocol))
export const bindSocket = (fd: number, address: Uint8Array): void => void checked('bind', bindCall(fd, address, address.length))
export const sendTo = (fd: number, data: Uint8Array, address: Uint8Array): number => checked('sendto', Number(sendToCall(fd, data, data.length, 0, address, address.length)))
/** Bytes received into `buffer`; undefined where nothing waits (with MSG_DONTWAIT). */
export function receive(fd: number, buffer: Uint8Array, flags: number): number | undefined {
  const n = Number(recvCall(fd, buffer, buffer.length, flags))
  if (n < 0 && koffi.errno() === EAGAIN) return undefined
  return checked('recv', n)
}
export const setOption = (fd: number, level: number, option: number, value: Uint8Array): void =>
  void checked('setsockopt', setOptionCall(fd, level, option, value, value.length))
export function ownAddress(fd: number, length: number): Uint8Array {
  const address = new Uint8Array(length)
  checked('getsockname', ownAddressCall(fd, address, [length]))
  return address
}
export const closeSocket = (fd: number): void => void closeCall(fd)
/** 0 where there is no such interface. */
export const interfaceIndex = (name: string): number => ifIndexCall(name)

/** Of this thread: SCHED_OTHER is 0; with SCHED_RESET_ON_FORK where that is set. */
export const schedulingClass = (): number => checked('sched_getscheduler', classCall(0))
/** Only this thread, the one of the election: struct sched_param holds the priority. */
export const schedule = (policy: number, priority: number): void =>
  void checked('sched_setscheduler', schedulerCall(0, policy, new Uint8Array(new Int32Array([priority]).buffer)))

/**
 * Only this thread: an ordinary one of that niceness. Linux 6.12 and later let what asks for short slices run before what
 * asks for longer ones, as soon as it wakes (sched_runtime in sched_setattr(2)). What it starts is as ordinary as any.
 */
export function scheduleSoon(niceness: number, sliceNanoseconds: number): void {
  const SIZE = 48, SCHED_FLAG_RESET_ON_FORK = 1n, b = new DataView(new ArrayBuffer(SIZE)) // struct sched_attr
  b.setUint32(0, SIZE, true)
  b.setBigUint64(8, SCHED_FLAG_RESET_ON_FORK, true)
  b.setInt32(16, niceness, true)
  b.setBigUint64(24, BigInt(sliceNanoseconds), true)
  checked('sched_setattr', Number(setAttributesCall(SCHED_SETATTR, 0, new Uint8Array(b.buffer), 0)))
}

const MLOCK_ONFAULT = 1
/** Pages of this range stay in memory from when they are first used; none is fetched for it. */
export const lockOnFault = (start: number, length: number): void =>
  void checked('mlock2', lockCall(start, length, MLOCK_ONFAULT))

const CLOCK_BOOTTIME = 7
/** struct timespec: seconds and nanoseconds, 64 bits each. */
const time = new BigInt64Array(2), timeWords = new Uint32Array(time.buffer)
/** Milliseconds since the machine was started, those included in which it was suspended. */
export function sinceBoot(): number {
  timeCall(CLOCK_BOOTTIME, timeWords)
  return ((timeWords[0] ?? 0) + (timeWords[1] ?? 0) * 2 ** 32) * 1000 + (timeWords[2] ?? 0) / 1e6
}

/** Nobody changes it: waiting on it is sleeping, to some 30 µs, without taking the processor. */
const cell = new Int32Array(new SharedArrayBuffer(4))
/** Stops this thread. */
export const sleep = (milliseconds: number): void => void Atomics.wait(cell, 0, 0, milliseconds)

const PR_SET_TIMERSLACK = 29
/** Only this thread: by how much the kernel may delay what sleeps here, to wake several at once; by default 50 µs. */
export const setTimerSlack = (nanoseconds: number): void => void checked('prctl', prctlCall(PR_SET_TIMERSLACK, nanoseconds))

export interface BpfInstruction { readonly code: number; readonly jt: number; readonly jf: number; readonly k: number }

/**
 * struct sock_fprog for SO_ATTACH_FILTER: the length of a classic BPF program and a pointer to it. The kernel copies the
 * program during the call; `keep` holds the memory until then.
 */
export function filterProgram(program: readonly BpfInstruction[]): { readonly value: Buffer; readonly keep: unknown } {
  const code = koffi.alloc('uint8_t', program.length * 8)
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach((i, n) => {
    bytes.writeUInt16LE(i.code, n * 8)
    bytes.writeUInt8(i.jt, n * 8 + 2)
    bytes.writeUInt8(i.jf, n * 8 + 3)
    bytes.writeUInt32LE(i.k, n * 8 + 4)
  })
  koffi.encode(code, koffi.array('uint8_t', bytes.length), [...bytes])
  const value = Buffer.alloc(16)
  value.writeUInt16LE(program.length, 0)
  value.writeBigUInt64LE(koffi.address(code), 8)
  return { value, keep: code }
}
