import { describe, expect, test } from 'vitest'
import { matchTopic, topicOf, topics, type TopicName } from '../../contract/topics.ts'

const root = 'understudy/cam'
const table: readonly [string, TopicName, Record<string, string>][] = [
  ['understudy/cam/order/dns', 'order', { group: 'dns' }],
  ['understudy/cam/maintenance/dns1', 'maintenance', { host: 'dns1' }],
  ['understudy/cam/host/dns1/availability', 'availability', { host: 'dns1' }],
  ['understudy/cam/host/dns1/router/resolver', 'router', { host: 'dns1', router: 'resolver' }],
  ['understudy/cam/host/dns1/check/named', 'check', { host: 'dns1', check: 'named' }],
  ['understudy/cam/host/dns1/order/dns', 'orderResult', { host: 'dns1', group: 'dns' }],
  ['understudy/cam/host/dns1/event', 'event', { host: 'dns1' }],
  ['understudy/cam/receipt/email/dns1', 'receipt', { handler: 'email', host: 'dns1' }],
  ['understudy/cam/dead-letter/email', 'deadLetter', { handler: 'email' }],
]

test.each(table)('%s', (text, topic, parameters) => {
  expect(matchTopic(root, text)).toEqual({ topic, parameters })
  expect(topicOf(root, topic, parameters as never)).toBe(text)
})
test('every row is in the table above', () => expect(table.map(([, t]) => t).toSorted()).toEqual(Object.keys(topics).toSorted()))

test.each([
  'understudy/cam', 'understudy/cam/', 'understudy/camera/order/dns', 'understudy/cam/order', 'understudy/cam/order/', 'understudy/cam/order/dns/x',
  'understudy/cam/host//event', 'understudy/cam/host/dns1/events', 'order/dns', '', '/', '$SYS/broker',
])('%j is none of ours', (text) => expect(matchTopic(root, text)).toBeUndefined())

test('a plus makes a filter', () => expect(topicOf(root, 'router', { host: '+', router: '+' })).toBe('understudy/cam/host/+/router/+'))

describe('every row', () => {
  test.each(Object.entries(topics))('%s has at most five levels, a writer and a reader', (_, row) => {
    expect(row.pattern.split('/').length).toBeLessThanOrEqual(5)
    expect(row.writers.length).toBeGreaterThan(0)
    expect(row.readers.length).toBeGreaterThan(0)
    expect(row.qos).toBe(1)
  })
})
test('what is retained is state, what passes is not', () => {
  expect(Object.entries(topics).filter(([, r]) => r.retained).map(([name]) => name)).toEqual(['order', 'maintenance', 'availability', 'router', 'check', 'orderResult'])
})
