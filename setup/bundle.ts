/**
 * Packs the daemon's process and its uplink's thread into one file each. They run for years on hosts whose memory is wanted
 * elsewhere: only what they use of their packages is loaded. All other commands stay as the compiler left them.
 */
import { writeFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

/** Compiled code cannot be packed; the pretty log is for somebody who watches. */
const external = [/^node:/, 'koffi', 'raw-socket', 'pino-pretty']

/** Names stay, for whoever reads a stack trace. */
const minify = { compress: true, mangle: false, codegen: { removeWhitespace: true } }

const [folder = 'dist'] = process.argv.slice(2)
for (const [input, name] of [['cli/resident.ts', 'resident'], ['daemon/uplink/worker.ts', 'worker']] as const) {
  const bundle = await rolldown({ input, external, platform: 'node' })
  const { output: [packed] } = await bundle.generate({ format: 'esm', codeSplitting: false, minify })
  writeFileSync(`${folder}/cli/${name}.js`, ascii(packed.code))
  await bundle.close()
}

/** With one other character V8 keeps the whole text in two bytes each. The packed files have them in strings and comments only. */
function ascii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
