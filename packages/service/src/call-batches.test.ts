import { describe, expect, test } from 'vitest'
import { CallBatches, type CallBatchesOptions } from './call-batches.ts'

const outage = new Error('outage')

/** Calls are answered in capitals when the test ends their batch. */
function shouted(options: Partial<CallBatchesOptions<string, string>> = {}) {
  const batches: { readonly calls: string; end: (error?: Error) => void }[] = []
  const calls = new CallBatches<string, string>({
    ...{ maxUnderWay: 1, maxBatch: 64, maxQueued: 1_000 },
    handle: (batch) => {
      const answers = batch.map((one) => (one === '!' ? new Error('bad') : one.toUpperCase()))
      const { promise, resolve, reject } = Promise.withResolvers<typeof answers>()
      const end = (error?: Error) => (error === undefined ? resolve(answers) : reject(error))
      batches.push({ calls: batch.join(''), end })
      return promise
    },
    concernsAll: (error) => error === outage,
    onFull: () => new Error('full'),
    ...options,
  })
  const begun = (count: number) => expect.poll(() => batches.length, { interval: 1 }).toBe(count)
  return { calls, batches, begun }
}

describe('calls that come while a batch is under way', () => {
  test('are the next batch, and the first is not delayed', async () => {
    const { calls, batches, begun } = shouted()
    const answers = [...'abc'].map((word) => calls.answer(word))
    expect(batches.map((batch) => batch.calls)).toEqual(['a'])
    batches[0]?.end()
    await begun(2)
    expect(batches[1]?.calls).toBe('bc')
    batches[1]?.end()
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C'])
  })

  test('are bounded: so many in a batch, and so many that wait', async () => {
    const { calls, batches, begun } = shouted({ maxBatch: 3, maxQueued: 5 })
    const answers = [...'abcdef'].map((word) => calls.answer(word))
    await expect(calls.answer('g')).rejects.toThrow('full')
    for (let batch = 0; batch < 3; batch += 1) {
      await begun(batch + 1)
      batches[batch]?.end()
    }
    await Promise.all(answers)
    expect(batches.map((batch) => batch.calls)).toEqual(['a', 'bcd', 'ef'])
  })

  test('do not wait for a batch that hangs, but no more hang than are allowed', async () => {
    const { calls, batches, begun } = shouted({ maxUnderWay: 2 })
    const answers = [...'abc'].map((word) => calls.answer(word))
    await begun(2)
    const later = calls.answer('d')
    batches[1]?.end()
    await begun(3)
    expect(batches.map((batch) => batch.calls)).toEqual(['a', 'bc', 'd'])
    batches[0]?.end()
    batches[2]?.end()
    expect(await Promise.all([...answers, later])).toEqual(['A', 'B', 'C', 'D'])
  })

  test('fail together in an outage', async () => {
    const { calls, batches, begun } = shouted()
    const settled = Promise.allSettled([...'abc'].map((word) => calls.answer(word)))
    batches[0]?.end()
    await begun(2)
    batches[1]?.end(outage)
    expect((await settled).map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'rejected'],
    ])
    expect(batches).toHaveLength(2)
  })

  test('are tried alone when one of them may be at fault, so that it fails no other', async () => {
    const { calls, batches, begun } = shouted()
    const settled = Promise.allSettled([...'abc'].map((word) => calls.answer(word)))
    batches[0]?.end()
    await begun(2)
    batches[1]?.end(new Error('b is refused'))
    await begun(3)
    batches[2]?.end(new Error('b is refused'))
    await begun(4)
    batches[3]?.end()
    expect((await settled).map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled'],
    ])
    expect(batches.map((batch) => batch.calls)).toEqual(['a', 'bc', 'b', 'c'])
  })

  test('have an answer each, and one that is an error is thrown to its caller alone', async () => {
    const { calls, batches, begun } = shouted()
    const settled = Promise.allSettled([...'a!b'].map((word) => calls.answer(word)))
    batches[0]?.end()
    await begun(2)
    batches[1]?.end()
    expect((await settled).map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled'],
    ])
  })
})
