import type { TraceContext } from '@tenseams/telemetry/traceparent'
import { activeMember, inSharedStep, MOST_LINKS } from '@tenseams/telemetry/tracing/shared'
import { recordSpan } from '@tenseams/telemetry/tracing/step'
import type { TopicPartition } from '../ownership.ts'
import type { Outcome } from '../partition-owner.ts'
import type { ConsumedRecord } from '../record.ts'
import { inProcessStep } from './process-step.ts'

type Transformed = {
  readonly offset: bigint
  readonly context: TraceContext
  readonly endMs: number
}

/** The recorded steps of one transaction: each record's transform, and the commit that they share. */
export class TransactionSteps {
  readonly #groupId: string
  readonly #transformed: Transformed[] = []

  constructor(groupId: string) {
    this.#groupId = groupId
  }

  /** Transforms a record as a step of its event's trace. */
  transform<Value>(
    record: ConsumedRecord,
    transform: () => Promise<Value> | Value,
  ): Promise<Value> {
    return inProcessStep(record, this.#groupId, async () => {
      const value = await transform()
      const context = activeMember()?.spanContext()
      if (context !== undefined && this.#transformed.length < MOST_LINKS) {
        this.#transformed.push({ offset: BigInt(record.offset), context, endMs: Date.now() })
      }
      return value
    })
  }

  /**
   * Commits the records below `next` as a step that they share. What a record has written is seen when the transaction has
   * committed, so each of them has waited for it.
   */
  async commit(
    { topic, partition, groupId }: TopicPartition,
    { next, records }: { readonly next: bigint; readonly records: number },
    write: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const covered = this.#transformed.filter(({ offset }) => offset < next)
    const attributes = {
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.consumer.group.name': groupId,
      'messaging.batch.message_count': records,
    } as const
    const contexts = covered.map(({ context }) => context)
    return inSharedStep({ span: 'kafka.transaction', attributes }, contexts, async (step) => {
      const outcome = await write()
      step.set({ 'tenseams.outcome': outcome })
      if (step.context !== undefined) this.#recordWaits(covered, step.context)
      return outcome
    })
  }

  #recordWaits(covered: readonly Transformed[], transaction: TraceContext): void {
    const endMs = Date.now()
    for (const { context, endMs: startMs } of covered) {
      recordSpan({
        ...{ span: 'transaction.wait', parent: context, links: [transaction], startMs, endMs },
        attributes: { 'messaging.consumer.group.name': this.#groupId },
      })
    }
  }
}
