import type { Acl } from '@tenseams/contracts/rights/acls'
import { expect, test } from 'vitest'
import { readerLines } from './readers.ts'

const acl = (
  user: string,
  operation: Acl['operation'],
  name: string,
  pattern: Acl['pattern'],
): Acl => ({
  ...{ user, operation, name, pattern, resource: 'topic' },
})

test('who may read and write a topic, and which groups do', () => {
  const acls = [
    acl('connect', 'write', 'orders.order.v1', 'literal'),
    acl('payments', 'read', 'orders.order.v1', 'literal'),
    acl('auditor', 'read', 'orders.', 'prefixed'),
    acl('fulfilment', 'read', 'payments.', 'prefixed'),
  ]
  const position = { topic: 'orders.order.v1', partition: 0, first: 0n, end: 90n }
  const groups = [
    {
      ...{ group: 'payments', state: 'Stable', members: ['payments', 'payments'] },
      positions: [
        { ...position, committed: 50n },
        { ...position, partition: 1, committed: undefined, first: 85n },
      ],
    },
  ]
  expect(readerLines('orders.order.v1', { declared: undefined, acls, groups })).toEqual([
    'orders.order.v1 is not in contracts/topics.yaml',
    'may write  connect',
    'may read  auditor, payments',
    'group payments  Stable  lag 45  members payments',
  ])
})
