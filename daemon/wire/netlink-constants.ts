/** Numbers of Linux's rtnetlink (linux/netlink.h, rtnetlink.h, if_addr.h, if_link.h, if.h). */

/** Netlink speaks the host's byte order; every machine we run on (x86-64, arm64, riscv64) is little-endian. */
export const LITTLE = true

/** In seconds; 2^32 - 1 means for ever. */
export type Lifetime = number | 'forever'
export const FOREVER = 0xffff_ffff

export const AF_INET = 2
export const AF_INET6 = 10

/** nlmsg_type */
export const Type = {
  error: 2, done: 3, overrun: 4,
  newLink: 16, deleteLink: 17, getLink: 18,
  newAddress: 20, deleteAddress: 21, getAddress: 22,
  newRoute: 24, getRoute: 26,
} as const

/** nlmsg_flags */
export const Flag = {
  request: 0x001, acknowledge: 0x004, dumpInterrupted: 0x010, dump: 0x300,
  replace: 0x100, exclusive: 0x200, create: 0x400,
} as const

/** nl_groups to bind to, to hear of every link and every address of both families. */
export const LINKS_AND_ADDRESSES = 0x1 | 0x10 | 0x100

/** IFA_F_… */
export const AddressFlag = {
  noDuplicateDetection: 0x02, duplicate: 0x08, deprecated: 0x20, tentative: 0x40, permanent: 0x80, noPrefixRoute: 0x200,
} as const

/** RT_SCOPE_… */
export const Scope = { global: 0, link: 253, host: 254 } as const

/** struct rtattr: its header in bytes, and the bits of its type that are not flags. */
export const Attribute = { header: 4, typeMask: 0x3fff } as const

/** IFA_… */
export const AddressAttribute = { address: 1, local: 2, label: 3, cacheInfo: 6, flags: 8, protocol: 11 } as const

/** RTA_DST, and RTN_LOCAL: a route to this host itself. */
export const RouteAttribute = { destination: 1 } as const
export const ROUTE_TO_SELF = 2

/** IFLA_…, IFLA_INFO_…, IFLA_MACVLAN_… */
export const LinkAttribute = {
  address: 1, name: 3, mtu: 4, link: 5, linkInfo: 18, extensionMask: 29,
  infoKind: 1, infoData: 2,
  macvlanMode: 1,
} as const

/** Private: interfaces of one parent do not hear each other. Bridge: they do. */
export const MacvlanMode = { private: 1, bridge: 4 } as const

export const IFF_UP = 0x1
export const IFF_RUNNING = 0x40
export const IFF_LOWER_UP = 0x1_0000
