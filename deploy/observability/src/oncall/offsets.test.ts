import type { GroupState } from '@tenseams/kafka/groups/group-offsets'
import { describe, expect, test } from 'vitest'
import { type Move, newPosition, planReset, targetOf } from './offsets.ts'

const empty: GroupState = { group: 'payments', state: 'Empty', members: [] }
const move = (to: bigint, changes: Partial<Move> = {}): Move => ({
  ...{ topic: 'orders', partition: 0, committed: 50n, first: 10n, end: 90n, to },
  ...changes,
})

describe('where a group is to continue', () => {
  const log = { first: 10n, end: 90n }
  test.each([
    ['earliest', undefined, 10n],
    ['latest', undefined, 90n],
    ['42', undefined, 42n],
    ['2026-12-01T03:00:00Z', 77n, 77n],
    ['2026-12-01T03:00:00Z', undefined, 90n],
  ] as const)('%s', (text, found, to) => {
    expect(newPosition(log, targetOf(text), found)).toBe(to)
  })

  test.each(['', 'yesterday', '-1', '12:00', '1e3', '2026-13-01T00:00:00Z'])(
    '"%s" is refused',
    (text) => {
      expect(() => targetOf(text)).toThrow('--to takes')
    },
  )
})

describe('a reset of offsets', () => {
  const commits: (readonly Move[])[] = []
  const commit = async (moves: readonly Move[]) => void commits.push(moves)

  test('says what is passed and what is read again, and sets all at once', async () => {
    const moves = [move(60n), move(20n, { partition: 1 }), move(50n, { partition: 2 })]
    const plan = planReset(empty, moves, commit)
    expect(plan.steps.map(({ says }) => says)).toEqual([
      'set offsets of the group payments: orders 0 from 50 to 60 (passes 10 offsets); orders 1 from 50 to 20 (reads 30 again)',
    ])
    expect(commits).toEqual([])
    await plan.steps[0]?.act()
    expect(commits).toEqual([moves.slice(0, 2)])
  })

  test('of a group that has members is refused, with the next step', () => {
    const busy = { ...empty, state: 'Stable', members: ['payments'] }
    expect(planReset(busy, [move(60n)], commit).refused).toContain('npm run stack -- stop')
    expect(planReset(busy, [move(50n)], commit)).toMatchObject({ steps: [] })
  })

  test.each([9n, 91n])('to %s, beyond the log, is refused', (to) => {
    expect(planReset(empty, [move(to)], commit).refused).toBe(
      `orders 0 has offsets 10 to 90, not ${to}`,
    )
  })

  test('of a group without a commit sets its first', () => {
    const plan = planReset(empty, [move(10n, { committed: undefined })], commit)
    expect(plan.steps[0]?.says).toContain('from - to 10 (its first)')
  })
})
