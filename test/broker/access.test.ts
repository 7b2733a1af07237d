import { describe, expect, test } from 'vitest'
import { LOCAL, mayRead, mayWrite, type Account, type Actor } from '../../broker/access.ts'

const dns1: Account = { name: 'dns1', role: 'daemon' }
const email: Account = { name: 'email', role: 'handler' }
const operator: Account = { name: 'anna', role: 'operator' }
const viewer: Account = { name: 'tv', role: 'viewer' }
const everybody = { dns1, email, operator, viewer, local: LOCAL }
const may = (ask: (actor: Actor) => boolean) =>
  Object.entries(everybody).filter(([, actor]) => ask(actor)).map(([who]) => who).join(' ')

describe('who may write', () => {
  test.each([
    ['u/c/order/dns', 'operator local'],
    ['u/c/maintenance/dns1', 'operator local'],
    ['u/c/host/dns1/availability', 'dns1 local'],
    ['u/c/host/dns1/router/v4', 'dns1 local'],
    ['u/c/host/dns1/check/dns', 'dns1 local'],
    ['u/c/host/dns1/order/dns', 'dns1 local'],
    ['u/c/host/dns1/event', 'dns1 local'],
    ['u/c/host/dns2/event', 'local'],
    ['u/c/host/email/event', 'local'],
    ['u/c/host/DNS1/event', 'local'],
    ['u/c/receipt/email/dns1', 'email local'],
    ['u/c/receipt/log/dns1', 'local'],
    ['u/c/dead-letter/email', 'email local'],
    ['u/c/dead-letter/log', 'local'],
    ['u/c/host/dns1/event/more', 'local'],
    ['u/c/host/dns1', 'local'],
    ['u/c/order', 'local'],
    ['u/c/order/', 'local'],
    ['u/other/order/dns', 'local'],
    ['u/c', 'local'],
    ['$SYS/x', ''],
    ['$share/u/c/order/dns', ''],
  ])('%s: %s', (topic, who) => expect(may((a) => mayWrite('u/c', a, topic))).toBe(who))
})

describe('who may subscribe to', () => {
  test.each([
    ['u/c/order/dns', 'dns1 email operator viewer local'],
    ['u/c/order/+', 'dns1 email operator viewer local'],
    ['u/c/host/+/availability', 'dns1 email operator viewer local'],
    ['u/c/host/+/router/#', 'dns1 email operator viewer local'],
    ['u/c/host/+/event', 'email operator viewer local'],
    ['u/c/host/dns1/event', 'email operator viewer local'],
    ['u/c/host/dns1/+', 'email operator viewer local'],
    ['u/c/host/dns1/#', 'email operator viewer local'],
    ['u/c/receipt/+/dns1', 'dns1 operator viewer local'],
    ['u/c/dead-letter/+', 'email operator viewer local'],
    ['u/c/#', 'operator viewer local'],
    ['u/c/+/dns', 'email operator viewer local'],
    ['u/c/nothing/such', 'local'],
    ['u/#', 'local'],
    ['#', 'local'],
    ['+/c/order/dns', 'local'],
    ['u/+/order/dns', 'local'],
    ['u/cc/order/dns', 'local'],
    ['$SYS/#', 'local'],
    ['$share/g/u/c/order/dns', ''],
  ])('%s: %s', (filter, who) => expect(may((a) => mayRead('u/c', a, filter))).toBe(who))
})
