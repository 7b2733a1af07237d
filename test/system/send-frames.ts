/** node send-frames.ts: sends each line of hexadecimal digits as a frame on eth0, and answers each with "sent". */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { createInterface } from 'node:readline'
import * as kernel from '../../daemon/io/kernel.ts'

const AF_PACKET = 17, SOCK_RAW = 3
const socket = kernel.openSocket(AF_PACKET, SOCK_RAW, 0)
const to = Buffer.alloc(20) // struct sockaddr_ll
to.writeUInt16LE(AF_PACKET, 0)
to.writeInt32LE(kernel.interfaceIndex('eth0'), 4)
to.writeUInt8(6, 11)

process.stdout.write('ready\n')
createInterface(process.stdin).on('line', (line) => {
  const frame = Buffer.from(line, 'hex')
  frame.copy(to, 12, 0, 6)
  kernel.sendTo(socket, frame, to)
  process.stdout.write('sent\n')
})
