import { expect, test } from 'vitest'
import { DoneAhead } from './done-ahead.ts'
import { BatchOrder } from './side-by-side.ts'

const messages = [0, 1, 2, 3].map((offset) => ({
  ...{ offset: String(offset), timestamp: `at ${offset}` },
  key: Buffer.from(`key ${offset}`),
}))
const batchFrom = (offset: number, partition = 0) => ({
  ...{ topic: 'orders', partition },
  messages: messages.slice(offset),
})

/** A memory in which records 1 and 3 are done, and 0 waits. */
function afterOneWaits(): DoneAhead {
  const doneAhead = new DoneAhead()
  const order = new BatchOrder(messages, () => false)
  for (const message of messages)
    order.end(message, message.offset === '1' || message.offset === '3')
  doneAhead.remember(batchFrom(0), order)
  return doneAhead
}

const doneIn = (doneAhead: DoneAhead, batch: ReturnType<typeof batchFrom>) =>
  batch.messages.filter(doneAhead.isDoneIn(batch)).map(({ offset }) => offset)

test('what is done behind a record that waits is known when that record is fetched again', () => {
  expect(doneIn(afterOneWaits(), batchFrom(0))).toEqual(['1', '3'])
})

test('nothing is known of another partition, nor when a fetch begins elsewhere', () => {
  expect(doneIn(afterOneWaits(), batchFrom(0, 1))).toEqual([])
  expect(doneIn(afterOneWaits(), batchFrom(2))).toEqual([])
})

test('it is forgotten when all of a batch is done, and when the group is joined', () => {
  const done = new BatchOrder(messages, () => true)
  const passed = afterOneWaits()
  passed.remember(batchFrom(0), done)
  expect(doneIn(passed, batchFrom(0))).toEqual([])
  const joined = afterOneWaits()
  joined.forget()
  expect(doneIn(joined, batchFrom(0))).toEqual([])
})
