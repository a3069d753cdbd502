import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Consumption, type ConsumptionOptions } from './consume.ts'
import type { DeadLetter, DeadLetters } from './dead-letter.ts'
import { decodeRecordBatch } from './fetch/record-batch.ts'
import { withoutPrefix, writtenBatch } from './fetch/testing/written-batch.ts'
import type { ConsumedRecord } from './record.ts'

const message = (offset: number, key?: string): KafkaMessage => ({
  ...{ offset: String(offset), timestamp: '1700000000000', attributes: 0, headers: {} },
  ...{ key: key === undefined ? null : Buffer.from(key), value: Buffer.from('value') },
})

/** A consumption whose consumer is played by the test. */
async function newConsumption(
  handle: (record: ConsumedRecord) => Promise<void>,
  write: (deadLetter: DeadLetter) => Promise<void> = async () => undefined,
  options: Partial<ConsumptionOptions> = {},
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
    ...options,
  })
  consumption.start()
  await expect.poll(() => eachBatch).toBeDefined()
  const join = () =>
    listeners.get('consumer.group_join')?.({ payload: { memberAssignment: { orders: [0, 1] } } })
  join()
  const group = { isRunning: true, isStale: false, commits: [] as (string | undefined)[] }
  /** Gives one batch of partition 0, and says up to which offset it is done and whether the partition pauses. */
  const give = async (...messages: readonly KafkaMessage[]) => {
    let resolved: string | undefined
    let pauses = 0
    await eachBatch?.({
      batch: { topic: 'orders', partition: 0, messages },
      ...{ isRunning: () => group.isRunning, isStale: () => group.isStale, heartbeat: nothing },
      uncommittedOffsets: () => ({ topics: [] }),
      commitOffsetsIfNecessary: async () => void group.commits.push(resolved),
      resolveOffset: (offset: string) => {
        resolved = offset
      },
      pause: () => {
        pauses += 1
        return () => undefined
      },
    } as unknown as EachBatchPayload)
    return { resolved, pauses }
  }
  return { consumption, give, written, group, join }
}

const outage = Object.assign(new Error('the database is read-only'), { code: '25006' })

describe('a record whose handler fails', () => {
  test('by an outage waits however often, and is not ready meanwhile; then it goes on', async () => {
    let isAway = true
    const { consumption, give, written } = await newConsumption(async () => {
      if (isAway) throw outage
    })
    for (let attempt = 1; attempt <= 30; attempt += 1) {
      expect(await give(message(0), message(1))).toEqual({ resolved: undefined, pauses: 1 })
    }
    expect(() => consumption.assertReady()).toThrow(
      'orders-0 waits at offset 0 since 30 attempts: 25006: the database is read-only',
    )
    isAway = false
    expect(await give(message(0), message(1))).toEqual({ resolved: '1', pauses: 0 })
    expect(() => consumption.assertReady()).not.toThrow()
    expect(written).toEqual([])
  })

  test('by a bug of ours is dead-lettered after ten tries, and those behind it are handled', async () => {
    const { consumption, give, written } = await newConsumption(async ({ offset }) => {
      if (offset === '0') throw new TypeError('x is not a function')
    })
    for (let attempt = 1; attempt < 10; attempt += 1) {
      expect(await give(message(0), message(1))).toEqual({ resolved: undefined, pauses: 1 })
      expect(() => consumption.assertReady()).not.toThrow()
    }
    expect(await give(message(0), message(1))).toEqual({ resolved: '1', pauses: 0 })
    expect(written).toMatchObject([{ offset: '0', reason: 'typeerror' }])
  })

  test('waits when its dead letter cannot be written, and says so', async () => {
    let isRefused = true
    const { consumption, give, written } = await newConsumption(
      () => Promise.reject(Object.assign(new Error('no use'), { retriable: false })),
      () => (isRefused ? Promise.reject(new Error('no such topic')) : Promise.resolve()),
    )
    expect(await give(message(0), message(1))).toEqual({ resolved: undefined, pauses: 1 })
    expect(() => consumption.assertReady()).toThrow('dead letter cannot be written: no such topic')
    isRefused = false
    expect(await give(message(0))).toEqual({ resolved: '0', pauses: 0 })
    expect(() => consumption.assertReady()).not.toThrow()
    expect(written).toHaveLength(1)
  })
})

test('handlers are timed by their outcome', async () => {
  const metrics = new Registry()
  const { give } = await newConsumption(
    async ({ offset }) => {
      if (offset === '1') throw Object.assign(new Error('no use'), { retriable: false })
      if (offset === '2') throw new TypeError('x is not a function')
      if (offset === '3') throw outage
    },
    undefined,
    { metrics },
  )
  await give(message(0, 'a'), message(1, 'b'), message(2, 'c'), message(3, 'd'))
  const text = await metrics.metrics()
  for (const outcome of ['done', 'dead-letter', 'failed', 'wait']) {
    const series = `{topic="orders",group="group",outcome="${outcome}"}`
    expect(text).toContain(`tenseams_handler_duration_seconds_count${series} 1`)
  }
})

test('a batch that cannot be read is one dead letter with its offsets, and no handler sees it', async () => {
  const seen: string[] = []
  const { give, written } = await newConsumption(async ({ offset }) => void seen.push(offset))
  const batch = writtenBatch({ count: 3, attributes: 4, payload: Buffer.from('no zstd') })
  const { messages } = await decodeRecordBatch(5n, withoutPrefix(batch))
  const unreadable = messages as unknown as readonly KafkaMessage[]
  expect(await give(...unreadable, message(8))).toEqual({ resolved: '8', pauses: 0 })
  expect(seen).toEqual(['8'])
  expect(written).toMatchObject([
    {
      ...{ topic: 'orders', partition: 0, offset: '5', lastOffset: '7' },
      ...{ reason: 'unreadable-batch', value: Buffer.from('no zstd') },
    },
  ])
})

describe('records of different keys', () => {
  /** Handlers that end when the test says so. */
  const held = () => {
    const ends = new Map<string, { done: () => void; fail: (error: Error) => void }>()
    const handle = ({ offset }: ConsumedRecord) =>
      new Promise<void>((resolve, reject) => ends.set(offset, { done: resolve, fail: reject }))
    return { ends, handle }
  }

  test('are under way at the same time, those of one key in the order of their offsets', async () => {
    const { ends, handle } = held()
    const { give } = await newConsumption(handle)
    const given = give(message(0, 'a'), message(1, 'a'), message(2, 'b'))
    await expect.poll(() => [...ends.keys()]).toEqual(['0', '2'])
    ends.get('0')?.done()
    await expect.poll(() => [...ends.keys()]).toEqual(['0', '2', '1'])
    ends.get('2')?.done()
    ends.get('1')?.done()
    expect(await given).toEqual({ resolved: '2', pauses: 0 })
  })

  test('are no more at once than allowed', async () => {
    const { ends, handle } = held()
    const { give } = await newConsumption(handle, undefined, { atOnce: 2 })
    const given = give(message(0, 'a'), message(1, 'b'), message(2, 'c'))
    await expect.poll(() => [...ends.keys()]).toEqual(['0', '1'])
    ends.get('1')?.done()
    await expect.poll(() => [...ends.keys()]).toEqual(['0', '1', '2'])
    for (const { done } of ends.values()) done()
    expect(await given).toEqual({ resolved: '2', pauses: 0 })
  })

  test('go on beside one that waits; the offset does not pass it, and they are not handled again', async () => {
    const handled: string[] = []
    const { give, written, join } = await newConsumption(async ({ offset }) => {
      handled.push(offset)
      if (offset === '0') throw new TypeError('x is not a function')
      if (offset === '2') throw Object.assign(new Error('no use'), { retriable: false })
    })
    const batch = [message(0, 'a'), message(1, 'a'), message(2, 'b'), message(3, 'b')]
    expect(await give(...batch)).toEqual({ resolved: undefined, pauses: 1 })
    expect(handled).toEqual(['0', '2', '3'])
    for (let attempt = 2; attempt < 10; attempt += 1) await give(...batch)
    expect(handled.slice(3)).toEqual(Array.from({ length: 8 }, () => '0'))
    expect(written.map(({ offset }) => offset)).toEqual(['2'])
    // After a rebalance nobody knows what was done meanwhile.
    join()
    expect(await give(...batch)).toEqual({ resolved: '3', pauses: 0 })
    expect(handled.slice(11).toSorted()).toEqual(['0', '1', '2', '3'])
  })

  test('at the same offsets of another log are handled, whatever was done before', async () => {
    const handled: string[] = []
    const { give } = await newConsumption(async ({ offset, timestampMs }) => {
      handled.push(`${offset} of ${timestampMs}`)
      if (offset === '0') throw new TypeError('x is not a function')
    })
    await give(message(0, 'a'), message(1, 'b'))
    await give(message(0, 'a'), { ...message(1, 'b'), timestamp: '1800000000000' })
    await give(message(1, 'b'))
    expect(handled.filter((one) => one.startsWith('1'))).toEqual([
      ...['1 of 1700000000000', '1 of 1800000000000', '1 of 1700000000000'],
    ])
  })

  test('that wait pause the partition once, for the longest time that one of them asks for', async () => {
    const pauses: object[] = []
    const log = { info: () => undefined, warn: (context: object) => void pauses.push(context) }
    const handle = async () => {
      throw new TypeError('x is not a function')
    }
    const { give } = await newConsumption(handle, undefined, { log })
    for (let attempt = 1; attempt < 8; attempt += 1) await give(message(0, 'a'))
    expect(await give(message(0, 'a'), message(1, 'b'))).toMatchObject({ pauses: 1 })
    expect(pauses.at(-1)).toMatchObject({ offset: '0', attempt: 8, records: 2 })
  })

  test('are not started behind an outage, nor when eight wait', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => message(index, `key ${index}`))
    for (const [error, started] of [
      [outage, 1],
      [new TypeError('x is not a function'), 8],
    ] as const) {
      const handled: string[] = []
      const handle = async ({ offset }: ConsumedRecord) => {
        handled.push(offset)
        throw error
      }
      const { give } = await newConsumption(handle, undefined, { atOnce: 1 })
      expect(await give(...keys)).toEqual({ resolved: undefined, pauses: 1 })
      expect(handled).toHaveLength(started)
    }
  })

  test('are not started when the reader closes or the partition is sought; what is under way is finished', async () => {
    for (const change of [{ isRunning: false }, { isStale: true }]) {
      const { ends, handle } = held()
      const { give, group } = await newConsumption(handle, undefined, { atOnce: 1 })
      const given = give(message(0, 'a'), message(1, 'b'))
      await expect.poll(() => ends.size).toBe(1)
      Object.assign(group, change)
      ends.get('0')?.done()
      expect(await given).toEqual({ resolved: '0', pauses: 0 })
      expect([...ends.keys()]).toEqual(['0'])
    }
  })

  test('are committed while a batch takes long, up to the lowest that is not done', async () => {
    const { ends, handle } = held()
    const { give, group } = await newConsumption(handle)
    const given = give(message(0, 'a'), message(1, 'b'), message(2, 'c'))
    await expect.poll(() => ends.size).toBe(3)
    ends.get('0')?.done()
    ends.get('2')?.done()
    await expect.poll(() => group.commits.at(-1), { timeout: 5_000 }).toBe('0')
    ends.get('1')?.done()
    expect(await given).toEqual({ resolved: '2', pauses: 0 })
    expect(group.commits.at(-1)).toBe('2')
  })

  test('count as done when a caller commits by itself, before their effect', async () => {
    const { ends, handle } = held()
    const { give, group } = await newConsumption(handle, undefined, {
      commitOffset: async (record) => {
        await record.commit()
        return record.handle()
      },
    })
    const given = give(message(0, 'a'), message(1, 'b'))
    await expect.poll(() => ends.size).toBe(2)
    expect(group.commits).toEqual(['0', '1'])
    for (const { done } of ends.values()) done()
    await given
  })
})
