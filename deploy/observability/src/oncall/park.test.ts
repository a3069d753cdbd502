import type { DeadLetter } from '@tenseams/kafka/dead-letter'
import type { GroupPosition, GroupState } from '@tenseams/kafka/groups/group-offsets'
import type { ConsumedRecord } from '@tenseams/kafka/record'
import { describe, expect, test } from 'vitest'
import { planPark } from './park.ts'

const empty: GroupState = { group: 'payments', state: 'Empty', members: [] }
const position = (committed: bigint | undefined): GroupPosition => ({
  ...{ topic: 'orders', partition: 1, committed, first: 10n, end: 90n },
})
const record = (offset: string): ConsumedRecord => ({
  ...{ topic: 'orders', partition: 1, offset, timestampMs: 0, headers: {} },
  ...{ key: Buffer.from('key'), value: Buffer.from('poison') },
})

function parking(offset: bigint) {
  const done: (DeadLetter | bigint)[] = []
  const write = async (deadLetter: DeadLetter) => void done.push(deadLetter)
  const commit = async (to: bigint) => void done.push(to)
  return { done, how: { offset, reason: 'it crashes the handler', write, commit } }
}

describe('a record', () => {
  test('is dead-lettered first, unchanged and with its origin, and then passed', async () => {
    const { done, how } = parking(50n)
    const plan = planPark(empty, position(50n), record('50'), how)
    expect(done).toEqual([])
    for (const step of plan.steps) await step.act()
    expect(done).toMatchObject([
      {
        ...{ topic: 'orders', partition: 1, offset: '50', groupId: 'payments' },
        ...{ key: Buffer.from('key'), value: Buffer.from('poison') },
        ...{ reason: 'parked', detail: 'it crashes the handler' },
      },
      51n,
    ])
  })

  test('behind the mark of a transaction is the one at which the group stands', () => {
    expect(planPark(empty, position(49n), record('50'), parking(50n).how).refused).toBeUndefined()
  })

  test('that the group has passed is parked already', () => {
    expect(planPark(empty, position(51n), record('51'), parking(50n).how)).toMatchObject({
      steps: [],
    })
  })

  test('at which the group does not stand is refused', () => {
    const plan = planPark(empty, position(40n), record('40'), parking(50n).how)
    expect(plan.refused).toContain('stands at the record at offset 40')
    expect(planPark(empty, position(90n), undefined, parking(90n).how).refused).toContain(
      'everything',
    )
  })

  test('of a group that has members is refused, with the next step', () => {
    const busy = { ...empty, state: 'Stable', members: ['payments'] }
    const plan = planPark(busy, position(50n), record('50'), parking(50n).how)
    expect(plan).toMatchObject({ steps: [], refused: expect.stringContaining('stop its members') })
  })
})
