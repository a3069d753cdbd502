import type { Capture } from '@tenseams/postgres/captures'
import type pg from 'pg'
import { walChangeOf } from './pgoutput.ts'
import { recordBytes } from './record-size.ts'

/** A change that is, or may be, too large for a record. */
export type LargeChange = {
  readonly table: string
  /** Such as `sku desk-02`. */
  readonly key: string
  /** In the WAL stream; about the size of its record. */
  readonly bytes: number
  readonly lsn: string
}

const SEARCH_TIMEOUT_MS = 10_000
/** Until a commit after so many changes. */
const MOST_CHANGES = 200_000
/** Enough of a message for the key, which comes before the large values as a rule. */
const HEAD_BYTES = 65_536

/**
 * The innermost cause in a stack trace of Connect: `RecordTooLargeException: The message is …`. The outermost one only says
 * that a callback has failed.
 */
export function causeIn(trace = ''): string {
  const innermost = trace.split(/^\s*Caused by: /m).at(-1) ?? trace
  const line = innermost.split('\n')[0]?.trim() ?? ''
  return line.replace(/^(?:[\w$]+\.)+([\w$]*(?:Exception|Error))/, '$1')
}

/** True when a task has failed because one record is too large: a restart meets the same record. */
export function isTooLarge(trace = ''): boolean {
  return /RecordTooLargeException|max\.request\.size|MESSAGE_TOO_LARGE/.test(trace)
}

/**
 * The first change in a slot's WAL that is too large for a record. It looks into the WAL as the connector would read it, and
 * takes nothing away. Undefined when there is none, when somebody reads the slot, or when the search takes too long.
 */
export async function largeChangeOf(
  client: pg.ClientBase,
  name: Capture,
): Promise<LargeChange | undefined> {
  try {
    await client.query(`set statement_timeout = ${SEARCH_TIMEOUT_MS}`)
    const { rows } = await client.query<{ lsn: string; bytes: number; head: Buffer }>(
      `select lsn::text, octet_length(data) as bytes, substr(data, 1, ${HEAD_BYTES}) as head
         from pg_logical_slot_peek_binary_changes($1, null, ${MOST_CHANGES},
                'proto_version', '1', 'publication_names', $2)
        where octet_length(data) > $3 limit 1`,
      [name, name, recordBytes],
    )
    const [row] = rows
    return row && (await named(client, name, row))
  } catch (error) {
    if (isNoAnswer(error)) return undefined
    throw error
  }
}

/** Object in use (55006), no such slot (42704), a slot that is lost (55000), cancelled (57014). */
function isNoAnswer(error: unknown): boolean {
  const codes = ['55006', '42704', '55000', '57014']
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

async function named(
  client: pg.ClientBase,
  name: Capture,
  { lsn, bytes, head }: { readonly lsn: string; readonly bytes: number; readonly head: Buffer },
): Promise<LargeChange | undefined> {
  const change = walChangeOf(head)
  if (change === undefined) return undefined
  const { rows } = await client.query<{ table: string; columns: string[]; keys: string[] }>(
    `select p.schemaname || '.' || p.tablename as table, p.attnames::text[] as columns,
            array(select a.attname::text from pg_index i
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                   where i.indrelid = c.oid and i.indisprimary) as keys
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_publication_tables p
         on p.pubname = $1 and p.schemaname = n.nspname and p.tablename = c.relname
      where c.oid = $2`,
    [name, change.relation],
  )
  const [row] = rows
  if (row === undefined) return undefined
  const key = row.keys.map((column) => `${column} ${change.values[row.columns.indexOf(column)]}`)
  return { table: row.table, key: key.join(', '), bytes, lsn }
}

/** A row as it is now that a full snapshot could not send, of the tables that `recover` reads; undefined without one. */
export async function largeRowOf(
  client: pg.ClientBase,
  tables: readonly { readonly table: string; readonly key: string }[],
): Promise<Omit<LargeChange, 'lsn'> | undefined> {
  for (const { table, key } of tables) {
    const { rows } = await client.query<{ key: string; bytes: number }>(
      `select key, bytes from (
         select left(${key}::text, 200) as key, octet_length(t::text) as bytes from ${table} t
       ) as sized where bytes > $1 order by bytes desc limit 1`,
      [recordBytes],
    )
    const [row] = rows
    if (row !== undefined) return { table, key: `${key} ${row.key}`, bytes: row.bytes }
  }
  return undefined
}
