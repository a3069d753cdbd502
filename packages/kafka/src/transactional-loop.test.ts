import type { ConsumerRunConfig, EachBatchPayload, Kafka, Transaction } from 'kafkajs'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { TakeOver } from './ownership.ts'
import { TransactionalLoop } from './transactional-loop.ts'

const GATHER_MS = 200

type Listener = (event: { readonly payload: object }) => void

/** A loop whose batches the test delivers. Each record is written as it is, but for those that are to be passed. */
async function newLoop({ maxRecords }: { readonly maxRecords: number }) {
  const runs: ConsumerRunConfig[] = []
  let join: Listener = () => undefined
  const consumer = {
    on: (name: string, listener: Listener) => {
      if (name === 'consumer.group_join') join = listener
    },
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async (config: ConsumerRunConfig) => {
      join({ payload: { memberAssignment: { in: [0] } } })
      runs.push(config)
    },
    disconnect: async () => undefined,
  }
  const written: number[] = []
  const metrics = new Registry()
  const loop = new TransactionalLoop({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    ...{ groupId: 'group', topics: ['in'], metrics },
    transform: ({ value }) => (String(value) === 'tick' ? [] : [{ topic: 'out', value }]),
    log: { info: () => undefined, warn: () => undefined },
    bounds: { maxRecords, maxMs: GATHER_MS },
    takeOver: takeOverInto(written),
  })
  loop.start()
  await expect.poll(() => runs).toHaveLength(1)
  const handled = async (...values: string[]) => {
    const begunMs = performance.now()
    await Promise.all(runs.map(({ eachBatch }) => eachBatch?.(batchOf(values))))
    return performance.now() - begunMs
  }
  return { loop, handled, written, metrics }
}

/** Notes how many records each transaction has. */
function takeOverInto(written: number[]): TakeOver {
  return async () => ({
    producer: {
      transaction: async () => {
        const transaction: Partial<Transaction> = {
          send: async ({ messages }) => {
            written.push(messages.length)
            return []
          },
          sendOffsets: async () => undefined,
          commit: async () => undefined,
        }
        return transaction as Transaction
      },
      disconnect: async () => undefined,
    },
    committed: undefined,
  })
}

function batchOf(values: readonly string[]): EachBatchPayload {
  const messages = values.map((value, offset) => ({ offset: String(offset), value, headers: {} }))
  const payload = {
    batch: {
      ...{ topic: 'in', partition: 0, messages, firstOffset: () => '0' },
      lastOffset: () => String(values.length - 1),
    },
    isRunning: () => true,
    isStale: () => false,
    resolveOffset: () => undefined,
    heartbeat: async () => undefined,
  }
  return payload as unknown as EachBatchPayload
}

test('after a transaction the next fetch waits, so that what comes meanwhile shares the next one', async () => {
  const { loop, handled, written } = await newLoop({ maxRecords: 10 })
  expect(await handled('a', 'b')).toBeGreaterThanOrEqual(GATHER_MS - 1)
  expect(written).toEqual([2])
  await loop.close()
})

test('transactions are timed by their outcome', async () => {
  const { loop, handled, metrics } = await newLoop({ maxRecords: 1 })
  await handled('a', 'b')
  await loop.close()
  const series = '{topic="in",group="group",outcome="committed"}'
  expect(await metrics.metrics()).toContain(
    `tenseams_transaction_duration_seconds_count${series} 2`,
  )
})

test('a backlog is not waited for', async () => {
  const { loop, handled, written } = await newLoop({ maxRecords: 2 })
  expect(await handled('a', 'b', 'c')).toBeLessThan(GATHER_MS)
  expect(written).toEqual([2, 1])
  await loop.close()
})

test('records without output are handled, and no transaction is made for them', async () => {
  const { loop, handled, written, metrics } = await newLoop({ maxRecords: 10 })
  await handled('tick', 'tick')
  expect(written).toEqual([])
  const text = await metrics.metrics()
  expect(text).toMatch(/tenseams_consumed_records_total\{.*\} 2/)
  expect(text).toMatch(/tenseams_transactions_total\{.*"committed"\} 0/)
  await loop.close()
})
