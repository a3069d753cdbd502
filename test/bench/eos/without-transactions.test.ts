import { describe, expect, test } from 'vitest'
import { plainTransaction } from './without-transactions.ts'

function observed() {
  const calls: unknown[] = []
  const producer = {
    send: async (record: unknown) => {
      calls.push(['send', record])
      return []
    },
    sendBatch: async () => [],
  }
  const consumer = {
    commitOffsets: async (offsets: unknown) => {
      calls.push(['commit', offsets])
    },
  }
  return { calls, transaction: plainTransaction(producer, consumer) }
}

describe('the loop without transactions', () => {
  test('sends at once and commits offsets when it is told to', async () => {
    const { calls, transaction } = observed()
    const record = { topic: 'out', messages: [{ value: 'a' }] }
    await transaction.send(record)
    await transaction.sendOffsets({
      consumerGroupId: 'group',
      topics: [{ topic: 'in', partitions: [{ partition: 2, offset: '7' }] }],
    })
    await transaction.commit()
    expect(calls).toEqual([
      ['send', record],
      ['commit', [{ topic: 'in', partition: 2, offset: '7' }]],
    ])
  })

  test('cannot take back what it has sent', async () => {
    const { calls, transaction } = observed()
    await transaction.send({ topic: 'out', messages: [] })
    await transaction.abort()
    expect(calls).toHaveLength(1)
    expect(transaction.isActive()).toBe(true)
  })
})
