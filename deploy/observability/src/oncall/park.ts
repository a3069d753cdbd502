import { type DeadLetter, deadLetterOf } from '@tenseams/kafka/dead-letter'
import type { GroupPosition, GroupState } from '@tenseams/kafka/groups/group-offsets'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { positionLines, whyBusy } from './offsets.ts'
import type { Plan } from './plan.ts'

/** What parks a record: packages/kafka, or a test. */
export type Parking = {
  readonly write: (deadLetter: DeadLetter) => Promise<void>
  readonly commit: (to: bigint) => Promise<void>
}

/** The code that `npm run dlq` shows for a record that somebody has parked. */
const REASON = 'parked'

/**
 * Writes the record at which a group stands to the dead letter topic, and lets the group continue behind it. In that order: after a
 * crash between the two the dead letter is there twice, with equal origin headers, and the record is not lost.
 *
 * @param record the first committed one from where the group stands; undefined when there is none.
 */
export function planPark(
  state: GroupState,
  position: GroupPosition,
  record: ConsumedRecord | undefined,
  { offset, reason, write, commit }: Parking & { readonly offset: bigint; readonly reason: string },
): Plan {
  const found = positionLines([position])
  const { topic, partition, committed = position.first } = position
  if (committed > offset) return { found, steps: [] }
  const refused = whyNot(record, offset) ?? whyBusy(state)
  if (record === undefined || refused !== undefined) return { found, steps: [], refused }
  const next = lastOf(record) + 1n
  const { group } = state
  const verdict = { kind: 'dead-letter', reason: REASON, detail: reason, stack: '' } as const
  const deadLetter = deadLetterOf(record, verdict, group)
  return {
    found,
    steps: [
      {
        says: `write the record at offset ${offset} to ${topic}.dead-letter; \`npm run dlq -- replay ${topic}\` sends it back`,
        act: () => quietly(write(deadLetter)),
      },
      {
        says: `let the group ${group} continue in ${topic} ${partition} at offset ${next}`,
        act: () => quietly(commit(next)),
      },
    ],
  }
}

/** Only what the group stands at is parked: other records are not in its way. */
function whyNot(record: ConsumedRecord | undefined, offset: bigint): string | undefined {
  if (record === undefined) return 'the group has read everything that is committed'
  const [first, last] = [BigInt(record.unreadable?.firstOffset ?? record.offset), lastOf(record)]
  if (offset >= first && offset <= last) return undefined
  return `the group stands at the record at offset ${first}: only that one is parked`
}

/** A batch that cannot be read is one dead letter. */
const lastOf = ({ unreadable, offset }: ConsumedRecord) => BigInt(unreadable?.lastOffset ?? offset)

async function quietly(work: Promise<void>): Promise<undefined> {
  await work
  return undefined
}
