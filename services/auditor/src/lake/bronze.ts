import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import type { Evidence } from '../evidence.ts'
import type { Row } from '../evidence-tables.ts'
import { type Catalogue, fileSql, type IcebergTable, loadFiles, readTable } from './iceberg.ts'

/** A table of bronze, and the topic that it holds. */
export type BronzeTable = { readonly topic: string; readonly table: IcebergTable }

const START = 'ten-seams.start-offsets'
const END = 'ten-seams.end-offsets'
const ACCOUNTED = 'ten-seams.offset-log-rows'
const REMOVED_FOREIGN = 'ten-seams.removed-foreign'

/** Those of the topics' tables that exist. */
export async function readBronze(
  catalogue: Catalogue,
  topics: readonly string[],
): Promise<readonly BronzeTable[]> {
  const tables = await Promise.all(
    topics.map(async (topic) => {
      const table = await readTable(catalogue, 'bronze', bronzeTableNameOf(topic))
      return table === undefined ? [] : [{ topic, table }]
    }),
  )
  return tables.flat()
}

/** Loads the offsets in the summaries of bronze's snapshots. */
export async function loadChain(evidence: Evidence, tables: readonly BronzeTable[]): Promise<void> {
  await evidence.clear('chain', 'snapshots')
  for (const { table } of tables) {
    await evidence.load('snapshots', snapshotsOf(table))
    await evidence.load('chain', chainOf(table))
  }
}

/** The files of bronze whose events are in the evidence. A file never changes, so its events are loaded once. */
export class LoadedFiles {
  /** By topic and the epoch of its log, on which the offsets of all rows depend. */
  readonly #loaded = new Map<string, ReadonlySet<string>>()

  /** Forgets everything: all files are read again. */
  async clear(evidence: Evidence): Promise<void> {
    this.#loaded.clear()
    await evidence.clear('bronze')
  }

  /** Loads the events that a table has now and had not before, and drops those of files that it no longer has. */
  async follow(evidence: Evidence, { topic, table }: BronzeTable): Promise<void> {
    const epoch = logEpochIn({ topic, table })
    const key = `${topic} ${epoch}`
    const before = this.#loaded.get(key)
    if (before === undefined) await evidence.run(`delete from bronze where topic = '${topic}'`)
    const live = new Set(table.files)
    const gone = [...(before ?? [])].filter((file) => !live.has(file))
    if (gone.length > 0) {
      const list = gone.map((file) => fileSql(`'${file.replaceAll("'", "''")}'`))
      await evidence.run(`delete from bronze where file in (${list.join(', ')})`)
    }
    const select = `select '${topic}', kafka_partition, ${offsetSql(epoch)}, event_id, stream_id, "version", "type", ${fileSql()}`
    // After an error in between, nothing is known to be loaded, and all of it is loaded again.
    this.#loaded.delete(key)
    await loadFiles(
      evidence,
      'bronze',
      select,
      [...live].filter((file) => !before?.has(file)),
    )
    this.#loaded.set(key, live)
  }
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

/** Between the offsets of two logs of a topic, where the rows of both are one table. */
export const LOG_SPAN = 2n ** 48n

/**
 * SQL of a row's offset. Those of the topic's newest log are as they are, so that they equal the records'. Those of earlier
 * logs, which no longer exist, are negative.
 */
export function offsetSql(epoch: number, offset = 'kafka_offset'): string {
  return `${offset} - (${epoch} - coalesce(log_epoch, 0))::bigint * ${LOG_SPAN}`
}

/** How often another log of the topic has been accepted. */
export function logEpochIn({ topic, table }: BronzeTable): number {
  return logsIn(table)[topic]?.epoch ?? 0
}

/** The name of offsets of a topic's newest log, without its epoch; undefined for those of an earlier one. */
export function currentName(key: string, logs: ReturnType<typeof logsIn>): string | undefined {
  const [, topic = '', epoch = '0', partition] = /^(.*?)(?:@(\d+))?-(\d+)$/.exec(key) ?? []
  return Number(epoch) === (logs[topic]?.epoch ?? 0) ? `${topic}-${partition}` : undefined
}

/** The logs of topics that a table has recorded. */
export function logsIn({ properties }: Pick<IcebergTable, 'properties'>) {
  return JSON.parse(properties['ten-seams.topics'] ?? '{}') as Readonly<
    Record<string, { readonly id: string; readonly epoch: number }>
  >
}

/** The offsets of the topic's newest log in a table's snapshot summaries, a row for each snapshot and partition. */
export function chainOf(table: IcebergTable) {
  const { name, snapshots } = table
  const logs = logsIn(table)
  return snapshots.flatMap((snapshot) => {
    const starts = offsetsOf(snapshot.summary[START])
    return Object.entries(offsetsOf(snapshot.summary[END])).flatMap(([key, end]) => {
      const topicPartition = currentName(key, logs)
      if (topicPartition === undefined) return []
      return {
        table_name: name,
        topic_partition: topicPartition,
        sequence: BigInt(snapshot['sequence-number']),
        start_offset: BigInt(starts[key] ?? end),
        end_offset: BigInt(end),
      }
    })
  })
}

/** What each snapshot of a table did to its rows, and whether its commit moved offsets for them. */
export function snapshotsOf({ name, snapshots }: IcebergTable): readonly Row<'snapshots'>[] {
  const repaired = new Set(
    snapshots.flatMap(({ summary }) => summary[REMOVED_FOREIGN]?.split(',') ?? []),
  )
  return snapshots.map(({ summary, ...snapshot }) => ({
    table_name: name,
    sequence: BigInt(snapshot['sequence-number']),
    operation: summary.operation ?? '',
    added: BigInt(summary['added-records'] ?? 0),
    removed: BigInt(summary['deleted-records'] ?? 0),
    total: countIn(summary['total-records']),
    accounted: countIn(summary[ACCOUNTED]),
    has_offsets: summary[END] !== undefined,
    is_repaired: repaired.has(String(snapshot['snapshot-id'])),
  }))
}

/** The id of a topic that its table has recorded; undefined for a table that was written before ids were. */
export function topicIdIn({ topic, table }: BronzeTable): string | undefined {
  return logsIn(table)[topic]?.id
}

const countIn = (text: string | undefined): bigint | null =>
  text === undefined ? null : BigInt(text)

function largest(offsets: readonly bigint[]): bigint {
  let most = 0n
  for (const offset of offsets) if (offset > most) most = offset
  return most
}

/** Offsets by topic-partition, as tables record them. */
export const offsetsOf = (text: string | undefined): Readonly<Record<string, number>> =>
  text === undefined ? {} : (JSON.parse(text) as Readonly<Record<string, number>>)
