/** What the daemon tells and shows, as it goes out: events and retained documents. */
import { TYPE_PREFIX, type Event } from '../../contract/events.ts'
import { topicOf } from '../../contract/topics.ts'
import type { Numbered, Shown } from '../ports.ts'

interface Sender { readonly cluster: string; readonly topicRoot: string; readonly host: string; readonly bootId: string }

/** CloudEvents 1.0, structured mode. */
export const cloudEvent = ({ cluster, host, bootId }: Sender, { told, sequence, at }: Numbered): Event => ({
  specversion: '1.0', id: `${host}/${bootId}/${sequence}`, source: `/understudy/${cluster}/${host}`,
  type: `${TYPE_PREFIX}${told.type}`, time: at, ...(told.subject === undefined ? {} : { subject: told.subject }),
  datacontenttype: 'application/json', host, bootid: bootId, sequence, data: told.data,
} as Event)

export function documentOf({ topicRoot, host }: Sender, { is, document }: Shown): { readonly topic: string; readonly body: string } {
  const topic = is === 'router' ? topicOf(topicRoot, 'router', { host, router: document.router })
    : is === 'check' ? topicOf(topicRoot, 'check', { host, check: document.check })
      : topicOf(topicRoot, 'orderResult', { host, group: document.group })
  return { topic, body: JSON.stringify(document) }
}
