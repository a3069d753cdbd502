export type ColumnType = 'varchar' | 'bigint' | 'boolean'

/**
 * What was read from each source, as tables that the checks query by SQL. Times are milliseconds since the epoch unless
 * a column is called otherwise, amounts are integer minor units.
 *
 * `must` in `events`: it was committed before the barrier was written, so everything behind the barrier must have it.
 * `fate` in `records`: committed, aborted, or open (its transaction has not ended).
 */
export const tables = {
  events: {
    store: 'varchar',
    event_id: 'varchar',
    stream_id: 'varchar',
    version: 'bigint',
    type: 'varchar',
    topic: 'varchar',
    transaction_id: 'varchar',
    payload_hash: 'varchar',
    payment_id: 'varchar',
    amount_minor: 'bigint',
    currency: 'varchar',
    recorded_at: 'bigint',
    must: 'boolean',
  },
  inbox: { store: 'varchar', event_id: 'varchar' },
  /** Guards of a store that were recorded before this time may have been removed, because their life was over. */
  removals: { store: 'varchar', what: 'varchar', removed_before: 'bigint' },
  answers: { key: 'varchar', order_id: 'varchar', status: 'bigint', amount_minor: 'bigint' },
  entries: {
    transfer_id: 'varchar',
    order_id: 'varchar',
    event_id: 'varchar',
    account: 'varchar',
    side: 'varchar',
    amount_minor: 'bigint',
    currency: 'varchar',
  },
  operations: {
    payment_id: 'varchar',
    order_id: 'varchar',
    kind: 'varchar',
    amount_minor: 'bigint',
    currency: 'varchar',
    recorded_at: 'bigint',
  },
  records: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    key: 'varchar',
    fate: 'varchar',
    event_id: 'varchar',
    stream_id: 'varchar',
    version: 'bigint',
    type: 'varchar',
    occurred_at: 'bigint',
    written_at: 'bigint',
    payload_hash: 'varchar',
    unreadable: 'varchar',
  },
  /** The next offset to read of each partition. */
  ends: { topic: 'varchar', partition: 'bigint', next_offset: 'bigint' },
  /** `last_offset` is another than `offset` for a batch that could not be read. */
  dead_letters: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    group_id: 'varchar',
    last_offset: 'bigint',
  },
  /** Records of dead letter topics that do not say of which record they are, by their own positions. */
  malformed_dead_letters: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    why: 'varchar',
  },
  committed: { group_id: 'varchar', topic: 'varchar', partition: 'bigint', next_offset: 'bigint' },
  bronze: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    event_id: 'varchar',
    stream_id: 'varchar',
    version: 'bigint',
    type: 'varchar',
    /** A number for the file that has the row. */
    file: 'bigint',
  },
  /** The offsets in the summaries of a table's snapshots, one row for each snapshot and partition. */
  chain: {
    table_name: 'varchar',
    topic_partition: 'varchar',
    sequence: 'bigint',
    start_offset: 'bigint',
    end_offset: 'bigint',
  },
  /** The newest snapshots of bronze's tables: the rows that each added and removed, and those that its offsets account for. */
  snapshots: {
    table_name: 'varchar',
    sequence: 'bigint',
    operation: 'varchar',
    added: 'bigint',
    removed: 'bigint',
    total: 'bigint',
    accounted: 'bigint',
    has_offsets: 'boolean',
    is_repaired: 'boolean',
  },
  /** The id of each topic, as the brokers have it and as bronze has recorded it. */
  topic_ids: { topic: 'varchar', in_kafka: 'varchar', in_bronze: 'varchar' },
  /** The latest state of each stream, as silver has it. */
  silver: {
    topic: 'varchar',
    stream_id: 'varchar',
    version: 'bigint',
    status: 'varchar',
    amount_minor: 'bigint',
    currency: 'varchar',
  },
  /** Rows of bronze that a gate has rejected. */
  quarantine: { topic: 'varchar', partition: 'bigint', offset: 'bigint', reason: 'varchar' },
  /** Up to which offset barriers have been judged and dropped. */
  dropped_barriers: { topic: 'varchar', partition: 'bigint', before_offset: 'bigint' },
  /** How far silver and its quarantine have read each partition of bronze; both record a snapshot of bronze. */
  progress: {
    topic: 'varchar',
    partition: 'bigint',
    silver_end: 'bigint',
    quarantine_end: 'bigint',
  },
  /** Changes of the captured tables, as bronze has them; `image` is the row after the change as one text. */
  changes: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    key: 'varchar',
    op: 'varchar',
    told_at: 'bigint',
    image: 'varchar',
  },
  /** The versions of each row of a captured table, as silver's history has them; `last_offset` last confirmed it. */
  versions: {
    topic: 'varchar',
    key: 'varchar',
    valid_from_us: 'bigint',
    valid_to_us: 'bigint',
    is_deleted: 'boolean',
    op: 'varchar',
    first_offset: 'bigint',
    last_offset: 'bigint',
    image: 'varchar',
  },
  /** Captured money in gold: closed windows, and rows that came late. */
  gold: {
    kind: 'varchar',
    currency: 'varchar',
    event_id: 'varchar',
    /** Of the record that came late. */
    offset: 'bigint',
    occurred_at: 'bigint',
    window_end: 'bigint',
    payments: 'bigint',
    amount_minor: 'bigint',
  },
  /** The newest run of each Flink job, with its failures since its last completed checkpoint. */
  flink_jobs: {
    name: 'varchar',
    state: 'varchar',
    checkpoint_at: 'bigint',
    failures: 'bigint',
    cause: 'varchar',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ColumnType>>>>

export type TableName = keyof typeof tables

type ValueOf<Type extends ColumnType> = Type extends 'varchar'
  ? string
  : Type extends 'bigint'
    ? bigint
    : boolean

export type Row<Table extends TableName> = {
  readonly [Column in keyof (typeof tables)[Table]]?: ValueOf<
    (typeof tables)[Table][Column] & ColumnType
  > | null
}
