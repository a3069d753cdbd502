import type { Row } from '@tenseams/iceberg/format/row'
import { type OffsetSpan, type OffsetSpans, partitionKey } from '@tenseams/iceberg/offsets/offsets'
import type { LeaderEpochs, TopicLogs } from '@tenseams/iceberg/offsets/topics'
import { MOST_LINKS } from '@tenseams/telemetry/tracing/shared'
import type { DecodedBatch } from './batch.ts'
import type { TableLog } from './log-continuity.ts'
import type { TracedRow } from './traced-rows.ts'

/** What a table has read and not yet committed: rows, and the offsets that they account for. */
export class TableBuffer {
  readonly #topic: string
  readonly #log: TableLog
  readonly #spans = new Map<string, OffsetSpan>()
  readonly #leaderEpochs = new Map<string, number>()
  readonly rows: Row[] = []
  readonly traced: TracedRow[] = []
  deadLetters = 0
  oldestMs = Number.POSITIVE_INFINITY
  /** Bytes held of the budget. */
  bytes = 0

  constructor(topic: string, log: TableLog) {
    this.#topic = topic
    this.#log = log
  }

  add(partition: number, span: OffsetSpan, batch: DecodedBatch, bytes: number): void {
    const key = partitionKey(this.#topic, partition, this.#log.epoch)
    const leaderEpoch = this.#log.leaderEpochs.get(partition) ?? -1
    if (leaderEpoch >= 0) this.#leaderEpochs.set(key, leaderEpoch)
    const start = this.#spans.get(key)?.start ?? span.start
    this.#spans.set(key, { start, end: span.end })
    for (const row of batch.rows) this.rows.push(row)
    this.traced.push(...(batch.traced ?? []).slice(0, MOST_LINKS - this.traced.length))
    this.deadLetters += batch.deadLetters.length
    this.oldestMs = Math.min(this.oldestMs, batch.oldestMs)
    this.bytes += bytes
  }

  /** False for ticks alone: their offsets are committed with the next row. */
  get isDue(): boolean {
    return this.rows.length > 0 || this.deadLetters > 0
  }

  get spans(): OffsetSpans {
    return Object.fromEntries(this.#spans)
  }

  get topics(): TopicLogs {
    // A broker without ids has nothing to record.
    const { id, epoch } = this.#log
    return id === '' ? {} : { [this.#topic]: { id, epoch } }
  }

  /** Of the leaders that all buffered records were fetched from. */
  get leaderEpochs(): LeaderEpochs {
    return Object.fromEntries(this.#leaderEpochs)
  }
}
