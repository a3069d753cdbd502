import { inStep } from '@tenseams/telemetry/tracing/step'
import { contextOfReader } from '@tenseams/telemetry/tracing/waits'
import type { ConsumedRecord } from '../record.ts'

/**
 * Handles a record as a step of its event's trace, below the times for which the event has waited. A record without a context
 * in its headers is handled outside of any trace.
 */
export async function inProcessStep<Value>(
  record: ConsumedRecord,
  groupId: string,
  handle: () => Promise<Value> | Value,
): Promise<Value> {
  const parent = contextOfReader(record, groupId, Date.now())
  if (parent === undefined) return handle()
  return inStep(
    { span: 'messaging.process', parent, attributes: attributesOf(record, groupId) },
    async () => handle(),
  )
}

function attributesOf({ topic, partition, offset, headers }: ConsumedRecord, groupId: string) {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.kafka.offset': Number(offset),
    'messaging.consumer.group.name': groupId,
    'tenseams.event.id': String(headers.id ?? ''),
    'tenseams.event.type': String(headers.eventType ?? ''),
  } as const
}
