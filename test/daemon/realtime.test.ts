import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lockable } from '../../daemon/io/realtime.ts'

describe('what of /proc/self/maps can be locked', () => {
  test.each([
    ['code', '00400000-00746000 r-xp 00000000 fe:00 2146387 /usr/bin/node', 0x400000, 0x346000],
    ['constants', '7f8cabd9a000-7f8cabded000 r--p 0017c000 fe:00 339380 /usr/lib/libc.so.6', 0x7f8cabd9a000, 0x53000],
    ['variables', '7f8ca925f000-7f8ca9260000 rw-p 00116000 fe:00 5334 /opt/understudy/koffi.node', 0x7f8ca925f000, 0x1000],
    ['replaced by an update', '00400000-00401000 r--p 00000000 fe:00 7 /usr/bin/node (deleted)', 0x400000, 0x1000],
    ['a path with spaces', '00400000-00401000 r--p 00000000 fe:00 7 /opt/a b/dev/node', 0x400000, 0x1000],
    ['the heap of malloc', '27257000-274a1000 rw-p 00000000 00:00 0 [heap]', 0x27257000, 0x24a000],
  ])('%s', (_, line, start, length) => expect(lockable(`${line}\n`)).toEqual([{ start, length }]))

  test.each([
    ['no name: the heap of JavaScript, and stacks of threads', '23e9ff40000-23e9ff5f000 rw-p 00000000 00:00 0 '],
    ['code made at run time', '7f8c6c000000-7f8c8bdc0000 rwxp 00000000 00:00 0 '],
    ['a name that was given to such memory', '30f1f3c0000-30f1f400000 rw-p 00000000 00:00 0 [anon:v8]'],
    ['a gap in a library', '7f8ca925c000-7f8ca925d000 ---p 00114000 fe:00 5334750 /opt/understudy/koffi.node'],
    ['the stack', '7ffed0573000-7ffed0594000 rw-p 00000000 00:00 0 [stack]'],
    ['of the kernel: vvar', '7f8cac1df000-7f8cac1e3000 r--p 00000000 00:00 0 [vvar]'],
    ['of the kernel: vdso', '7f8cac1e5000-7f8cac1e7000 r-xp 00000000 00:00 0 [vdso]'],
    ['of the kernel: vsyscall', 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]'],
    ['a ring of io_uring', '7f8ca9305000-7f8ca9309000 rw-s 10000000 00:10 1901095 anon_inode:[io_uring]'],
    ['a shared file', '7f8ca9305000-7f8ca930d000 rw-s 00000000 fe:00 4711 /var/lib/understudy/outbox.db-shm'],
    ['a device', '7f8ca9305000-7f8ca9309000 rw-p 00000000 00:05 4 /dev/zero'],
    ['a memory file', '7f8ca9305000-7f8ca9309000 rw-p 00000000 00:01 1024 /memfd:code (deleted)'],
  ])('not %s', (_, line) => expect(lockable(`${line}\n`)).toEqual([]))

  test('all of several', () => {
    const maps = '1000-2000 r-xp 0 fe:00 1 /a\n2000-3000 rw-p 0 00:00 0 \n3000-5000 rw-p 0 00:00 0 [heap]\n'
    expect(lockable(maps)).toEqual([{ start: 0x1000, length: 0x1000 }, { start: 0x3000, length: 0x2000 }])
  })
  test('of this very process: tens of megabytes', () => {
    const total = lockable(readFileSync('/proc/self/maps', 'utf8')).reduce((sum, r) => sum + r.length, 0)
    expect(total).toBeGreaterThan(10e6)
  })
})
