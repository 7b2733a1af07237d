/** `node test/sim/replay.ts SEED` prints one history of the simulation as a timeline, and what was wrong with it. */
import { play } from './history.ts'

const seed = Number(process.argv[2])
if (!Number.isInteger(seed)) {
  console.error('usage: node test/sim/replay.ts SEED')
  process.exit(2)
}
const history = play(seed)
console.log(history.transcript.join('\n'))
console.log(history.violations.length === 0 ? 'all invariants hold' : history.violations.map((v) => `VIOLATED ${v}`).join('\n'))
process.exitCode = history.violations.length === 0 ? 0 : 1
