/** Mails the operators, once an incident: what happened, why, who serves now. */
import type { z } from 'zod'
import { EmailFile } from '../../contract/config/file.ts'
import type { Event } from '../../contract/events.ts'
import { seconds } from '../../contract/time.ts'
import { defineHandler, done, giveUp, retry, skip, type Context, type Memory } from '../handler.ts'
import { compose } from './compose.ts'
import { isTold, kindOf, tells, TYPES, type Told } from './rules.ts'

export interface Letter {
  readonly messageId: string
  readonly incident: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}
/** What became of each recipient. */
export interface Delivery {
  readonly accepted: readonly string[]
  readonly refused: readonly Refusal[]
}
export interface Refusal {
  readonly to: string
  readonly permanent: boolean
  readonly why: string
}
export interface Mailer {
  send(letter: Letter, signal: AbortSignal): Promise<Delivery>
}

type Settings = z.output<typeof EmailFile>

export const emailHandler = (mailer: Mailer) =>
  defineHandler<Settings>({
    name: 'email',
    settings: EmailFile,
    types: TYPES,
    wants: (event) => kindOf(event) !== undefined,
    // One failover makes events on several hosts and routers. They are one incident, and an operator wants one mail.
    batch: { window: (settings) => seconds(settings.window), key: () => 'cluster' },
    run: (events, context) => mail(events, context, mailer),
  })

async function mail(events: readonly Event[], context: Context<Settings>, mailer: Mailer) {
  const { settings, memory, attemptOf, cluster, log, signal } = context
  const told = remembered<Told>(memory, 'told')
  const news = events.filter((e) => !isTold(e, told))
  if (news.length === 0) return skip('an earlier mail has told it')
  const partly = remembered<Partly>(memory, 'partly')
  const reached = partly.find((p) => p.attemptOf === attemptOf)?.to ?? []
  const { subject, text } = compose(news)
  const { accepted, refused } = await mailer.send(
    {
      messageId: `<${attemptOf}@${cluster}.understudy>`, // a repetition has the same, so that a mailbox can fold the two
      incident: attemptOf,
      from: settings.from,
      to: settings.to.filter((to) => !reached.includes(to)),
      subject,
      text,
    },
    signal,
  )
  if (refused.some((r) => !r.permanent)) {
    if (accepted.length > 0)
      remember(memory, 'partly', [
        ...partly.filter((p) => p.attemptOf !== attemptOf),
        { attemptOf, to: [...reached, ...accepted] },
      ])
    return retry(why(refused))
  }
  remember(memory, 'told', [...told, ...tells(news)])
  if (refused.length > 0) return giveUp(why(refused))
  log.info({ incident: attemptOf, to: settings.to, subject }, 'mailed')
  return done()
}

/** Those whom an earlier attempt reached while the relay put off others: they do not get the mail again. */
interface Partly {
  readonly attemptOf: string
  readonly to: readonly string[]
}

/** What comes late is of the last hours, not of the last hundred incidents. */
const REMEMBERED = 100
const remembered = <T>(memory: Memory, key: string): T[] => JSON.parse(memory.get(key) ?? '[]')
const remember = (memory: Memory, key: string, list: readonly unknown[]) =>
  memory.set(key, JSON.stringify(list.slice(-REMEMBERED)))

const why = (refused: readonly Refusal[]) =>
  refused
    .map((r) => `${r.to}: ${r.why}`)
    .join('; ')
    .slice(0, 1000)
