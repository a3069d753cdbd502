import type pg from 'pg'
import { oneOf, type Sample, type Source } from './source.ts'

type Slot = {
  readonly slot: string
  readonly active: boolean
  readonly status: string | null
  readonly retained: string | null
  readonly unconfirmed: string | null
  /** Null when Postgres has no limit, and for a slot that is lost. */
  readonly safe: string | null
}

const statuses = ['reserved', 'extended', 'unreserved', 'lost'] as const

/** Logical slots only: those that capture reads. Everybody who may connect sees them. */
const text = `
  select slot_name as slot, active, wal_status as status, safe_wal_size as safe,
         pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) as retained,
         pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) as unconfirmed
  from pg_replication_slots where slot_type = 'logical'`

/** Postgres' replication slots: a dead connector says nothing, and its slot keeps WAL until the disk is full. */
export function slotSource(pool: Pick<pg.Pool, 'query'>): Source {
  return {
    name: 'postgres',
    gauges: [
      'tenseams_replication_slot_active',
      'tenseams_replication_slot_retained_wal_bytes',
      'tenseams_replication_slot_unconfirmed_wal_bytes',
      'tenseams_replication_slot_safe_wal_bytes',
      'tenseams_replication_slot_wal_status',
    ],
    keptMs: 0,
    ask: async () => {
      const { rows } = await pool.query<Slot>({ name: 'slots', text })
      return rows.flatMap(samplesOf)
    },
  }
}

function samplesOf({ slot, active, status, retained, unconfirmed, safe }: Slot): readonly Sample[] {
  const bytes = [
    ['tenseams_replication_slot_retained_wal_bytes', retained],
    ['tenseams_replication_slot_unconfirmed_wal_bytes', unconfirmed],
    ['tenseams_replication_slot_safe_wal_bytes', safe],
  ] as const
  const current = statuses.find((known) => known === status) ?? 'lost'
  return [
    ['tenseams_replication_slot_active', { slot }, active ? 1 : 0],
    ...bytes
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, { slot }, Number(value)] as const),
    ...oneOf(statuses, current).map(
      ([each, value]) =>
        ['tenseams_replication_slot_wal_status', { slot, status: each }, value] as const,
    ),
  ]
}
