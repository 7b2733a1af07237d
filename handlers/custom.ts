/** Handlers of a user's own: a file, its one default export, its settings. */
import { registerHooks } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { eventData } from '../contract/events.ts'
import { err, ok, type Result } from '../contract/result.ts'
import type { Handler } from './handler.ts'

/** What `defineHandler` returns; the module may have been written without types. */
const Exported = z.looseObject({
  name: z.string('want the name of the handler').min(1),
  settings: z.custom<z.ZodType>((s) => typeof (s as z.ZodType | undefined)?.safeParse === 'function', 'want a zod schema'),
  types: z
    .array(
      z.enum(Object.keys(eventData) as [string, ...string[]], `want types of events: ${Object.keys(eventData).join(', ')}`),
    )
    .optional(),
  wants: z.custom<object>((f) => typeof f === 'function', 'want a function').optional(),
  batch: z
    .looseObject({
      window: z.custom<object>((f) => typeof f === 'function', 'want a function'),
      key: z.custom<object>((f) => typeof f === 'function', 'want a function'),
    })
    .optional(),
  run: z.custom<object>((f) => typeof f === 'function', 'want a function'),
})

/** A handler's file may stand anywhere, where Node would find no package: `understudy/handler` is always this very one. */
const own = new URL(`./handler${extname(import.meta.url)}`, import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'understudy/handler' ? { url: own, shortCircuit: true } : next(specifier, context),
})

/** The handler with its settings read, or everything that is wrong, each with its place in the cluster file. */
export async function loadCustom(
  name: string,
  entry: { readonly module: string; readonly settings: unknown },
  folder: string,
): Promise<Result<{ handler: Handler<unknown>; settings: unknown }, readonly string[]>> {
  const at = `handlers.custom.${name}`
  const file = resolve(folder, entry.module)
  let module: { readonly default?: unknown }
  try {
    module = await import(pathToFileURL(file).href)
  } catch (e) {
    return err([`${at}.module: ${file} cannot be loaded: ${e instanceof Error ? e.message : String(e)}`])
  }
  if (module.default === undefined)
    return err([`${at}.module: ${file} has no default export: want export default defineHandler({…})`])
  const exported = Exported.safeParse(module.default)
  if (!exported.success)
    return err(exported.error.issues.map((i) => `${at}.module: ${file}: ${['default', ...i.path].join('.')}: ${i.message}`))
  const handler = module.default as Handler<unknown>
  const settings = await handler.settings.safeParseAsync(entry.settings)
  if (!settings.success)
    return err(
      settings.error.issues.map(
        (i) => `${z.core.toDotPath(['handlers', 'custom', name, 'settings', ...i.path])}: ${i.message}`,
      ),
    )
  return ok({ handler, settings: settings.data })
}
