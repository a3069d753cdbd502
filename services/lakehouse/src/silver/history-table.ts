import { bronzeNameOf } from '../bronze-table.ts'
import type { DerivedColumn, DerivedTable, FoldParts } from './derived-table.ts'
import { type Gate, rejectedBy } from './gate.ts'

/** A captured column, and how it is read from the JSON of a row image (`image`). */
export type CapturedColumn = DerivedColumn & { readonly from: string }

/** A captured table, whose rows silver keeps with all that they ever were. */
export type CapturedTable = {
  readonly name: string
  /** Debezium's topic of the table. */
  readonly topic: string
  readonly key: string
  readonly columns: readonly CapturedColumn[]
  readonly gates: readonly Gate[]
}

const BUCKETS = 4

/** What the history adds to the captured columns. */
const own: readonly DerivedColumn[] = [
  { name: 'valid_from', type: 'timestamptz', required: true, doc: 'Commit time of the change.' },
  { name: 'valid_to', type: 'timestamptz', doc: 'Of the next version; null for the newest.' },
  { name: 'is_deleted', type: 'boolean', required: true, doc: 'The row was gone in this time.' },
  { name: 'op', type: 'string', doc: 'What began it: c, u, d, r (found by a snapshot) or a mark.' },
  { name: 'lsn', type: 'long', required: true, doc: 'Where in the WAL the version begins.' },
  { name: 'seen_lsn', type: 'long', required: true, doc: 'Where a snapshot last found it so.' },
  {
    ...{ name: 'mark', type: 'string' },
    doc: 'truncate or snapshot, in a row without key: what is not seen there or later was gone by then.',
  },
]

/**
 * `silver.<name>`: each row of a captured table in each version it had (slowly changing dimension, type 2), ordered by the
 * place in the WAL and not by arrival. A version that a snapshot finds as it was is not a new one.
 *
 * A truncate, and the end of a snapshot of the whole table, are told by no key: they are kept as rows without key (marks),
 * and end every version that was last seen before them. So a row that was deleted while nobody captured is ended by the
 * snapshot that no longer finds it.
 */
export function historyOf({ name, topic, key, columns, gates }: CapturedTable): DerivedTable {
  const values = columns.map((column) => column.name)
  return {
    table: { namespace: 'silver', name },
    source: bronzeNameOf(topic),
    columns: [
      { name: key, type: 'string', doc: 'Null for a mark.' },
      ...columns.map(({ from: _from, ...column }) => column),
      ...own,
    ],
    key,
    buckets: BUCKETS,
    changes: (source) => changesSql({ key, columns, gates }, source),
    fold: (parts) => versionsSql(key, values, parts),
    foldKeyless: (keyless) =>
      `SELECT NULL AS ${key}, ${values.map((value) => `NULL AS ${value}`).join(', ')}, valid_from, NULL AS valid_to,
              false AS is_deleted, NULL AS op, lsn, lsn AS seen_lsn, mark
         FROM (${marksSql(keyless)}) ORDER BY lsn`,
  }
}

/** Versions of a bucket's rows: all that was told of each key, in the order of the WAL, cut where it changes. */
function versionsSql(
  key: string,
  values: readonly string[],
  { rows, changes, keyless }: FoldParts,
): string {
  const names = [key, ...values]
  return `WITH marks AS (${marksSql(keyless)}), told AS (
         SELECT ${names.join(', ')}, lsn, valid_from, op FROM ${rows}
          WHERE ${key} IS NOT NULL
         UNION ALL
         SELECT ${names.join(', ')}, seen_lsn, valid_from, 'r' FROM ${rows}
          WHERE ${key} IS NOT NULL AND seen_lsn > lsn
         UNION ALL
         SELECT ${names.join(', ')}, lsn, valid_from, op FROM ${changes}
          WHERE ${key} IS NOT NULL
       ), evidence AS (
         SELECT * FROM told
         UNION ALL BY NAME
         SELECT keys.${key}, marks.lsn, min(marks.valid_from) AS valid_from, 'mark' AS op
           FROM marks JOIN (SELECT ${key}, min(lsn) AS first FROM told GROUP BY ${key}) AS keys
             ON keys.first < marks.lsn
          WHERE NOT EXISTS (FROM ${rows} AS seen
                             WHERE seen.${key} = keys.${key} AND marks.lsn BETWEEN seen.lsn AND seen.seen_lsn
                               AND NOT seen.is_deleted)
          GROUP BY keys.${key}, marks.lsn
       ), single AS (
         SELECT *, op IN ('d', 'mark') AS is_gone FROM evidence
         QUALIFY row_number() OVER (PARTITION BY ${key}, lsn ORDER BY is_gone, op, valid_from) = 1
       ), compared AS (
         SELECT *, row(${values.join(', ')}) AS value,
                lag(is_gone) OVER earlier AS was_gone, lag(row(${values.join(', ')})) OVER earlier AS old_value
           FROM single WINDOW earlier AS (PARTITION BY ${key} ORDER BY lsn)
       ), numbered AS (
         SELECT *, sum(CASE
                  WHEN was_gone IS NULL THEN 1
                  WHEN is_gone AND was_gone THEN 0
                  WHEN op = 'r' AND NOT was_gone AND value IS NOT DISTINCT FROM old_value THEN 0
                  ELSE 1 END) OVER (PARTITION BY ${key} ORDER BY lsn) AS number
           FROM compared
       ), versions AS (
         SELECT ${key}, ${values.map((value) => `arg_min_null(${value}, lsn) AS ${value}`).join(', ')},
                arg_min(valid_from, lsn) AS valid_from, arg_min(op, lsn) AS op,
                arg_min(is_gone, lsn) AS is_deleted,
                min(lsn) AS lsn, max(lsn) AS seen_lsn, number
           FROM numbered GROUP BY ${key}, number
       )
       SELECT ${names.join(', ')}, valid_from,
              lead(valid_from) OVER (PARTITION BY ${key} ORDER BY number) AS valid_to,
              is_deleted, op, lsn, CASE WHEN is_deleted THEN lsn ELSE seen_lsn END AS seen_lsn, NULL AS mark
         FROM versions
        ORDER BY ${key}, lsn`
}

/** A mark that was told twice is one. */
function marksSql({ rows, changes }: FoldParts['keyless']): string {
  return `SELECT mark, lsn, min(valid_from) AS valid_from
            FROM (SELECT mark, lsn, valid_from FROM ${rows} UNION ALL SELECT mark, lsn, valid_from FROM ${changes})
           GROUP BY mark, lsn`
}

/** Whole snapshots end with a row that says so; incremental ones have none, and need none. */
const LAST_OF_SNAPSHOT = `('last', 'last_in_data_collection')`

function changesSql(
  { key, columns, gates }: Pick<CapturedTable, 'key' | 'columns' | 'gates'>,
  source: string,
): string {
  const nothing = columns.map(({ name }) => `NULL AS ${name}`)
  return `WITH read AS (
      SELECT kafka_partition, kafka_offset, op, snapshot, lsn, committed_at AS valid_from,
             "key"->>'${key}' AS ${key}, CASE WHEN op = 'd' THEN NULL ELSE "after" END AS image
        FROM ${source} WHERE op IN ('c', 'u', 'r', 'd', 't')
    ), columns AS (
      SELECT kafka_partition, kafka_offset, ${key}, ${columns.map(({ name, from }) => `${from} AS ${name}`).join(', ')},
             lsn, valid_from, op, NULL::VARCHAR AS mark
        FROM read WHERE op <> 't'
    )
    SELECT *, ${rejectedBy([{ reason: 'no-key', rejects: `${key} IS NULL` }, ...gates])} AS reason FROM columns
    UNION ALL BY NAME
    SELECT kafka_partition, kafka_offset, NULL AS ${key}, ${nothing.join(', ')}, lsn, valid_from, op,
           CASE op WHEN 't' THEN 'truncate' ELSE 'snapshot' END AS mark
      FROM read WHERE op = 't' OR op = 'r' AND snapshot IN ${LAST_OF_SNAPSHOT}`
}
