import type { AppendOutcome } from '@tenseams/iceberg/write/append'
import { contextIn, isSampled, type TraceContext } from '@tenseams/telemetry/traceparent'
import { inSharedStep, MOST_LINKS } from '@tenseams/telemetry/tracing/shared'
import { recordSpan } from '@tenseams/telemetry/tracing/step'
import { contextOfReader, type TracedRecord } from '@tenseams/telemetry/tracing/waits'

/** A row that waits for a commit, of a trace that is recorded. */
export type TracedRow = {
  /** Below this the row's wait is shown. */
  readonly context: TraceContext
  readonly partition: number
  readonly offset: string
  readonly bufferedMs: number
}

/** Undefined for most records: their trace is not recorded. */
export function tracedRow(record: TracedRecord, groupId: string): TracedRow | undefined {
  const { traceparent } = record.headers
  if (traceparent === undefined) return undefined
  const event = contextIn(traceparent)
  if (event === undefined || !isSampled(event)) return undefined
  const bufferedMs = Date.now()
  const context = contextOfReader(record, groupId, bufferedMs)
  if (context === undefined) return undefined
  return { context, partition: record.partition, offset: record.offset, bufferedMs }
}

/**
 * Commits rows as a step that they share. Each row's own trace gets the time for which it was buffered, and the commit that
 * has made it visible, which links the shared one.
 */
export async function inCommitStep(
  { table, rows, traced }: Committing,
  commit: () => Promise<AppendOutcome>,
): Promise<AppendOutcome> {
  const attributes = { 'tenseams.table': table, 'tenseams.rows': rows } as const
  const contexts = traced.map(({ context }) => context)
  const begunMs = Date.now()
  return inSharedStep({ span: 'lake.commit', attributes }, contexts, async (step) => {
    const result = await commit()
    const { kind, base } = result
    const snapshotId = String(base.metadata.currentSnapshotId)
    step.set({ 'tenseams.outcome': kind, 'tenseams.snapshot.id': snapshotId })
    if (kind === 'committed' && step.context !== undefined) {
      const endMs = Date.now()
      const shared = { table, snapshotId, begunMs, endMs, commit: step.context }
      for (const row of traced.slice(0, MOST_LINKS)) recordVisible(row, shared)
    }
    return result
  })
}

type Committing = {
  readonly table: string
  readonly rows: number
  readonly traced: readonly TracedRow[]
}

type Committed = {
  readonly table: string
  readonly snapshotId: string
  readonly begunMs: number
  readonly endMs: number
  readonly commit: TraceContext
}

function recordVisible(
  { context, partition, offset, bufferedMs }: TracedRow,
  { table, snapshotId, begunMs, endMs, commit }: Committed,
): void {
  const waited = recordSpan({
    ...{ span: 'buffer.wait', parent: context, startMs: bufferedMs, endMs: begunMs },
    attributes: {
      'tenseams.table': table,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': Number(offset),
    },
  })
  recordSpan({
    ...{ span: 'lake.row', parent: waited, links: [commit], startMs: begunMs, endMs },
    attributes: { 'tenseams.table': table, 'tenseams.snapshot.id': snapshotId },
  })
}
