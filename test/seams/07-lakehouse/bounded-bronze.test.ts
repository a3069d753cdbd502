import type { Encoder } from '@tenseams/codec/codec'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { type Instance, OwnBronze, type OwnTopic } from './own-bronze.ts'

/** The service's memory under a backlog a hundred times its limit: never more than the limit. */

const BACKLOG = 300_000
const BOUND = 8 * 1_048_576
/** For Node, DuckDB (256 MB) and fetches, with a margin: the decoded backlog would be half a gigabyte more. */
const PROCESS_BOUND = 640 * 1_048_576
const BATCH = 5_000
const HELD = 'tenseams_lakehouse_buffered_bytes'
const TIMEOUT_MS = 300_000
const text = JSON.stringify({
  ...{ type: 'record', name: 'Thing', namespace: 'test', doc: 'Something that a test makes.' },
  fields: [{ name: 'eventId', type: 'string', doc: 'The id.' }],
})

let own: OwnBronze

beforeAll(async () => {
  own = await OwnBronze.open(await useStack())
})

afterAll(() => own.close())

test(
  'a backlog is written within a small memory limit, each record once',
  async () => {
    const topic = await own.topic('avro', text)
    await fill(topic, BACKLOG)
    const instance = own.start([topic], { maxBufferedBytes: BOUND, maxBufferedRows: 1_000_000 })
    const { held, samples } = await highestHeld(instance, BACKLOG)
    const { peakBytes } = instance
    expect(samples).toBeGreaterThan(20)
    expect(held, 'it was sampled while it held something').toBeGreaterThan(BOUND / 4)
    expect(held).toBeLessThanOrEqual(BOUND)
    expect(peakBytes).toBeLessThan(PROCESS_BOUND)
    await topic.expectEachOnce(BACKLOG)
  },
  TIMEOUT_MS,
)

test(
  'without the limit the service holds many times as much',
  async () => {
    const topic = await own.topic('avro', text)
    const backlog = BACKLOG / 5
    await fill(topic, backlog)
    const unbounded = { maxBufferedBytes: 2 ** 40, maxBufferedRows: 1_000_000 }
    const instance = own.start([topic], { ...unbounded, flushIntervalMs: 60_000 })
    const isFar = async () => (await instance.metric(HELD)) > 3 * BOUND
    await eventually(isFar, { timeoutMs: 60_000, what: 'more to be held than the bound' })
    expect(await instance.end('SIGTERM')).toBe(0)
    own.start([topic])
    await topic.expectEachOnce(backlog)
  },
  TIMEOUT_MS,
)

async function fill(topic: OwnTopic, records: number): Promise<void> {
  const encoder: Encoder<unknown> = await topic.publish(text)
  for (let sent = 0; sent < records; sent += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, index) => sent + index)
    await topic.send(numbers.map((number) => encoder.encode({ eventId: `thing-${number}` })))
  }
}

/** Samples the instance's metric of held bytes, until so many rows are committed. */
async function highestHeld(instance: Instance, rows: number) {
  let held = 0
  let samples = 0
  const isDone = async () => {
    held = Math.max(held, await instance.metric(HELD))
    samples += 1
    return (await instance.metric('tenseams_lakehouse_rows_total')) >= rows
  }
  const what = `${rows} rows to be committed`
  await eventually(isDone, { timeoutMs: 200_000, what, intervalMs: 20 })
  return { held, samples }
}
