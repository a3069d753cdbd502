import { openPool } from '@tenseams/event-store/pool'
import { type DatabaseName, databaseRights, type TableOperation } from './rights.ts'

/** How often something was done to a table, whoever did it. */
export type TableCounters = Partial<Readonly<Record<TableOperation, number>>>

/** By database and table, and since when Postgres counts: it begins anew after a crash of its own. */
export type Counters = {
  readonly since: Date
  readonly tables: Readonly<Record<string, TableCounters>>
}

const QUERY = `
  select schemaname || '.' || relname as name, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) as select,
         n_tup_ins as insert, n_tup_upd as update, n_tup_del as delete,
         (select stats_reset from pg_stat_bgwriter) as since
    from pg_stat_user_tables`

type Row = Readonly<Record<'select' | 'insert' | 'update' | 'delete', string>> & {
  readonly name: string
  readonly since: Date
}

/** @throws the driver's error when Postgres does not answer in time. */
export async function readCounters(
  server: { readonly host: string; readonly port: number },
  admin: string,
): Promise<Counters> {
  const tables: Record<string, TableCounters> = {}
  let since = new Date(0)
  for (const database of databasesOfOurs) {
    const url = `postgres://postgres@${server.host}:${server.port}/${database}`
    const pool = openPool({ url, credentialsFile: admin }, 'unused-rights')
    try {
      const { rows } = await pool.query<Row>(QUERY)
      for (const row of rows) {
        since = row.since
        tables[`${database}: ${row.name}`] = countersIn(row)
      }
    } finally {
      await pool.end()
    }
  }
  return { since, tables }
}

const databasesOfOurs = ['shop', 'vault', 'provider'] as const satisfies readonly DatabaseName[]

function countersIn({ select, insert, update, delete: removed }: Row): TableCounters {
  return {
    select: Number(select),
    insert: Number(insert),
    update: Number(update),
    delete: Number(removed),
  }
}

/**
 * The rights to tables that nobody can have used, because nobody at all did it, a sentence each. Postgres does not count by role: when
 * another role, or a person, did the same to the table, a right that its role never used is not among them.
 */
export function unusedTableRights({ tables }: Pick<Counters, 'tables'>): readonly string[] {
  return databasesOfOurs.flatMap((database) =>
    Object.entries<Readonly<Record<string, readonly TableOperation[]>>>(
      databaseRights[database].tables,
    ).flatMap(([table, rights]) =>
      Object.entries(rights).flatMap(([role, operations]) =>
        operations
          .filter((operation) => tables[`${database}: ${table}`]?.[operation] === 0)
          .map((operation) => `${role} may ${operation} ${table} in ${database}`),
      ),
    ),
  )
}
