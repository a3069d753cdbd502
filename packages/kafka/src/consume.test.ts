import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Consumption } from './consume.ts'
import type { DeadLetter, DeadLetters } from './dead-letter.ts'
import { decodeRecordBatch } from './fetch/record-batch.ts'
import { withoutPrefix, writtenBatch } from './fetch/testing/written-batch.ts'
import type { ConsumedRecord } from './record.ts'

const message = (offset: number): KafkaMessage => ({
  ...{ offset: String(offset), timestamp: String(Date.now()), attributes: 0, headers: {} },
  ...{ key: null, value: Buffer.from('value') },
})

/** A consumption whose consumer is played by the test. */
async function newConsumption(
  handle: (record: ConsumedRecord) => Promise<void>,
  write: (deadLetter: DeadLetter) => Promise<void> = async () => undefined,
) {
  let eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined
  const listeners = new Map<string, (event: object) => void>()
  const nothing = async () => undefined
  const consumer = {
    on: (name: string, listener: (event: object) => void) => listeners.set(name, listener),
    run: async (options: { eachBatch: typeof eachBatch }) => {
      eachBatch = options.eachBatch
    },
    ...{ connect: nothing, subscribe: nothing, disconnect: nothing },
  }
  const written: DeadLetter[] = []
  const deadLetters = {
    write: async (deadLetter: DeadLetter) => {
      await write(deadLetter)
      written.push(deadLetter)
    },
  }
  const consumption = new Consumption({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    ...{ groupId: 'group', topics: ['orders'], handle, metrics: new Registry() },
    deadLetters: deadLetters as unknown as DeadLetters,
    log: { info: () => undefined, warn: () => undefined },
  })
  consumption.start()
  await expect.poll(() => eachBatch).toBeDefined()
  listeners.get('consumer.group_join')?.({ payload: { memberAssignment: { orders: [0, 1] } } })
  /** Gives one batch of partition 0, and says which offsets are done and whether the partition pauses. */
  const give = async (...messages: readonly KafkaMessage[]) => {
    const resolved: string[] = []
    let pauses = 0
    await eachBatch?.({
      batch: { topic: 'orders', partition: 0, messages },
      ...{ isRunning: () => true, isStale: () => false, heartbeat: nothing },
      ...{ uncommittedOffsets: () => ({ topics: [] }), commitOffsetsIfNecessary: nothing },
      resolveOffset: (offset: string) => void resolved.push(offset),
      pause: () => {
        pauses += 1
        return () => undefined
      },
    } as unknown as EachBatchPayload)
    return { resolved, pauses }
  }
  return { consumption, give, written }
}

const outage = Object.assign(new Error('the database is read-only'), { code: '25006' })

describe('a record whose handler fails', () => {
  test('by an outage waits however often, and is not ready meanwhile; then it goes on', async () => {
    let isAway = true
    const { consumption, give, written } = await newConsumption(async () => {
      if (isAway) throw outage
    })
    for (let attempt = 1; attempt <= 30; attempt += 1) {
      expect(await give(message(0), message(1))).toEqual({ resolved: [], pauses: 1 })
    }
    expect(() => consumption.assertReady()).toThrow(
      'orders-0 waits at offset 0 since 30 attempts: 25006: the database is read-only',
    )
    isAway = false
    expect(await give(message(0), message(1))).toEqual({ resolved: ['0', '1'], pauses: 0 })
    expect(() => consumption.assertReady()).not.toThrow()
    expect(written).toEqual([])
  })

  test('by a bug of ours is dead-lettered after ten tries, and those behind it are handled', async () => {
    const { consumption, give, written } = await newConsumption(async ({ offset }) => {
      if (offset === '0') throw new TypeError('x is not a function')
    })
    for (let attempt = 1; attempt < 10; attempt += 1) {
      expect(await give(message(0), message(1))).toEqual({ resolved: [], pauses: 1 })
      expect(() => consumption.assertReady()).not.toThrow()
    }
    expect(await give(message(0), message(1))).toEqual({ resolved: ['0', '1'], pauses: 0 })
    expect(written).toMatchObject([{ offset: '0', reason: 'typeerror' }])
  })

  test('waits when its dead letter cannot be written, and says so', async () => {
    let isRefused = true
    const { consumption, give, written } = await newConsumption(
      () => Promise.reject(Object.assign(new Error('no use'), { retriable: false })),
      () => (isRefused ? Promise.reject(new Error('no such topic')) : Promise.resolve()),
    )
    expect(await give(message(0), message(1))).toEqual({ resolved: [], pauses: 1 })
    expect(() => consumption.assertReady()).toThrow('dead letter cannot be written: no such topic')
    isRefused = false
    expect(await give(message(0))).toEqual({ resolved: ['0'], pauses: 0 })
    expect(() => consumption.assertReady()).not.toThrow()
    expect(written).toHaveLength(1)
  })
})

test('a batch that cannot be read is one dead letter with its offsets, and no handler sees it', async () => {
  const seen: string[] = []
  const { give, written } = await newConsumption(async ({ offset }) => void seen.push(offset))
  const batch = writtenBatch({ count: 3, attributes: 4, payload: Buffer.from('no zstd') })
  const { messages } = await decodeRecordBatch(5n, withoutPrefix(batch))
  const unreadable = messages as unknown as readonly KafkaMessage[]
  expect(await give(...unreadable, message(8))).toEqual({ resolved: ['7', '8'], pauses: 0 })
  expect(seen).toEqual(['8'])
  expect(written).toMatchObject([
    {
      ...{ topic: 'orders', partition: 0, offset: '5', lastOffset: '7' },
      ...{ reason: 'unreadable-batch', value: Buffer.from('no zstd') },
    },
  ])
})
