import type { AppendOutcome } from '@tenseams/iceberg/write/append'
import { type Recorder, recordSpans } from '@tenseams/telemetry/testing/recorder'
import { traceStateAt } from '@tenseams/telemetry/tracing/waits'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inCommitStep, type TracedRow, tracedRow } from './traced-rows.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const now = Date.now()

const recordWith = (traceparent: string | undefined) => ({
  ...{ topic: 'orders.order.v1', partition: 2, offset: '41', timestampMs: now - 20 },
  headers: { id: 'event-1', traceparent, tracestate: traceStateAt(now - 100) },
})
const recorded = recordWith(`00-${traceId}-b7ad6b7169203331-01`)
const outcomeOf = (kind: AppendOutcome['kind']) =>
  ({ kind, base: { metadata: { currentSnapshotId: 77n } }, conflicts: 0 }) as AppendOutcome

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('lakehouse')
})

afterEach(() => recorder.close())

function rowOf(record = recorded): TracedRow {
  const row = tracedRow(record, 'lakehouse')
  if (row === undefined) throw new Error('not recorded')
  return row
}

const committing = (traced: readonly TracedRow[]) => ({
  table: 'bronze.orders_order',
  rows: 9,
  traced,
})

test('a row has waited in the WAL, in the topic and in the buffer, until a commit has made it visible', async () => {
  await inCommitStep(committing([rowOf()]), async () => outcomeOf('committed'))
  const spans = new Map(recorder.spans().map((span) => [span.name, span]))
  const way = [
    'wait in the WAL',
    'wait in orders.order.v1',
    'wait for a commit of bronze.orders_order',
    'visible in bronze.orders_order',
  ].map((name) => spans.get(name))
  expect(way.map((span) => span?.traceId)).toEqual(Array(4).fill(traceId))
  expect(way.slice(1).map((span) => span?.parentId)).toEqual(
    way.slice(0, 3).map((span) => span?.id),
  )
  const commit = spans.get('commit bronze.orders_order')
  expect(commit?.traceId).not.toBe(traceId)
  expect(commit?.tags).toMatchObject({ 'tenseams.rows': '9', 'tenseams.snapshot.id': '77' })
  expect(way.at(-1)?.tags).toMatchObject({ links: `${commit?.traceId}-${commit?.id}` })
})

test('rows that another writer was first with are not visible by this commit', async () => {
  await inCommitStep(committing([rowOf()]), async () => outcomeOf('overtaken'))
  const names = recorder.spans().map(({ name }) => name)
  expect(names).toContain('commit bronze.orders_order')
  expect(names).not.toContain('visible in bronze.orders_order')
})

test.each([undefined, '', `00-${traceId}-b7ad6b7169203331-00`])(
  'a row of the trace %s costs no span',
  async (traceparent) => {
    expect(tracedRow(recordWith(traceparent), 'lakehouse')).toBeUndefined()
    await inCommitStep(committing([]), async () => outcomeOf('committed'))
    expect(recorder.spans()).toEqual([])
  },
)
