import { type Anomaly, anomaly } from './anomaly.ts'
import { type Operation, ofKind, type SendOperation, topicPartitionKey } from './operations.ts'

/** The highest acknowledged offset of a partition, and its send. */
type Top = { readonly offset: bigint; readonly value: string; readonly send: SendOperation }
type Tops = Map<string, Top>

type Step = { readonly at: number; readonly send: SendOperation; readonly ends: boolean }

/**
 * Offsets of a partition rise in the order of sends: within one, and from one that is acknowledged to any that begins
 * after it. Sends that overlap have no order. A gap is no anomaly: it belongs to other writers.
 */
export function judgeSending(operations: readonly Operation[]): readonly Anomaly[] {
  const sends = ofKind(operations, 'send').filter(({ outcome }) => outcome === 'ok')
  const steps: Step[] = sends.flatMap((send) => [
    { at: send.begin, send, ends: false },
    { at: send.end, send, ends: true },
  ])
  steps.sort((one, other) => one.at - other.at)
  const found: Anomaly[] = []
  const tops: Tops = new Map()
  const atBegin = new Map<SendOperation, Tops>()
  for (const { send, ends } of steps) {
    if (!ends) {
      atBegin.set(send, topsFor(send, tops))
      continue
    }
    found.push(...judgeSend(send, atBegin.get(send) ?? new Map()))
    atBegin.delete(send)
    for (const [key, top] of topsWithin(send)) {
      if ((tops.get(key)?.offset ?? -1n) < top.offset) tops.set(key, top)
    }
  }
  return found
}

function topsFor({ records }: SendOperation, tops: Tops): Tops {
  const own: Tops = new Map()
  for (const { topic, partition } of records) {
    if (partition === undefined) continue
    const key = topicPartitionKey({ topic, partition })
    const top = tops.get(key)
    if (top !== undefined) own.set(key, top)
  }
  return own
}

/** At most one anomaly for each partition. */
function judgeSend(send: SendOperation, before: Tops): readonly Anomaly[] {
  const found = new Map<string, Anomaly>()
  const tops: Tops = new Map(before)
  for (const { topic, partition, offset, value } of send.records) {
    if (partition === undefined || offset === undefined) continue
    const key = topicPartitionKey({ topic, partition })
    const top = tops.get(key)
    if (top !== undefined && offset < top.offset && !found.has(key)) {
      found.set(
        key,
        anomaly(kindOf(top, send), `${value} was sent after ${top.value}, and lies before it`, {
          ...{ topic, partition, offsets: [top.offset, offset], values: [top.value, value] },
          operations: [...new Set([top.send.begin, send.begin])],
        }),
      )
    }
    if (top === undefined || offset > top.offset) tops.set(key, { offset, value, send })
  }
  return [...found.values()]
}

function kindOf(top: Top, send: SendOperation) {
  const { transaction } = send
  const isWithin =
    top.send === send || (transaction !== undefined && top.send.transaction === transaction)
  return isWithin ? 'internal-nonmonotonic-send' : 'external-nonmonotonic-send'
}

function topsWithin(send: SendOperation): Tops {
  const tops: Tops = new Map()
  for (const { topic, partition, offset, value } of send.records) {
    if (partition === undefined || offset === undefined) continue
    const key = topicPartitionKey({ topic, partition })
    if ((tops.get(key)?.offset ?? -1n) < offset) tops.set(key, { offset, value, send })
  }
  return tops
}
