import { readUsers } from '@tenseams/contracts/rights/users'
import { expect, test } from 'vitest'
import { declaredGroups, watchedGroups } from './groups.ts'
import { stateOf } from './kafka-source.ts'

test('groups of services and of Flink are watched, also when the broker does not know them', () => {
  const declared = declaredGroups(readUsers())
  const passing = ['dlq-replay-1', 'oncall-read-1', 'rollout.x', 'demonstration-7']
  const there = ['flink-revenue-per-minute', ...passing, 'a']
  const watched = watchedGroups(declared, there)
  expect(watched).toEqual(expect.arrayContaining(['orders', 'payments', 'fulfilment', 'lakehouse']))
  expect(watched).toContain('flink-revenue-per-minute')
  expect(watched.filter((name) => there.includes(name))).toEqual(['flink-revenue-per-minute'])
})

test.each([
  ['Stable', 'stable'],
  ['PreparingRebalance', 'preparing-rebalance'],
  ['COMPLETING_REBALANCE', 'completing-rebalance'],
  ['Dead', 'dead'],
  ['Assigning', 'unknown'],
])('the broker’s state %s is %s', (state, ours) => {
  expect(stateOf(state)).toBe(ours)
})
