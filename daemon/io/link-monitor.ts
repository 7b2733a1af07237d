/** What happens to interfaces and addresses, as the kernel tells it over netlink, read in the thread pool of Node. */
import { read } from 'node:fs'
import type { LinkMonitor, LinkState, Log } from '../ports.ts'
import { LINKS_AND_ADDRESSES, parseNetlink, type LinkMessage, type NetlinkMessage } from '../wire/netlink.ts'
import type { Inventory } from './netlink.ts'
import * as kernel from './kernel.ts'

const AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, NETLINK_ROUTE = 0
const SOL_SOCKET = 1, SO_RCVBUF = 8, SO_RCVTIMEO = 20, SO_ATTACH_FILTER = 26
/** A blocked read ends after this, so that a process that could not `close` can; events themselves are never late. */
const READ_TIMEOUT_SECONDS = 5
/** Its time is over; or the process was stopped and went on, SIGSTOP and SIGCONT, which ends such a read too (signal(7)). */
const TRY_AGAIN = ['EAGAIN', 'EINTR']
/** struct nlmsghdr of NLMSG_NOOP: 16 bytes that mean nothing. */
const NOTHING = new Uint8Array([16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

export function openLinkMonitor(inventory: () => Inventory, log: Log): LinkMonitor {
  const fd = kernel.openSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
  const groups = new DataView(new ArrayBuffer(12)) // struct sockaddr_nl
  groups.setUint16(0, AF_NETLINK, true)
  groups.setUint32(8, LINKS_AND_ADDRESSES, true)
  kernel.bindSocket(fd, new Uint8Array(groups.buffer))
  kernel.setOption(fd, SOL_SOCKET, SO_RCVBUF, new Uint8Array(new Uint32Array([4 << 20]).buffer))
  kernel.setOption(fd, SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(new BigInt64Array([BigInt(READ_TIMEOUT_SECONDS), 0n]).buffer))

  const filter = kernel.filterProgram(notNewAddresses)
  kernel.setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter.value)

  const links = new Map<string, LinkMessage>()
  let closed = false
  const remember = () => {
    links.clear()
    for (const l of inventory().links) links.set(l.name, l)
  }
  remember()
  const state = (name: string): LinkState => ({ name, usable: isUsable(links.get(name)) })

  return {
    state,
    watch(o) {
      const nameOf = (index: number) => [...links.values()].find((l) => l.index === index)?.name
      const take = (m: NetlinkMessage) => {
        if (m.is === 'address' && m.event === 'deleted') {
          const name = nameOf(m.index)
          if (name !== undefined) o.removed(name, m.address)
        } else if (m.is === 'link') {
          const before = links.get(m.name)
          if (m.event === 'new') links.set(m.name, m)
          else links.delete(m.name)
          compare(m.name, before)
        } else if (m.is === 'overrun') lost()
      }
      /** An interface made anew has another index: what was open on it leads nowhere. */
      const compare = (name: string, before: LinkMessage | undefined) => {
        const now = links.get(name), was = isUsable(before)
        const anew = before !== undefined && now !== undefined && before.index !== now.index
        if (anew && was) o.changed({ name, usable: false })
        if (isUsable(now) !== (was && !anew)) o.changed(state(name))
        if (before && now && String(before.mac) !== String(now.mac)) o.readdressed(name)
      }
      /** While anything waits the kernel drops more without a word; and what waits is older than what it is asked next. */
      const discard = () => {
        for (let failures = 0; failures < 10;) {
          try {
            if (kernel.receive(fd, buffer, kernel.MSG_DONTWAIT) === undefined) return
          } catch {
            failures++
          }
        }
      }
      const lost = () => {
        log.warn({}, 'the kernel dropped notifications: comparing everything')
        discard()
        const before = new Map(links)
        remember()
        for (const name of new Set([...before.keys(), ...links.keys()])) compare(name, before.get(name))
        o.overrun()
      }
      const buffer = Buffer.alloc(1 << 16)
      const next = () => {
        if (closed) return
        read(fd, buffer, 0, buffer.length, null, (error, length) => {
          if (closed) return kernel.closeSocket(fd)
          if (error?.code === 'ENOBUFS') lost()
          else if (error && !TRY_AGAIN.includes(error.code ?? '')) return log.error({ error: String(error) }, 'cannot watch interfaces any more')
          else if (!error) for (const m of parseNetlink(buffer.subarray(0, length))) take(m)
          next()
        })
      }
      next()
    },
    close() {
      closed = true
      kernel.sendTo(fd, NOTHING, kernel.ownAddress(fd, 12)) // ends the read
    },
  }
}

const isUsable = (link: LinkMessage | undefined): boolean => link?.up === true && link.running

/**
 * Every renewal of a lease is told as a new address; with hundreds of routers that would wake us for nothing. The type of a
 * netlink message is in the host's order of bytes, a filter reads big-endian: RTM_NEWADDR, 20, looks like 0x1400.
 */
const notNewAddresses: readonly kernel.BpfInstruction[] = [
  { code: 0x28, jt: 0, jf: 0, k: 4 }, // ldh nlmsg_type
  { code: 0x15, jt: 1, jf: 0, k: 0x1400 },
  { code: 0x06, jt: 0, jf: 0, k: 0xffff_ffff }, // accept
  { code: 0x06, jt: 0, jf: 0, k: 0 }, // drop
]
