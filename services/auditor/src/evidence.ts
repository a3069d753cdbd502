import * as duckdb from '@duckdb/node-api'

type ColumnType = 'varchar' | 'bigint' | 'boolean'

/**
 * What was read of each place, as tables that checks ask by SQL. Times are milliseconds since the epoch, amounts integer
 * minor units.
 *
 * `must` in `events`: it was committed before the barrier was written, so everything behind the barrier must have it.
 * `fate` in `records`: committed, aborted, or open (its transaction has not ended).
 */
const tables = {
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
  /** What a partition has been read to, and the offset of the audit's barrier in it. */
  ends: { topic: 'varchar', partition: 'bigint', next_offset: 'bigint', barrier: 'bigint' },
  letters: { topic: 'varchar', partition: 'bigint', offset: 'bigint', group_id: 'varchar' },
  committed: { group_id: 'varchar', topic: 'varchar', partition: 'bigint', next_offset: 'bigint' },
  bronze: {
    topic: 'varchar',
    partition: 'bigint',
    offset: 'bigint',
    event_id: 'varchar',
    stream_id: 'varchar',
    version: 'bigint',
    type: 'varchar',
  },
  /** The chain of offsets that a table's snapshots tell, one row a snapshot and partition. */
  chain: {
    table_name: 'varchar',
    place: 'varchar',
    sequence: 'bigint',
    start_offset: 'bigint',
    end_offset: 'bigint',
  },
  /** What gold says of captured money: closed windows, and rows that came late. */
  gold: {
    kind: 'varchar',
    currency: 'varchar',
    event_id: 'varchar',
    occurred_at: 'bigint',
    window_end: 'bigint',
    payments: 'bigint',
    amount_minor: 'bigint',
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

/** The tables of one auditor, in this process's own DuckDB; larger than memory, they go to its temporary files. */
export class Evidence {
  readonly #instance: duckdb.DuckDBInstance
  readonly #connection: duckdb.DuckDBConnection

  private constructor(instance: duckdb.DuckDBInstance, connection: duckdb.DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open(memoryLimit = '256MB'): Promise<Evidence> {
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: memoryLimit,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    const connection = await instance.connect()
    for (const [name, columns] of Object.entries(tables)) {
      const list = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
      await connection.run(`create table ${name} (${list.join(', ')})`)
    }
    return new Evidence(instance, connection)
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  /** Adds rows; a column that is left out is null. */
  async load<Table extends TableName>(table: Table, rows: readonly Row<Table>[]): Promise<void> {
    if (rows.length === 0) return
    const columns: readonly (readonly [string, ColumnType])[] = Object.entries(tables[table])
    const appender = await this.#connection.createAppender(table)
    for (const row of rows as readonly Readonly<Record<string, unknown>>[]) {
      for (const [column, type] of columns) appendValue(appender, type, row[column])
      appender.endRow()
    }
    appender.closeSync()
  }

  /** Copies what a SELECT of DuckDB gives, Parquet files for instance, in the order of the table's columns. */
  async loadFrom(table: TableName, select: string): Promise<void> {
    await this.#connection.run(`insert into ${table} ${select}`)
  }

  async clear(...names: readonly TableName[]): Promise<void> {
    for (const name of names) await this.#connection.run(`delete from ${name}`)
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql)
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getRowObjects()
  }
}

function appendValue(appender: duckdb.DuckDBAppender, type: ColumnType, value: unknown): void {
  if (value === null || value === undefined) appender.appendNull()
  else if (type === 'varchar') appender.appendVarchar(String(value))
  else if (type === 'boolean') appender.appendBoolean(value === true)
  else appender.appendBigInt(BigInt(value as bigint))
}
