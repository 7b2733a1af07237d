import { describe, expect, it } from 'vitest'
import { summaryTable, withSummary } from '../../bench/readme.ts'
import type { Saved } from '../../bench/results.ts'
import type { Round } from '../../bench/round.ts'

const round = (r: Partial<Round>): Round => ({
  outage4: 0, outage6: 0, lost: 0, moved4: 0, moved6: 0, double: false, slip: 1.25, at: 0, seen: {}, blurred: false, ...r,
})
const saved: Saved = {
  machine: { cpu: 'A processor', cpus: 2, kernel: '6.1.0', node: 'v24.1.0' },
  rivals: { keepalived: '2.2.7' },
  cases: {
    planned: [
      { contestant: 'keepalived', repeated: 0, failed: 0, rounds: [
        round({ outage4: 4, moved4: 3000, moved6: 3001, lost: 2 }),
        round({ outage6: 8.25, moved4: 2000, moved6: 2000, slip: 20 }),
      ] },
      { contestant: 'understudy', repeated: 1, failed: 1, rounds: [round({ moved4: 25, moved6: 20, shared: 2 })] },
    ],
    removed: [
      { contestant: 'keepalived', repeated: 0, failed: 0, rounds: [
        round({ outage4: 30, outage6: 32, lost: 60, moved4: null as never, moved6: null as never, back4: 33, back6: 34.5 }),
      ] },
      { contestant: 'understudy', repeated: 0, failed: 3, rounds: [] },
    ],
  },
}
const literal = `
| What happens | median (min–max) | keepalived 2.2.7 | Understudy | ratio | rounds |
| --- | --- | --: | --: | --: | --: |
| Planned move to another host (version 2 with PASS, 1 s) | longest outage, ms | 6.1 (4–8.3) | 0 (0–0) | – | 2 / 1 (1 failed) |
|  | queries lost | 1 (0–2) | 0 (0–0) | – |  |
|  | new host answers after, ms | 2501 (2000–3001) | 25 (25–25) | 100.0× |  |
|  | an address on two hosts, ms | – | 2 (2–2) | – |  |
| Service addresses removed by hand from the active host (version 2 with PASS, 1 s) | longest outage, ms | 32 (32–32) | – | – | 1 / 0 (3 failed) |
|  | queries lost | 60 (60–60) | – | – |  |
|  | addresses back after, ms | 34.5 (34.5–34.5) | – | – |  |

Measured by \`npm run bench\` on one machine: A processor, 2 processors, Linux 6.1.0,
Node 24.1.0. A client asks each address 1,000 questions a second. It was late itself by
1.3 ms in the median round and by 20.0 ms in the worst: differences below that
mean nothing. A ratio says how many times smaller the last median is.`

describe('the summary in README.md', () => {
  it('is this', () => {
    expect(`\n${summaryTable(saved)}`).toBe(literal)
  })

  it('takes the place of the one before, and of nothing else', () => {
    const readme = (inside: string) => `# Title\n<!-- bench:begin -->\n${inside}\n<!-- bench:end -->\nMore.\n`
    expect(withSummary(readme('old\n\nold'), 'new')).toBe(readme('new'))
    expect(() => withSummary('# Title\n', 'new')).toThrow('README.md lacks the markers')
  })
})
