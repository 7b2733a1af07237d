import { Reason } from '../../contract/events.ts'
import { REASONS } from '../../contract/reasons.ts'
import { GENERATED } from './markdown.ts'

export const reasonsPage = (): string => `${GENERATED}

# Reason codes

Every event and every snapshot of a router says why, with one of these codes.

${Reason.options.map((code) => `## ${code}

Because ${REASONS[code].short}. ${REASONS[code].means}

What to do: ${REASONS[code].todo}`).join('\n\n')}
`
