import { bronzeNameOf, logPosition } from '../bronze/bronze-table.ts'
import { attempts, reasonOf, valuesOf } from './attempt.ts'
import { brokenContract, type CapturedColumn, misfit } from './captured-column.ts'
import type { DerivedColumn, DerivedTable, FoldParts } from './derived-table.ts'
import { type Gate, rejectedBy } from './gate.ts'

/** A captured table, of whose rows silver keeps every version. */
export type CapturedTable = {
  readonly name: string
  /** Debezium's topic of the table. */
  readonly topic: string
  readonly key: string
  readonly columns: readonly CapturedColumn[]
  readonly gates: readonly Gate[]
}

const BUCKETS = 4

/** The columns that the history adds to the captured ones. */
const own: readonly DerivedColumn[] = [
  { name: 'valid_from', type: 'timestamptz', required: true, doc: 'Commit time of the change.' },
  { name: 'valid_to', type: 'timestamptz', doc: 'Of the next version; null for the newest.' },
  {
    name: 'is_deleted',
    type: 'boolean',
    required: true,
    doc: 'The row did not exist in this time.',
  },
  {
    name: 'op',
    type: 'string',
    doc: 'What began the version: c, u, d, r (read by a snapshot) or mark.',
  },
  { name: 'lsn', type: 'long', doc: 'Position in the WAL; an incremental snapshot has none.' },
  {
    name: 'kafka_offset',
    type: 'long',
    doc: 'Of the record that began the version, in the key’s partition; in a later log of the topic plus its epoch times 2^48.',
  },
  { name: 'seen_offset', type: 'long', doc: 'Of the last record with these values.' },
  { name: 'told_at', type: 'timestamptz', doc: 'When the connector processed the change.' },
  { name: 'seen_at', type: 'timestamptz', doc: 'When the connector last found these values.' },
  { name: 'mark', type: 'string', doc: 'truncate or snapshot, in a row without a key.' },
]

/**
 * `silver.<name>`: every version of every row of a captured table (slowly changing dimension, type 2). The order of versions
 * is the order of a key's records in its partition, which is the order of commits in Postgres. It is not the order of LSNs: a
 * change made before a snapshot and committed after it has the smaller LSN. A snapshot that finds a row unchanged adds no version.
 *
 * A truncate, and the end of a snapshot of the whole table, have no key: they are kept as rows without a key (marks). A mark
 * ends every version that the connector had emitted before it and that the snapshot has not read. So a row that was deleted
 * while nothing captured is ended by the snapshot that no longer finds it. "Before" is by the connector's own clock.
 */
export function historyOf({ name, topic, key, columns, gates }: CapturedTable): DerivedTable {
  const values = columns.map((column) => column.name)
  return {
    table: { namespace: 'silver', name },
    source: bronzeNameOf(topic),
    columns: [
      { name: key, type: 'string', doc: 'Null for a mark.' },
      ...columns.map(({ name, type }) => ({ name, type })),
      ...own,
    ],
    key,
    buckets: BUCKETS,
    changes: (source) => changesSql({ key, columns, gates }, source),
    fold: (parts) => versionsSql(key, values, parts),
    foldKeyless: (keyless) => {
      const kept = ['valid_from', 'lsn', 'mark']
      const nothing = [key, ...values, ...own.map((column) => column.name)]
        .filter((column) => !kept.includes(column) && column !== 'is_deleted')
        .map((column) => `NULL AS ${column}`)
      return `SELECT false AS is_deleted, ${nothing.join(', ')}, * FROM (${marksSql(keyless)}) ORDER BY valid_from`
    },
  }
}

/** Versions of a bucket's rows: all records of each key in the order of its partition, split where the values change. */
function versionsSql(
  key: string,
  values: readonly string[],
  { rows, changes, keyless }: FoldParts,
): string {
  const names = [key, ...values].join(', ')
  const value = `row(${values.join(', ')})`
  return `WITH marks AS (${marksSql(keyless)}), told AS (
      SELECT ${names}, kafka_offset AS position, told_at, valid_from, op, lsn FROM ${rows}
       WHERE ${key} IS NOT NULL AND op <> 'mark'
      UNION ALL
      SELECT ${names}, seen_offset, seen_at, valid_from, 'r', NULL FROM ${rows}
       WHERE ${key} IS NOT NULL AND op <> 'mark' AND seen_offset > kafka_offset
      UNION ALL
      SELECT ${names}, position, told_at, valid_from, op, lsn FROM ${changes} WHERE ${key} IS NOT NULL
    ), ended AS (
      SELECT told.${key}, max(position) AS position, marks.valid_from AS told_at, marks.valid_from, 'mark' AS op,
             any_value(marks.lsn) AS lsn
        FROM told JOIN marks ON told.told_at < marks.valid_from
       WHERE NOT EXISTS (FROM ${rows} AS held WHERE held.${key} = told.${key}
                            AND held.told_at < marks.valid_from AND held.seen_at >= marks.valid_from)
         AND NOT EXISTS (FROM told AS read WHERE read.${key} = told.${key} AND marks.mark = 'snapshot'
                            AND read.op = 'r' AND read.lsn = marks.lsn AND read.told_at >= marks.valid_from)
       GROUP BY told.${key}, marks.valid_from
    ), evidence AS (
      SELECT *, op = 'mark' AS is_mark, op IN ('d', 'mark') AS is_gone
        FROM (FROM told UNION ALL BY NAME FROM ended)
     QUALIFY row_number() OVER (PARTITION BY ${key}, position, op = 'mark', if(op = 'mark', valid_from, NULL)
                                ORDER BY op, told_at) = 1
    ), compared AS (
      SELECT *, row_number() OVER earlier AS ordinal, lag(is_gone) OVER earlier AS was_gone,
             ${value} AS value, lag(${value}) OVER earlier AS old_value
        FROM evidence WINDOW earlier AS (PARTITION BY ${key} ORDER BY position, is_mark, valid_from)
    ), numbered AS (
      SELECT *, sum(CASE WHEN was_gone IS NULL THEN 1
                         WHEN is_gone AND was_gone THEN 0
                         WHEN op = 'r' AND NOT was_gone AND value IS NOT DISTINCT FROM old_value THEN 0
                         ELSE 1 END) OVER (PARTITION BY ${key} ORDER BY ordinal) AS number
        FROM compared
    ), versions AS (
      SELECT ${key}, number, ${values.map((column) => `arg_min_null(${column}, ordinal) AS ${column}`).join(', ')},
             arg_min(valid_from, ordinal) AS valid_from, arg_min(op, ordinal) AS op, arg_min(is_gone, ordinal) AS is_deleted,
             arg_min_null(lsn, ordinal) AS lsn, arg_min(position, ordinal) AS kafka_offset,
             max(position) AS last_position, arg_min(told_at, ordinal) AS told_at, max(told_at) AS last_told_at
        FROM numbered GROUP BY ${key}, number
    )
    SELECT * EXCLUDE (number, last_position, last_told_at),
           lead(valid_from) OVER (PARTITION BY ${key} ORDER BY number) AS valid_to,
           if(is_deleted, kafka_offset, last_position) AS seen_offset, if(is_deleted, told_at, last_told_at) AS seen_at,
           NULL AS mark
      FROM versions ORDER BY ${key}, number`
}

/** Repeated marks count once. */
function marksSql({ rows, changes }: FoldParts['keyless']): string {
  return `SELECT DISTINCT mark, lsn, valid_from
            FROM (SELECT mark, lsn, valid_from FROM ${rows} UNION ALL SELECT mark, lsn, valid_from FROM ${changes})`
}

/** The last row of a whole snapshot has one of these markers. Incremental snapshots have none and need none. */
const LAST_OF_SNAPSHOT = `('last', 'last_in_data_collection')`

function changesSql(
  { key, columns, gates }: Pick<CapturedTable, 'key' | 'columns' | 'gates'>,
  source: string,
): string {
  const nothing = columns.map(({ name }) => `NULL AS ${name}`)
  const ownGates = rejectedBy([
    { reason: 'no-key', rejects: `${key} IS NULL` },
    { reason: 'no-time', rejects: 'committed_at IS NULL' },
  ])
  return `WITH read AS (
      SELECT kafka_partition, kafka_offset, log_epoch, ${logPosition} AS position, op, snapshot, lsn, committed_at, told_at,
             TRY("key"->>'${key}') AS ${key}, CASE WHEN op <> 'd' AND json_valid("after") THEN "after" END AS image
        FROM ${source} WHERE op IN ('c', 'u', 'r', 'd', 't')
    ), taken AS (
      SELECT *, coalesce(${ownGates}, ${brokenContract(columns)}) AS broken, ${attempts(columns, [])}
        FROM read WHERE op <> 't'
    ), columns AS (
      SELECT kafka_partition, kafka_offset, log_epoch, ${key}, ${valuesOf(columns)},
             lsn, committed_at AS valid_from, position, told_at, op, NULL::VARCHAR AS mark,
             coalesce(broken, ${reasonOf(columns)}) AS broken
        FROM taken
    )
    SELECT * EXCLUDE (broken), coalesce(broken, ${misfit(columns)}, ${rejectedBy(gates)}) AS reason FROM columns
    UNION ALL BY NAME
    SELECT kafka_partition, kafka_offset, log_epoch, NULL AS ${key}, ${nothing.join(', ')}, lsn,
           -- A truncate counts from when the connector processed it, a snapshot from when it began.
           if(op = 't', told_at, committed_at) AS valid_from, position, told_at, op,
           if(op = 't', 'truncate', 'snapshot') AS mark, if(op = 't' AND told_at IS NULL, 'no-time', NULL) AS reason
      FROM read WHERE op = 't' OR op = 'r' AND snapshot IN ${LAST_OF_SNAPSHOT} AND committed_at IS NOT NULL`
}
