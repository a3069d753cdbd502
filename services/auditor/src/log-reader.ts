import { Consumer, FetchIsolationLevels } from '@platformatic/kafka'
import { saslSetting } from '@tenseams/kafka/access/login'
import type { KafkaAccess } from '@tenseams/kafka/client'
import { boundDecompression } from './decompression.ts'

/** A record of the log as it lies there, and what became of its transaction. */
export type LogRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: ReadonlyMap<string, string>
  readonly writtenAt: bigint
  readonly fate: Fate
}

/** `open`: its transaction has not ended yet. */
export type Fate = 'committed' | 'aborted' | 'open'

type Undecided = Omit<LogRecord, 'fate'>

/** As much of a batch as is needed to judge it (Kafka's protocol, record batch). */
export type Batch = {
  readonly firstOffset: bigint
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly producerId: bigint
  readonly firstTimestamp: bigint
  readonly records: readonly {
    readonly offsetDelta: number
    readonly timestampDelta: bigint
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
  }[]
}

const TRANSACTIONAL = 0b1_0000
const CONTROL = 0b10_0000
const COMMIT_MARKER = 1

/**
 * Judges records by the log itself: a transactional record is what the next marker of its producer says. The broker's
 * list of aborted transactions is not asked, and no client's filter is trusted, since those are what is audited.
 */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  next = 0n
  readonly #undecided = new Map<bigint, Undecided[]>()
  #due: readonly LogRecord[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Takes the next batches of the partition and returns what is decided now. */
  take(batches: readonly Batch[]): readonly LogRecord[] {
    const decided: LogRecord[] = []
    for (const batch of batches) {
      const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
      if (last < this.next) continue
      if ((batch.attributes & CONTROL) !== 0) decided.push(...this.#decide(batch))
      else if ((batch.attributes & TRANSACTIONAL) !== 0) this.#hold(batch)
      else {
        const records = this.#recordsOf(batch)
        decided.push(...records.map((record) => ({ ...record, fate: 'committed' as const })))
      }
      this.next = last + 1n
    }
    return decided
  }

  /**
   * Takes the next batches and hands over what is decided now, together with what was decided before and could not be
   * handed over: the partition is read on, so nobody else would bring it again.
   */
  async handOver(
    batches: readonly Batch[],
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
  ): Promise<void> {
    this.#due = [...this.#due, ...this.take(batches)]
    await onRecords(this.#due)
    this.#due = []
  }

  /** Records of transactions that have not ended. They will be decided by a later `take`. */
  open(): readonly LogRecord[] {
    return [...this.#undecided.values()]
      .flat()
      .map((record) => ({ ...record, fate: 'open' as const }))
  }

  #hold(batch: Batch): void {
    const held = this.#undecided.get(batch.producerId) ?? []
    held.push(...this.#recordsOf(batch))
    this.#undecided.set(batch.producerId, held)
  }

  #decide(batch: Batch): readonly LogRecord[] {
    const held = this.#undecided.get(batch.producerId) ?? []
    this.#undecided.delete(batch.producerId)
    // The marker's key is its version and its type, two bytes each: 0 aborts, 1 commits.
    const type = batch.records[0]?.key?.readInt16BE(2)
    const fate = type === COMMIT_MARKER ? 'committed' : 'aborted'
    return held.map((record) => ({ ...record, fate }))
  }

  #recordsOf(batch: Batch): Undecided[] {
    const { topic, partition } = this
    // Those of a batch that cannot be decompressed are all at its first offset: one stands for them.
    return uniqueBy(batch.records, ({ offsetDelta }) => offsetDelta)
      .map((record) => ({
        ...{ topic, partition, key: record.key, value: record.value },
        offset: batch.firstOffset + BigInt(record.offsetDelta),
        headers: new Map(record.headers.map(([name, value]) => [String(name), String(value)])),
        writtenAt: batch.firstTimestamp + record.timestampDelta,
      }))
      .filter(({ offset }) => offset >= this.next)
  }
}

function uniqueBy<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): readonly Item[] {
  const seen = new Set<unknown>()
  return items.filter((item) => {
    const key = keyOf(item)
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

/** Little, because each batch in it may become 16 MB. */
const FETCH_BYTES = 262_144
/** What is there now is wanted; for what is not, nobody waits. */
const LONGEST_WAIT_MS = 0

export type LogReaderOptions = KafkaAccess & {
  readonly timeoutMs: number
}

/**
 * Reads whole topics from their beginning, and later what has come since. It belongs to no group that anybody else is in
 * and commits nothing; its place is in its memory.
 */
export class LogReader {
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>
  readonly #logs = new Map<string, PartitionLog>()

  constructor({ brokers, credentialsFile, timeoutMs }: LogReaderOptions) {
    boundDecompression()
    this.#consumer = new Consumer({
      clientId: 'auditor',
      groupId: 'auditor',
      bootstrapBrokers: brokers.split(','),
      ...saslSetting(credentialsFile),
      timeout: timeoutMs,
      retries: 3,
      autocommit: false,
    })
  }

  async close(): Promise<void> {
    await this.#consumer.close()
  }

  /** The partitions that were read, and how far. */
  logs(): readonly PartitionLog[] {
    return [...this.#logs.values()]
  }

  /**
   * Reads each partition of the topics to what its end is now; topics that are not there yet are passed over.
   *
   * @param onRecords is given each record when its fate is known, and again by the next call if it throws.
   */
  async readOn(
    topics: readonly string[],
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
  ): Promise<void> {
    for (const topic of topics) {
      const { topics: found } = await this.#consumer.metadata({
        topics: [topic],
        autocreateTopics: false,
        forceUpdate: true,
      })
      const about = found.get(topic)
      for (const [partition, { leader }] of about?.partitions.entries() ?? []) {
        await this.#readPartition({ topic, id: about?.id ?? '', partition, leader }, onRecords)
      }
    }
  }

  async #readPartition(
    place: { topic: string; id: string; partition: number; leader: number },
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
  ): Promise<void> {
    const log = this.#logOf(place.topic, place.partition)
    let end: bigint | undefined
    do {
      const { highWatermark, batches } = await this.#fetch(place, log.next)
      end ??= highWatermark
      const before = log.next
      await log.handOver(batches, onRecords)
      if (log.next === before && before < end) {
        throw new Error(`${place.topic}-${place.partition} gives nothing at offset ${before}`)
      }
    } while (log.next < end)
  }

  async #fetch(
    { id, partition, leader }: { id: string; partition: number; leader: number },
    fetchOffset: bigint,
  ): Promise<{ readonly highWatermark: bigint; readonly batches: readonly Batch[] }> {
    const response = await this.#consumer.fetch({
      node: leader,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      maxWaitTime: LONGEST_WAIT_MS,
      topics: [
        {
          topicId: id,
          partitions: [
            {
              partition,
              fetchOffset,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
              partitionMaxBytes: FETCH_BYTES,
            },
          ],
        },
      ],
    })
    const found = response.responses[0]?.partitions[0]
    return { highWatermark: found?.highWatermark ?? fetchOffset, batches: found?.records ?? [] }
  }

  #logOf(topic: string, partition: number): PartitionLog {
    const name = `${topic}-${partition}`
    const known = this.#logs.get(name)
    if (known !== undefined) return known
    const log = new PartitionLog(topic, partition)
    this.#logs.set(name, log)
    return log
  }
}
