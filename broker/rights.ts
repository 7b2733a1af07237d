/** Who a client is and what it may do: the hooks that aedes asks at CONNECT, PUBLISH, SUBSCRIBE and delivery. */
import type { AuthenticateHandler, AuthorizeForwardHandler, AuthorizeSubscribeHandler, Client, PublishPacket } from 'aedes'
import type { Config } from '../contract/config.ts'
import { LOCAL, mayRead, mayWrite, type Actor } from './access.ts'
import type { AccountsFile } from './accounts-file.ts'
import { Doorkeeper } from './accounts.ts'
import { isLoopback } from './limits.ts'

export interface Rights {
  authenticate: AuthenticateHandler
  mayPublish(client: Client | null, packet: PublishPacket): boolean
  maySubscribe(client: object, filter: string): boolean
  authorizeSubscribe: AuthorizeSubscribeHandler
  authorizeForward: AuthorizeForwardHandler
  /** The name of its account, once it has one. */
  nameOf(client: Client): string | undefined
}

export interface RightsOptions {
  readonly config: Config
  readonly accounts: AccountsFile
  /** The address a connection comes from. */
  addressOf(connection: object): string
  /** A warning, once for each cause. */
  once(cause: string, text: string): void
  /** A stored subscription is not the client's any more. */
  withdraw(client: Client, filter: string): void
}

/** CONNACK codes (MQTT 3.1.1 §3.2.2.3). */
const BUSY = 3
const WRONG = 4
const NOT_AUTHORIZED = 5

export function rights({ config, accounts, addressOf, once, withdraw }: RightsOptions): Rights {
  const root = config.topicRoot
  const open = config.broker.anonymous === 'loopback'
  const doors = new Doorkeeper()
  const actors = new WeakMap<object, Actor>()
  const nameOf = (client: object) => actors.get(client)?.name
  const roleAndName = (client: object) => {
    const actor = actors.get(client)
    return actor ? `${actor.role} ${actor.name}` : 'a stranger'
  }
  const maySubscribe = (client: object, filter: string) => {
    const actor = actors.get(client)
    return actor !== undefined && mayRead(root, actor, filter)
  }

  /** The answer to CONNECT. */
  function admit(client: Client, actor: Actor): { readonly code: number; readonly why: string } | undefined {
    const inner = client as { id: string; _will?: { topic: string } }
    // Said now, while somebody looks: denied later, it would be missed on the day it is needed.
    if (inner._will && !mayWrite(root, actor, inner._will.topic)) {
      return { code: NOT_AUTHORIZED, why: `its will on ${inner._will.topic} is not its to write` }
    }
    actors.set(client, actor)
    // Each account has client ids of its own: nobody ends, empties or takes over another account's session.
    if (actor !== LOCAL) inner.id = `${actor.name}/${inner.id}`
    return undefined
  }

  async function identify(client: Client, user: string | undefined, password: Buffer) {
    if (user === undefined) {
      if (open && isLoopback(addressOf(client.conn))) return admit(client, LOCAL)
      return { code: NOT_AUTHORIZED, why: open ? 'only clients of this machine need no account' : 'it has no account' }
    }
    const account = accounts.find(user)
    const verdict = await doors.check(account, password)
    if (verdict === 'accepted' && account) return admit(client, account)
    if (verdict === 'busy') return { code: BUSY, why: 'too many are logging in' }
    return { code: WRONG, why: 'wrong name or password' }
  }

  return {
    nameOf,
    maySubscribe,
    authenticate(client, user, password, done) {
      const refuse = (code: number, why: string) => {
        const address = addressOf(client.conn)
        const known = user !== undefined && accounts.find(user) !== undefined
        once(`refused ${known ? user : address} ${why}`, `refused ${user ?? client.id} at ${address}: ${why}`)
        done(Object.assign(new Error(why), { returnCode: code }), false)
      }
      identify(client, user, password ?? Buffer.alloc(0)).then(
        (refusal) => { if (refusal) refuse(refusal.code, refusal.why); else done(null, true) },
        (e: unknown) => refuse(BUSY, String(e)),
      )
    },
    mayPublish(client, packet) {
      // Without a client: a will that outlived its broker, checked when its client connected.
      if (!client) return !packet.topic.startsWith('$')
      const actor = actors.get(client)
      if (actor && mayWrite(root, actor, packet.topic)) return true
      const { topic } = packet
      const why = `not for ${roleAndName(client)}`
      once(`publish ${actor?.name} ${topic}`, `dropped what ${client.id} published on ${topic}: ${why}`)
      return false
    },
    authorizeSubscribe(client, subscription, done) {
      const filter = subscription.topic
      if (maySubscribe(client, filter)) {
        done(null, subscription)
        return
      }
      const why = filter.startsWith('$share/') ? 'shared subscriptions are not supported' : `not for ${roleAndName(client)}`
      once(`subscribe ${nameOf(client)} ${filter}`, `refused the subscription of ${client.id} to ${filter}: ${why}`)
      withdraw(client, filter)
      done(null, null)
    },
    authorizeForward: (client, packet) => (maySubscribe(client, packet.topic) ? packet : null),
  }
}
