import type { ColumnType } from '@tenseams/iceberg/format/schema'
import { bronzeNameOf } from '../bronze/bronze-table.ts'
import type { DerivedColumn, DerivedTable } from './derived-table.ts'
import { type Gate, rejectedBy } from './gate.ts'

/** A column of a stream's latest state, and how events tell of it. */
export type StateColumn = DerivedColumn & {
  /** What an event says of it, as SQL over a row of bronze; null when it says nothing. */
  readonly from: string
  /**
   * `latest`: the word of the highest version counts. `once`: a single event of a stream tells it. `each`: a list with an
   * entry for each event that tells something.
   */
  readonly fold: 'latest' | 'once' | 'each'
}

/** The latest state of each stream of a topic. */
export type EventTable = {
  readonly name: string
  readonly topic: string
  /** What the stream's id is called. */
  readonly key: string
  readonly columns: readonly StateColumn[]
  /** Which events are not taken, and why. */
  readonly gates: readonly Gate[]
}

/** How it is told which of two events came later; `arrival` is wrong, for the proof that shows it. */
export type Order = 'version' | 'arrival'

const BUCKETS = 8

/**
 * `silver.<name>`: one row a stream, with the version it has come to. Each column but the state is told by one event, and
 * the state goes with its version, so events may come twice, late or out of order: no state moves back.
 */
export function silverTableOf(events: EventTable, order: Order = 'version'): DerivedTable {
  const { name, topic, key, columns, gates } = events
  const all: readonly DerivedColumn[] = [
    { name: key, type: 'string', required: true, doc: 'The stream’s id.' },
    { name: 'version', type: 'long', required: true, doc: 'Of the newest event.' },
    ...columns,
  ]
  return {
    table: { namespace: 'silver', name },
    source: bronzeNameOf(topic),
    columns: all,
    key,
    buckets: BUCKETS,
    changes: (source) =>
      `SELECT kafka_partition, kafka_offset, ${rejectedBy(gates)} AS reason, ${rankOf[order].ofEvent} AS rank,
              stream_id AS ${key}, version, ${columns.map(({ from, name }) => `${from} AS ${name}`).join(', ')}
         FROM ${source} WHERE type NOT IN ('tick', 'barrier')`,
    fold: ({ rows, changes }) =>
      `SELECT ${key}, ${latest('version')} AS version, ${columns.map(folded).join(', ')}
         FROM (SELECT *, ${rankOf[order].ofStatus} AS status_rank
                 FROM (SELECT *, ${rankOf[order].ofRow} AS rank FROM ${rows}
                       UNION ALL BY NAME SELECT * FROM ${changes}))
        GROUP BY ${key} ORDER BY ${key}`,
  }
}

const rankOf = {
  version: { ofEvent: 'version', ofRow: 'version', ofStatus: 'status_version' },
  arrival: { ofEvent: 'kafka_offset', ofRow: '-1', ofStatus: 'rank' },
} as const satisfies Record<Order, unknown>

/** DuckDB's arg_max passes over nulls. */
const latest = (name: string, by = 'rank'): string => `arg_max(${name}, ${by})`

function folded({ name, fold }: StateColumn): string {
  const folds: Readonly<Record<StateColumn['fold'], string>> = {
    latest: latest(name, name.startsWith('status') ? 'status_rank' : 'rank'),
    once: `any_value(${name})`,
    // Of an event that came twice the entries are equal.
    each: `list_sort(list_distinct(flatten(coalesce(list(${name}) FILTER (${name} IS NOT NULL), []))))`,
  }
  return `${folds[fold]} AS ${name}`
}

/** A time that one type of event tells. `at` is the event's time. */
export function timeOf(name: string, type: string, at = 'occurred_at'): StateColumn {
  const from = `CASE WHEN type = '${type}' THEN ${at} END`
  return { name, type: 'timestamptz', from, fold: 'once' }
}

export function once(name: string, type: ColumnType, from: string): StateColumn {
  return { name, type, from, fold: 'once' }
}

/** The state's name by the type of the event that leads to it; other events leave it as it is. */
export function status(names: Readonly<Record<string, string>>): readonly StateColumn[] {
  const cases = Object.entries(names).map(([type, state]) => `WHEN '${type}' THEN '${state}'`)
  const types = Object.keys(names).map((type) => `'${type}'`)
  return [
    {
      ...{ name: 'status', type: 'string', from: `CASE type ${cases.join(' ')} END` },
      ...{ fold: 'latest', doc: 'Null when the event that tells it is in quarantine.' },
    },
    {
      ...{ name: 'status_version', type: 'long', fold: 'latest' },
      ...{ from: `CASE WHEN type IN (${types.join(', ')}) THEN version END` },
      doc: 'Of the event that led to the status.',
    },
  ]
}

/** When the newest event happened. */
export function updatedAt(at = 'occurred_at'): StateColumn {
  return { name: 'updated_at', type: 'timestamptz', required: true, from: at, fold: 'latest' }
}
