import { describe, expect, test } from 'vitest'
import type { Append, Guard } from './append.ts'
import { type Found, judge } from './lost-statement.ts'

const nothing: Found = { events: [], inboxIds: [], answers: [] }

const append = (ids: readonly string[], guard?: Guard): Append => ({
  streamId: 'order-1',
  expectedVersion: 4n,
  events: ids.map((eventId, step) => ({
    eventId,
    version: 5n + BigInt(step),
    type: 'Tested',
    topic: 'test',
    data: {},
    payload: Buffer.alloc(1),
  })),
  ...(guard === undefined ? {} : { guard }),
})

const stored = (eventId: string, version: bigint, streamId = 'order-1') => ({
  eventId,
  streamId,
  version,
})

const inbox: Guard = { kind: 'inbox', eventId: 'i' }
const key: Guard = {
  kind: 'idempotency',
  key: 'k',
  requestHash: Buffer.from('hash'),
  status: 201,
  answer: { amount: 2n ** 60n },
}
const kept = { key: 'k', requestHash: Buffer.from('hash'), status: 201 }
const ownAnswer = { ...kept, text: '{"amount":1152921504606846976}' }

describe('an append whose answer was lost', () => {
  test.each<[string, Append, Found, string | undefined]>([
    ['nothing, when nothing is there', append(['a']), nothing, undefined],
    [
      'appended, when all of its events are there',
      append(['A', 'b']),
      { ...nothing, events: [stored('a', 5n), stored('b', 6n)] },
      'appended',
    ],
    [
      'nothing, when its event is there at another version, so of an earlier decision',
      append(['a']),
      { ...nothing, events: [stored('a', 2n)] },
      undefined,
    ],
    [
      'nothing, when the guard is not with the events',
      append(['a'], inbox),
      { ...nothing, events: [stored('a', 5n)] },
      undefined,
    ],
    [
      'repeated, when the guard is there without the events',
      append(['a'], inbox),
      { ...nothing, inboxIds: ['i'] },
      'repeated',
    ],
    [
      'appended, when it is a guard alone and the guard is there',
      append([], inbox),
      { ...nothing, inboxIds: ['i'] },
      'appended',
    ],
    [
      'appended, when it is a key alone and the key has its answer',
      append([], key),
      { ...nothing, answers: [ownAnswer] },
      'appended',
    ],
    [
      'repeated, when the key has another answer',
      append([], key),
      { ...nothing, answers: [{ ...kept, text: '{"amount":1}' }] },
      'repeated',
    ],
    ['nothing, when it was to write nothing', append([]), nothing, undefined],
  ])('was %s', (_, one, found, expected) => {
    expect(judge(one, found)?.kind).toBe(expected)
  })
})
