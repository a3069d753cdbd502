import { describe, expect, test, vi } from 'vitest'
import { type ChunkBounds, messagesByTopic, planChunk, type Transform } from './chunk.ts'
import type { ConsumedRecord } from './record.ts'
import { noRefusals } from './refusals.ts'
import { WaitingRecords } from './waiting-records.ts'

const record = (offset: number): ConsumedRecord => ({
  ...{ topic: 'in', partition: 0, offset: String(offset), timestampMs: 0, key: null, headers: {} },
  value: Buffer.from(String(offset)),
})
const records = [0, 1, 2, 3].map(record)
const copy: Transform = ({ value }) => [{ topic: 'out', value }]
const wide: ChunkBounds = { maxRecords: 100, maxBytes: 100_000, maxMs: 60_000 }

const chunkOf = (
  transform: Transform,
  bounds: Partial<ChunkBounds> = {},
  waiting = new WaitingRecords(),
) =>
  planChunk(records, {
    ...{ groupId: 'group', transform, refusals: noRefusals },
    judge: (one, error) => waiting.judge(one, error),
    bounds: { ...wide, ...bounds },
  })

const failsAt =
  (offset: number, properties: object): Transform =>
  (one) => {
    if (Number(one.offset) === offset) throw Object.assign(new Error('broken'), properties)
    return copy(one)
  }

describe('a chunk', () => {
  test('holds the output of each record, in order', async () => {
    const { produced, covered, wait } = await chunkOf(copy)
    expect(produced.map(({ value }) => String(value))).toEqual(['0', '1', '2', '3'])
    expect({ covered, wait }).toEqual({ covered: 4, wait: undefined })
  })

  test('ends at its bound of records', async () => {
    expect(await chunkOf(copy, { maxRecords: 3 })).toMatchObject({ covered: 3 })
  })

  test('ends before the record that would make it too large', async () => {
    expect(await chunkOf(copy, { maxBytes: 250 })).toMatchObject({ covered: 2 })
  })

  test('has at least one record, however long that took', async () => {
    expect(await chunkOf(copy, { maxMs: -1 })).toMatchObject({ covered: 1 })
  })

  test('dead-deadLetters a record whose output is too large for any chunk, and continues', async () => {
    const large: Transform = ({ offset }) => [
      { topic: 'out', value: 'x'.repeat(offset === '1' ? 300 : 1) },
    ]
    const { covered, deadLetters, produced } = await chunkOf(large, { maxBytes: 350 })
    expect(deadLetters).toMatchObject([
      { offset: '1', reason: 'output-too-large', groupId: 'group' },
    ])
    expect({ covered, produced: produced.length }).toEqual({ covered: 4, produced: 3 })
  })

  test('dead-deadLetters a record that is at fault, and continues', async () => {
    const { covered, deadLetters } = await chunkOf(failsAt(2, { code: 'POISON', retriable: false }))
    expect(deadLetters).toMatchObject([{ offset: '2', reason: 'poison', value: Buffer.from('2') }])
    expect(covered).toBe(4)
  })

  test('ends before a record that must wait, and says why', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(1)
    const { covered, wait, deadLetters } = await chunkOf(failsAt(2, { retriable: true }))
    expect({ covered, deadLetters }).toEqual({ covered: 2, deadLetters: [] })
    expect(wait).toMatchObject({
      verdict: { delayMs: 100, fault: 'outage' },
      error: { message: 'broken' },
    })
  })

  test('counts the failures of each record, wherever in the chunk it is', async () => {
    const waiting = new WaitingRecords()
    for (let attempt = 1; attempt < 10; attempt += 1) {
      expect(await chunkOf(failsAt(1, {}), {}, waiting)).toMatchObject({ covered: 1 })
    }
    expect(await chunkOf(failsAt(1, {}), {}, waiting)).toMatchObject({
      ...{ covered: 4, wait: undefined },
      deadLetters: [{ offset: '1', reason: 'error' }],
    })
    expect(await chunkOf(failsAt(2, {}), {}, waiting)).toMatchObject({ covered: 2 })
  })
})

test('a chunk is sent topic by topic, dead letters to the dead letter topic of their origin', async () => {
  const chunk = await chunkOf(failsAt(1, { retriable: false }))
  const byTopic = messagesByTopic(chunk)
  expect([...byTopic.keys()]).toEqual(['out', 'in.dead-letter'])
  expect(byTopic.get('out')?.map(({ value }) => String(value))).toEqual(['0', '2', '3'])
  expect(byTopic.get('in.dead-letter')).toMatchObject([
    { value: Buffer.from('1'), headers: { 'dead-letter-offset': '1' } },
  ])
})
