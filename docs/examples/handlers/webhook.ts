/** Posts every change of state to a URL, as a CloudEvent in structured JSON. */
import { defineHandler, done, giveUp, retry, z } from 'understudy/handler'

export default defineHandler({
  name: 'webhook',
  settings: z.strictObject({ url: z.url() }),
  types: ['router.state'],
  async run([event], { settings, signal }) {
    const { ok, status } = await fetch(settings.url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
      signal,
    })
    if (ok) return done()
    return status < 500 && status !== 429 ? giveUp(`HTTP ${status}`) : retry(`HTTP ${status}`)
  },
})
