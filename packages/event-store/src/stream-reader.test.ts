import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { StreamReader } from './stream-reader.ts'

type Query = { readonly values: readonly [readonly string[], readonly bigint[]] }

/** A pool whose statements are answered by the test. */
function playedPool() {
  const statements: {
    readonly streams: readonly string[]
    readonly after: readonly bigint[]
    readonly answer: (...rows: object[]) => void
    readonly fail: (error: Error) => void
  }[] = []
  const query = ({ values: [streams, after] }: Query) =>
    new Promise((resolve, reject) =>
      statements.push({ streams, after, answer: (...rows) => resolve({ rows }), fail: reject }),
    )
  return { statements, pool: { query } as unknown as pg.Pool }
}

const row = (no: number, stream_id: string, version: number) => ({
  ...{ no: String(no), stream_id, version: String(version) },
  ...{ event_id: `${stream_id}-${version}`, type: 'Tested', payload: Buffer.alloc(0) },
})

const read = (reader: StreamReader, stream: string, after?: bigint) =>
  reader.read(stream, after).then((events) => events.map(({ eventId }) => eventId))

describe('streams that several callers need', () => {
  test('are read in one statement when they come while another is under way', async () => {
    const { pool, statements } = playedPool()
    const reader = new StreamReader({ pool, schema: 'orders', maxStatements: 1 })
    const first = read(reader, 'a')
    const others = [read(reader, 'b'), read(reader, 'c', 4n), read(reader, 'b', 1n)]
    expect(statements.map(({ streams }) => streams)).toEqual([['a']])
    statements[0]?.answer(row(1, 'a', 1))
    expect(await first).toEqual(['a-1'])
    await expect.poll(() => statements.length).toBe(2)
    expect(statements[1]).toMatchObject({ streams: ['b', 'c', 'b'], after: [0n, 4n, 1n] })
    statements[1]?.answer(row(1, 'b', 1), row(1, 'b', 2), row(3, 'b', 2))
    expect(await Promise.all(others)).toEqual([['b-1', 'b-2'], [], ['b-2']])
  })

  test('are counted while they wait', async () => {
    const { pool, statements } = playedPool()
    const reader = new StreamReader({ pool, schema: 'orders', maxStatements: 1, maxQueued: 9 })
    const reads = ['a', 'b', 'c'].map((stream) => read(reader, stream))
    expect(reader.queue).toMatchObject({ name: 'reads', capacity: 9 })
    expect(reader.queue.waiting()).toBe(2)
    statements[0]?.answer()
    await expect.poll(() => statements.length).toBe(2)
    expect(reader.queue.waiting()).toBe(0)
    statements[1]?.answer()
    await Promise.all(reads)
  })

  test('are never read by a statement that was sent before they were asked for', async () => {
    const { pool, statements } = playedPool()
    const reader = new StreamReader({ pool, schema: 'orders', maxStatements: 1 })
    const reads = [read(reader, 'a'), read(reader, 'a')]
    expect(statements).toHaveLength(1)
    statements[0]?.answer()
    await expect.poll(() => statements.length).toBe(2)
    statements[1]?.answer(row(1, 'a', 1))
    expect(await Promise.all(reads)).toEqual([[], ['a-1']])
  })

  test('fail together when Postgres is away', async () => {
    const { pool, statements } = playedPool()
    const reader = new StreamReader({ pool, schema: 'orders', maxStatements: 1 })
    const settled = Promise.allSettled(['a', 'b', 'c'].map((stream) => read(reader, stream)))
    statements[0]?.answer()
    await expect.poll(() => statements.length).toBe(2)
    statements[1]?.fail(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }))
    expect(await settled).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
    ])
  })

  test('do not fail because of one whose id Postgres refuses, nor of one that is too long', async () => {
    const { pool, statements } = playedPool()
    const reader = new StreamReader({ pool, schema: 'orders', maxStatements: 1 })
    const settled = Promise.allSettled(
      ['a', 'long', 'with \0', 'c'].map((stream) => read(reader, stream)),
    )
    const refused = Object.assign(new Error('invalid byte sequence'), { code: '22021' })
    const long = Array.from({ length: 10_001 }, (_, index) => row(1, 'long', index + 1))
    const answers = [
      ...[
        (index: number) => statements[index]?.answer(),
        (index: number) => statements[index]?.fail(refused),
      ],
      ...[
        (index: number) => statements[index]?.answer(...long),
        (index: number) => statements[index]?.fail(refused),
      ],
      (index: number) => statements[index]?.answer(row(1, 'c', 1)),
    ]
    for (const [index, answer] of answers.entries()) {
      await expect.poll(() => statements.length, { interval: 1 }).toBe(index + 1)
      answer(index)
    }
    expect(await settled).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'stream long is too long to read' } },
      { status: 'rejected', reason: { code: '22021' } },
      { status: 'fulfilled', value: ['c-1'] },
    ])
  })
})
