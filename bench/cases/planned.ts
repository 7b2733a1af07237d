import type { Case } from '../case.ts'

/** Another host is put at the top of the order, and everything works. */
export const planned: Case = {
  name: 'planned',
  title: 'Planned move to another host (version 2 with PASS, 1 s)',
  setting: { version: 2, interval: 1, pass: 'secret12', checked: true },
  special: ['shared'],
  patience: 10_000,
  happen: async ({ cluster, order: [first = '', second = '', ...rest] }) =>
    ({ at: await cluster.reorder([second, first, ...rest]) }),
}
