import { UsageError } from '@tenseams/cli/errors'
import type { GroupPosition, GroupState } from '@tenseams/kafka/groups/group-offsets'
import type { Plan } from './plan.ts'

/** Where a group is to continue. */
export type Target =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  /** The first record that is not older. */
  | { readonly kind: 'time'; readonly at: Date }

/** @throws UsageError */
export function targetOf(text: string): Target {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^\d{1,19}$/.test(text)) return { kind: 'offset', offset: BigInt(text) }
  const at = new Date(text)
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(at.getTime())) return { kind: 'time', at }
  throw new UsageError(
    `--to takes earliest, latest, an offset, or a time such as 2026-12-01T03:00:00Z, not "${text}"`,
  )
}

/** A line for each partition. */
export function positionLines(positions: readonly GroupPosition[]): readonly string[] {
  return positions.map(({ topic, partition, committed, first, end }) => {
    const lag = committed === undefined ? 'nothing committed' : `lag ${end - committed}`
    return `${topic} ${partition}  at ${committed ?? '-'}  ${lag}  log ${first} to ${end}`
  })
}

/** Where each partition is to continue, within its log. `found` has what the log says about a time; its end when nothing is younger. */
export function newPosition(
  { first, end }: Pick<GroupPosition, 'first' | 'end'>,
  target: Target,
  found: bigint | undefined,
): bigint {
  switch (target.kind) {
    case 'earliest':
      return first
    case 'latest':
      return end
    case 'offset':
      return target.offset
    case 'time':
      return found ?? end
  }
}

export type Move = GroupPosition & { readonly to: bigint }

/**
 * Sets the group's offsets. Records that it passes are never handled by it, and those that it reads again are dropped by the inbox
 * of the services that have one.
 *
 * @param commit sets all of them in one request.
 */
export function planReset(
  state: GroupState,
  moves: readonly Move[],
  commit: (moves: readonly Move[]) => Promise<void>,
): Plan {
  const found = positionLines(moves)
  const due = moves.filter(({ committed, to }) => committed !== to)
  const beyond = moves.find(({ to, first, end }) => to < first || to > end)
  if (beyond !== undefined) {
    const { topic, partition, to, first, end } = beyond
    const refused = `${topic} ${partition} has offsets ${first} to ${end}, not ${to}`
    return { found, steps: [], refused }
  }
  if (due.length === 0) return { found, steps: [] }
  return { found, refused: whyBusy(state), steps: [stepOf(state.group, due, commit)] }
}

/** Members would go on from where they are, and commit over it. Undefined when there are none. */
export function whyBusy({ group, state, members }: GroupState): string | undefined {
  if (state === 'Empty' || state === 'Dead') return undefined
  return `the group ${group} is ${state}, with ${members.join(', ')}: stop its members first (\`npm run stack -- stop <part>\`), and start them afterwards`
}

function stepOf(
  group: string,
  due: readonly Move[],
  commit: (moves: readonly Move[]) => Promise<void>,
) {
  const each = due.map(
    ({ topic, partition, committed, to }) =>
      `${topic} ${partition} from ${committed ?? '-'} to ${to} (${effectOf(committed, to)})`,
  )
  return {
    says: `set offsets of the group ${group}: ${each.join('; ')}`,
    act: async () => {
      await commit(due)
      return undefined
    },
  }
}

function effectOf(committed: bigint | undefined, to: bigint): string {
  if (committed === undefined) return 'its first'
  return to > committed ? `passes ${to - committed} offsets` : `reads ${committed - to} again`
}
