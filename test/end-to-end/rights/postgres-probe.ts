import {
  type DatabaseName,
  databaseRights,
  type PostgresCell,
  postgresCells,
} from '@tenseams/postgres/rights'
import type { Role } from '@tenseams/postgres/roles'
import pg from 'pg'
import { rolePool } from '../../support/shop.ts'
import type { TestStack } from '../../support/stack.ts'

/** Postgres' code for a right that is missing. */
const DENIED = '42501'

/** Every question of the declarations, asked of the running server as the role itself. Nothing stays, also when it is allowed. */
export function postgresProbe(stack: TestStack) {
  const pools = new Map<string, pg.Pool>()
  const poolOf = (role: Role, database: DatabaseName): pg.Pool => {
    const key = `${role} ${database}`
    const pool = pools.get(key) ?? rolePool(stack, role, { database })
    pools.set(key, pool)
    return pool
  }
  return {
    name: 'Postgres',
    cells: postgresCells(),
    ask: (cell: PostgresCell) => ask(poolOf(cell.role, cell.database), cell),
    close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.end()))),
  }
}

async function ask(
  pool: pg.Pool,
  { operation, table }: PostgresCell,
): Promise<'allowed' | 'denied'> {
  try {
    await pool.query(table === undefined ? 'select 1' : await statement(pool, operation, table))
    return 'allowed'
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === DENIED) return 'denied'
    throw error
  }
}

/**
 * Rights are looked at when a statement is about to run, so `explain`, which does not run it, tells. `truncate` cannot be explained:
 * nobody but the owner may do it, and one that is denied takes no lock.
 */
async function statement(
  pool: pg.Pool,
  operation: PostgresCell['operation'],
  table: string,
): Promise<string> {
  if (operation === 'truncate') return `truncate ${table}`
  if (operation === 'insert') return `explain insert into ${table} default values`
  if (operation === 'delete') return `explain delete from ${table}`
  if (operation === 'select') return `explain select * from ${table}`
  const { rows } = await pool.query<{ name: string }>(
    'select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum = 1',
    [table],
  )
  return `explain update ${table} set ${rows[0]?.name} = default`
}

/** Tables of ours that nobody has declared. */
export async function undeclaredTables(stack: TestStack): Promise<readonly string[]> {
  const found: string[] = []
  for (const database of ['shop', 'vault', 'provider'] as const) {
    const pool = rolePool(stack, 'postgres', { database })
    const { rows } = await pool.query<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relowner = 'schema_owner'::regrole
          and n.nspname not in ('pg_catalog', 'information_schema')`,
    )
    await pool.end()
    const declared = Object.keys(databaseRights[database].tables)
    found.push(...rows.map(({ name }) => name).filter((name) => !declared.includes(name)))
  }
  return found
}
