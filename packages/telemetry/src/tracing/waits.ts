import type { SpanContext } from '@opentelemetry/api'
import { contextIn, isSampled } from '../traceparent.ts'
import { derivedSpanId } from './span-ids.ts'
import { recordSpan } from './step.ts'

/** A record of Kafka, as far as its trace goes. */
export type TracedRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** When its writer made it; for an event from Postgres, when Debezium had read it. */
  readonly timestampMs: number
  readonly headers: Readonly<Record<string, unknown>>
}

const APPENDED = /(?:^|,)tenseams=at:(\d{1,16})(?:,|$)/

/** A `tracestate` that says when an event was appended (https://www.w3.org/TR/trace-context/#tracestate-header). */
export function traceStateAt(appendedMs: number): string {
  return `tenseams=at:${appendedMs}`
}

/**
 * The context of a record's reader: below the times for which its event has waited, in the WAL and in the topic, which are
 * recorded here as spans. Who waits cannot record it, so whoever ends the waiting does.
 *
 * Each reader of a record ends the same wait in the WAL. Its span's id is derived from the event, so that three readers and
 * a redelivery record one span.
 *
 * @returns undefined for a record that is of no trace.
 */
export function contextOfReader(
  record: TracedRecord,
  groupId: string,
  readMs: number,
): SpanContext | undefined {
  const context = contextIn(record.headers.traceparent)
  if (context === undefined || !isSampled(context)) return context
  const { topic, partition, offset, timestampMs } = record
  return recordSpan({
    span: 'topic.wait',
    parent: walWaitOf(record, context),
    startMs: timestampMs,
    endMs: readMs,
    attributes: {
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': Number(offset),
      'messaging.consumer.group.name': groupId,
    },
  })
}

/** The wait of an event from Postgres; any other record was in no WAL. */
function walWaitOf(
  { topic, headers: { id, tracestate }, timestampMs }: TracedRecord,
  parent: SpanContext,
): SpanContext {
  const [, appendedMs] = APPENDED.exec(String(tracestate ?? '')) ?? []
  if (appendedMs === undefined) return parent
  const eventId = String(id ?? '')
  return recordSpan({
    span: 'wal.wait',
    parent,
    startMs: Number(appendedMs),
    endMs: timestampMs,
    spanId: derivedSpanId(parent.traceId, 'wal', eventId),
    attributes: {
      'service.name': 'debezium',
      'messaging.destination.name': topic,
      'tenseams.event.id': eventId,
    },
  })
}
