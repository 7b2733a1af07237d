/** Topic filters (MQTT 3.1.1 §4.7): matching one topic, and finding who subscribed to it. */

/** Does the filter match the topic? `+` is one level, `#` the rest, and a leading wildcard never matches `$…`. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false
  }
  return wanted.length === levels.length
}

/** What all topics that the filter matches begin with; the whole filter if it has no wildcard. */
export function literalPrefix(filter: string): string {
  const at = filter.search(/[+#]/)
  return at < 0 ? filter : filter.slice(0, at)
}

export interface Subscription { readonly topic: string; readonly qos: number; readonly [more: string]: unknown }
export interface Subscriber extends Subscription { readonly clientId: string }

interface Node { readonly children: Map<string, Node>; readonly subscribers: Map<string, Subscriber> }
const node = (): Node => ({ children: new Map(), subscribers: new Map() })

/** Subscriptions by filter: finding the subscribers of a topic costs its levels, not the number of subscriptions. */
export class FilterTree {
  #root = node()

  add(s: Subscriber): void {
    let at = this.#root
    for (const level of s.topic.split('/')) {
      const next = at.children.get(level) ?? node()
      at.children.set(level, next)
      at = next
    }
    at.subscribers.set(s.clientId, s)
  }

  remove(clientId: string, filter: string): void {
    const path: [Node, string][] = []
    let at = this.#root
    for (const level of filter.split('/')) {
      const next = at.children.get(level)
      if (!next) return
      path.push([at, level])
      at = next
    }
    at.subscribers.delete(clientId)
    for (const [parent, level] of path.toReversed()) {
      const child = parent.children.get(level)
      if (!child || child.children.size > 0 || child.subscribers.size > 0) return
      parent.children.delete(level)
    }
  }

  find(topic: string): Subscriber[] {
    const found: Subscriber[] = []
    const levels = topic.split('/')
    const visit = (at: Node, depth: number) => {
      const wildcards = depth > 0 || !topic.startsWith('$')
      if (wildcards) found.push(...(at.children.get('#')?.subscribers.values() ?? []))
      const level = levels[depth]
      if (level === undefined) {
        found.push(...at.subscribers.values())
        return
      }
      for (const key of wildcards ? ['+', level] : [level]) {
        const child = at.children.get(key)
        if (child) visit(child, depth + 1)
      }
    }
    visit(this.#root, 0)
    return found
  }
}
