import { eventTopics } from '../checks/check.ts'
import type { Evidence } from '../evidence.ts'
import { type IcebergTable, loadFiles, readTable } from './iceberg.ts'

/** A table of bronze, and the topic that it holds. */
export type BronzeTable = { readonly topic: string; readonly table: IcebergTable }

const START = 'ten-seams.start-offsets'
const END = 'ten-seams.end-offsets'

export const bronzeNameOf = (topic: string): string => topic.replaceAll(/[.-]/g, '_')

/** Those of the topics' tables that exist. */
export async function readBronze(
  catalogUrl: string,
  topics: readonly string[],
  timeoutMs: number,
): Promise<readonly BronzeTable[]> {
  const tables = await Promise.all(
    topics.map(async (topic) => {
      const table = await readTable(catalogUrl, 'bronze', bronzeNameOf(topic), timeoutMs)
      return table === undefined ? [] : [{ topic, table }]
    }),
  )
  return tables.flat()
}

/** Loads the events that bronze holds, and the offsets in its snapshots' summaries. */
export async function loadEventsOfBronze(
  evidence: Evidence,
  tables: readonly BronzeTable[],
): Promise<void> {
  await evidence.clear('bronze', 'chain')
  for (const topic of eventTopics) {
    const table = tables.find((other) => other.topic === topic)?.table
    if (table === undefined) continue
    const select = `select '${topic}', kafka_partition, kafka_offset, event_id, stream_id, "version", "type"`
    await loadFiles(evidence, 'bronze', select, table.files)
    await evidence.load('chain', chainOf(table))
  }
}

/** The next offset of a partition, such as `orders.order.v1-0`, that bronze will take. */
export function endOf(tables: readonly BronzeTable[], topicPartition: string): bigint {
  return largest(
    tables
      .flatMap(({ table }) => chainOf(table))
      .filter((row) => row.topic_partition === topicPartition)
      .map((row) => row.end_offset),
  )
}

/**
 * The end offsets, by topic-partition, of what a table held at one of its snapshots. A snapshot that commits no records,
 * such as a compaction's, holds what those before it held.
 *
 * @returns undefined when the table does not know the snapshot (any more).
 */
export function endsAt(
  table: IcebergTable,
  snapshotId: bigint,
): ReadonlyMap<string, bigint> | undefined {
  const snapshot = table.snapshots.find((other) => BigInt(other['snapshot-id']) === snapshotId)
  if (snapshot === undefined) return undefined
  const until = BigInt(snapshot['sequence-number'])
  const rows = chainOf(table).filter(({ sequence }) => sequence <= until)
  const names = new Set(rows.map((row) => row.topic_partition))
  return new Map(
    [...names].map((name) => {
      const ends = rows.filter((row) => row.topic_partition === name).map((row) => row.end_offset)
      return [name, largest(ends)]
    }),
  )
}

/** The offsets in a table's snapshot summaries, a row for each snapshot and partition. */
export function chainOf({ name, snapshots }: IcebergTable) {
  return snapshots.flatMap((snapshot) => {
    const starts = offsetsOf(snapshot.summary[START])
    return Object.entries(offsetsOf(snapshot.summary[END])).map(([topicPartition, end]) => ({
      table_name: name,
      topic_partition: topicPartition,
      sequence: BigInt(snapshot['sequence-number']),
      start_offset: BigInt(starts[topicPartition] ?? end),
      end_offset: BigInt(end),
    }))
  })
}

function largest(offsets: readonly bigint[]): bigint {
  let most = 0n
  for (const offset of offsets) if (offset > most) most = offset
  return most
}

const offsetsOf = (text: string | undefined): Readonly<Record<string, number>> =>
  text === undefined ? {} : (JSON.parse(text) as Readonly<Record<string, number>>)
