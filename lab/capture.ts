/** Packets as the kernel of one machine receives them, with their times, while they come. Needs `dumpcap`. */
import path from 'node:path'
import { wallMinusMonotonic } from './clock.ts'
import type { Lab, Machine } from './net.ts'
import { program } from './program.ts'

/** Of a pcap file and of each packet in it; written here in the machine's own order of bytes, which is little-endian. */
const FILE_HEADER = 24, RECORD_HEADER = 16

/** `at`: milliseconds of the monotonic clock. False where there is no program to listen with. */
export function startCapture(
  lab: Lab, machine: Machine, filter: string, packet: (frame: Buffer, at: number) => void, link = 'eth0',
): boolean {
  const dumpcap = program('dumpcap')
  if (!dumpcap) return false
  let rest = Buffer.alloc(0), header = false
  lab.start(machine, [dumpcap, '-q', '-i', link, '-P', '-w', '-', '-f', filter], {
    log: path.join(lab.directory, 'dumpcap.log'),
    onBytes(bytes) {
      rest = Buffer.concat([rest, bytes])
      if (!header && rest.length >= FILE_HEADER) {
        header = true
        rest = rest.subarray(FILE_HEADER)
      }
      while (header && rest.length >= RECORD_HEADER) {
        const size = RECORD_HEADER + rest.readUInt32LE(8)
        if (rest.length < size) return
        const at = rest.readUInt32LE(0) * 1000 + rest.readUInt32LE(4) / 1000 - wallMinusMonotonic
        packet(rest.subarray(RECORD_HEADER, size), at)
        rest = rest.subarray(size)
      }
    },
  })
  return true
}
