import type { ColumnType } from '@tenseams/iceberg/format/schema'
import { bronzeNameOf } from '../bronze/bronze-table.ts'
import { attempts, reasonOf, type ValueColumn, valuesOf } from './attempt.ts'
import type { DerivedTable } from './derived-table.ts'
import type { Gate } from './gate.ts'

/** A column of a stream's latest state, and how events set it. `from` is null for an event that sets no value. */
export type StateColumn = ValueColumn & {
  /**
   * `latest`: the value of the highest version. `once`: only one event of a stream sets it. `each`: a list with an entry
   * for each event that sets one.
   */
  readonly fold: 'latest' | 'once' | 'each'
}

/** The latest state of each stream of a topic. */
export type EventTable = {
  readonly name: string
  readonly topic: string
  /** The name of the column with the stream's id. */
  readonly key: string
  readonly columns: readonly StateColumn[]
  /** The column with the values of each type of event. An event of the type must have it, and no other event may. */
  readonly branches: Readonly<Record<string, string>>
  /** Which events are rejected, and why. */
  readonly gates: readonly Gate[]
}

/** What is compared to find a stream's newest event, as SQL. Only the version is safe: events may arrive in any order. */
export type Ranking = {
  /** Over a row of bronze. */
  readonly ofEvent: string
  /** Over a row that the table holds. */
  readonly ofRow: string
  /** Over either, for the event that led to the status. */
  readonly ofStatus: string
}

const byVersion: Ranking = { ofEvent: 'version', ofRow: 'version', ofStatus: 'status_version' }

const BUCKETS = 8

/**
 * `silver.<name>`: one row per stream, with its newest version. Each column but the status is set by one event, and the
 * status is taken from the highest version, so events may be repeated, late or out of order: no state moves back.
 */
export function silverTableOf(events: EventTable, ranking: Ranking = byVersion): DerivedTable {
  const { name, topic, key, columns, branches } = events
  const gates = [...envelopeGates, ...branchGates(branches), ...events.gates]
  const all: readonly ValueColumn[] = [
    { name: key, type: 'string', required: true, doc: 'The stream’s id.', from: 'stream_id' },
    { name: 'version', type: 'long', required: true, doc: 'Of the newest event.', from: 'version' },
    ...columns,
  ]
  return {
    table: { namespace: 'silver', name },
    source: bronzeNameOf(topic),
    columns: all.map(({ from: _from, ...column }) => column),
    key,
    buckets: BUCKETS,
    changes: (source) =>
      `SELECT kafka_partition, kafka_offset, log_epoch, ${reasonOf(all)} AS reason, rank, ${valuesOf(all)}
         FROM (SELECT kafka_partition, kafka_offset, log_epoch, ${ranking.ofEvent} AS rank, ${attempts(all, gates)}
                 FROM ${source} WHERE coalesce(type, '') NOT IN ('tick', 'barrier'))`,
    fold: ({ rows, changes }) =>
      `SELECT ${key}, ${latest('version')} AS version, ${columns.map(folded).join(', ')}
         FROM (SELECT *, ${ranking.ofStatus} AS status_rank
                 FROM (SELECT *, ${ranking.ofRow} AS rank FROM ${rows}
                       UNION ALL BY NAME SELECT * FROM ${changes}))
        GROUP BY ${key} ORDER BY ${key}`,
  }
}

/** The gates that every stream of events has. */
const envelopeGates: readonly Gate[] = [
  { reason: 'no-stream', rejects: `stream_id = ''` },
  { reason: 'no-type', rejects: `coalesce(type, '') = ''` },
  { reason: 'no-version', rejects: 'version < 1' },
]

function branchGates(branches: EventTable['branches']): readonly Gate[] {
  const all = Object.entries(branches)
  const missing = all.map(([type, branch]) => `WHEN '${type}' THEN ${branch} IS NULL`)
  const others = all.map(([type, branch]) => `${branch} IS NOT NULL AND type <> '${type}'`)
  return [
    { reason: 'branch-is-missing', rejects: `CASE type ${missing.join(' ')} ELSE false END` },
    { reason: 'branch-of-another-type', rejects: others.join(' OR ') },
  ]
}

/** DuckDB's arg_max ignores nulls. */
const latest = (name: string, by = 'rank'): string => `arg_max(${name}, ${by})`

function folded({ name, fold }: StateColumn): string {
  const folds: Readonly<Record<StateColumn['fold'], string>> = {
    latest: latest(name, name.startsWith('status') ? 'status_rank' : 'rank'),
    once: `any_value(${name})`,
    // A repeated event has equal entries.
    each: `list_sort(list_distinct(flatten(coalesce(list(${name}) FILTER (${name} IS NOT NULL), []))))`,
  }
  return `${folds[fold]} AS ${name}`
}

/** The time of one type of event. `at` is the SQL of the event's time. */
export function timeOf(name: string, type: string, at = 'occurred_at'): StateColumn {
  const from = `CASE WHEN type = '${type}' THEN ${at} END`
  return { name, type: 'timestamptz', from, fold: 'once' }
}

export function once(name: string, type: ColumnType, from: string): StateColumn {
  return { name, type, from, fold: 'once' }
}

/** The status by the type of the event that leads to it; other events leave it unchanged. */
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
