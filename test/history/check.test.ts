import { expect, test } from 'vitest'
import { judge } from './check.ts'
import type { Body, Operation } from './operations.ts'

const POLLS = 50_000
const RECORDS_A_POLL = 4

/** Half sends, half polls by two readers that share the partitions, commit after each poll, and are sometimes reassigned. */
function longHistory(): readonly Operation[] {
  const operations: Operation[] = []
  const add = (process: string, body: Body) => {
    const begin = 2 * operations.length
    operations.push({ ...body, process, outcome: 'ok', begin, end: begin + 1, timeUs: begin })
  }
  for (let poll = 0; poll < POLLS; poll += 1) {
    const topicPartition = { topic: 'in', partition: poll % 3 }
    const first = Math.floor(poll / 3) * RECORDS_A_POLL
    const records = Array.from({ length: RECORDS_A_POLL }, (_, at) => ({
      ...{
        ...topicPartition,
        offset: BigInt(first + at),
        value: `${topicPartition.partition}-${first + at}`,
      },
    }))
    add(`p${topicPartition.partition}`, { kind: 'send', records })
    const reader = `r${Math.floor(poll / 300) % 2}`
    if (poll % 300 < 3) {
      add(reader, { kind: 'assign', group: 'g', partitions: [topicPartition] })
    }
    add(reader, {
      kind: 'poll',
      positions: [{ ...topicPartition, offset: BigInt(first) }],
      records,
    })
    const offsets = [{ ...topicPartition, offset: BigInt(first + RECORDS_A_POLL) }]
    add(reader, { kind: 'commit-offsets', group: 'g', offsets })
  }
  return operations
}

test('a history of more than 100 000 operations is judged in seconds', () => {
  const operations = longHistory()
  expect(operations.length).toBeGreaterThan(100_000)
  const start = performance.now()
  expect(judge({ operations, torn: [] })).toMatchObject({ anomalies: [], unseen: [] })
  // About one second on two idle cores, 30 seconds were seen on busy ones; a quadratic step takes many minutes.
  expect(performance.now() - start).toBeLessThan(60_000)
})
