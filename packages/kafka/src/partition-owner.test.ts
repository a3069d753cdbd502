import type { Transaction } from 'kafkajs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Chunk } from './chunk.ts'
import type { TransactionalProducer } from './ownership.ts'
import { PartitionOwner } from './partition-owner.ts'

const topicPartition = { groupId: 'group', topic: 'in', partition: 3 }
const chunk: Chunk = {
  ...{ produced: [{ topic: 'out', value: 'made' }], deadLetters: [] },
  ...{ covered: 1, wait: undefined },
}

const nothing: Chunk = { ...chunk, produced: [] }

afterEach(() => void vi.useRealTimers())

/** A broker that records its calls, and may refuse a step. */
function newBroker({ committed, refuses }: { committed?: bigint; refuses?: string } = {}) {
  const calls: string[] = []
  const call = async (name: string) => {
    calls.push(name)
    if (name === refuses) throw new Error(`${name} was refused`)
  }
  const transaction: Transaction = {
    send: async ({ topic }) => {
      await call(`send to ${topic}`)
      return []
    },
    sendBatch: async () => [],
    sendOffsets: ({ topics }) => call(`offset ${topics[0]?.partitions[0]?.offset}`),
    commit: () => call('commit'),
    abort: () => call('abort'),
    isActive: () => true,
  }
  const producer: TransactionalProducer = {
    transaction: async () => {
      calls.push('begin')
      return transaction
    },
    disconnect: () => call('discard'),
  }
  const takeOver = async () => {
    await call('take over')
    return { producer, committed }
  }
  return { owner: new PartitionOwner(topicPartition, takeOver), calls }
}

const span = (first: bigint, last: bigint) => ({ first, last })
const inGeneration = (generation: number) => () => generation

describe('a partition is taken over', () => {
  test('at its committed offset, when the batch holds that offset', async () => {
    const { owner, calls } = newBroker({ committed: 5n })
    expect(await owner.step(span(3n, 9n), inGeneration(1))).toEqual({ kind: 'go', next: 5n })
    expect(calls).toEqual(['take over'])
  })

  test('at the start of the batch, when nothing was ever committed', async () => {
    const { owner } = newBroker()
    expect(await owner.step(span(3n, 9n), inGeneration(1))).toEqual({ kind: 'go', next: 3n })
  })

  test('by seeking, when the batch begins elsewhere; a gap before the next batch is no loss', async () => {
    const { owner } = newBroker({ committed: 20n })
    const seeks = { kind: 'seek', offset: 20n }
    expect(await owner.step(span(3n, 9n), inGeneration(1))).toEqual(seeks)
    expect(await owner.commit(chunk, 21n, 1)).toBe('left')
    expect(await owner.step(span(22n, 30n), inGeneration(1))).toEqual({ kind: 'go', next: 20n })
  })

  test('and released, when another generation has begun meanwhile', async () => {
    const { owner, calls } = newBroker()
    let generation = 1
    expect(await owner.step(span(3n, 9n), () => generation++)).toEqual({ kind: 'leave' })
    expect(calls).toEqual(['take over', 'discard'])
  })

  test('again in each generation', async () => {
    const { owner, calls } = newBroker()
    await owner.step(span(3n, 9n), inGeneration(1))
    await owner.step(span(3n, 9n), inGeneration(2))
    expect(calls).toEqual(['take over', 'discard', 'take over'])
  })
})

describe('an owner', () => {
  test('sends the output, then the offsets, then commits, and keeps its position in memory', async () => {
    const { owner, calls } = newBroker({ committed: 5n })
    await owner.step(span(5n, 9n), inGeneration(1))
    expect(await owner.commit(chunk, 7n, 1)).toBe('committed')
    expect(calls).toEqual(['take over', 'begin', 'send to out', 'offset 7', 'commit'])
    expect(await owner.step(span(5n, 9n), inGeneration(1))).toEqual({ kind: 'go', next: 7n })
  })

  test('writes nothing in another generation', async () => {
    const { owner, calls } = newBroker()
    await owner.step(span(3n, 9n), inGeneration(1))
    expect(await owner.commit(chunk, 7n, 2)).toBe('left')
    expect(calls).toEqual(['take over'])
  })

  test('passes records without output in memory, and commits past them with the next output', async () => {
    const { owner, calls } = newBroker({ committed: 5n })
    await owner.step(span(5n, 9n), inGeneration(1))
    expect(await owner.commit(nothing, 7n, 1)).toBe('passed')
    expect(await owner.step(span(5n, 9n), inGeneration(1))).toEqual({ kind: 'go', next: 7n })
    expect(await owner.commit(chunk, 9n, 1)).toBe('committed')
    expect(calls).toEqual(['take over', 'begin', 'send to out', 'offset 9', 'commit'])
  })

  test('commits the offset of records without output, too, when none was committed for five seconds', async () => {
    vi.useFakeTimers()
    const { owner, calls } = newBroker({ committed: 5n })
    await owner.step(span(5n, 9n), inGeneration(1))
    vi.advanceTimersByTime(5_000)
    expect(await owner.commit(nothing, 7n, 1)).toBe('committed')
    expect(await owner.commit(nothing, 8n, 1)).toBe('passed')
    expect(calls).toEqual(['take over', 'begin', 'offset 7', 'commit'])
  })

  test('passes nothing in another generation', async () => {
    const { owner } = newBroker({ committed: 5n })
    await owner.step(span(5n, 9n), inGeneration(1))
    expect(await owner.commit(nothing, 7n, 2)).toBe('left')
    expect(await owner.step(span(5n, 9n), inGeneration(2))).toEqual({ kind: 'go', next: 5n })
  })

  test.each(['send to out', 'offset 7', 'commit'])(
    'that fails at "%s" aborts, closes its producer, and must take over again',
    async (refuses) => {
      const { owner, calls } = newBroker({ refuses })
      await owner.step(span(5n, 9n), inGeneration(1))
      await expect(owner.commit(chunk, 7n, 1)).rejects.toThrow('was refused')
      expect(calls.slice(-2)).toEqual(['abort', 'discard'])
      await owner.step(span(5n, 9n), inGeneration(1))
      expect(calls.at(-1)).toBe('take over')
    },
  )
})
