import { describe, expect, test } from 'vitest'
import { planAssignments } from './subscribed-assigner.ts'

const partitionsOf = new Map([
  ['orders', [0, 1, 2, 3]],
  ['payments', [0, 1]],
])

const plan = (subscribers: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(
    planAssignments(
      Object.entries(subscribers).map(([memberId, topics]) => ({ memberId, topics })),
      partitionsOf,
    ),
  )

describe('the partitions of a group', () => {
  test('are assigned evenly to members that read the same topics', () => {
    expect(plan({ b: ['orders', 'payments'], a: ['orders', 'payments'] })).toEqual({
      a: { orders: [0, 2], payments: [0] },
      b: { orders: [1, 3], payments: [1] },
    })
  })

  test('go to members that subscribe to their topic, and to no other', () => {
    expect(plan({ a: ['orders'], b: ['payments'] })).toEqual({
      a: { orders: [0, 1, 2, 3] },
      b: { payments: [0, 1] },
    })
  })

  test('go to the member that has fewest, when one member reads more topics', () => {
    expect(plan({ a: ['orders', 'payments'], b: ['payments'] })).toEqual({
      a: { orders: [0, 1, 2, 3] },
      b: { payments: [0, 1] },
    })
  })

  test('may be fewer than the members', () => {
    expect(plan({ a: ['payments'], b: ['payments'], c: ['payments'] })).toEqual({
      a: { payments: [0] },
      b: { payments: [1] },
      c: {},
    })
  })
})
