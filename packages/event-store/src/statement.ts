import type { Append, Guard, SideTable } from './append.ts'
import { toJson } from './json.ts'

/** Checks a name that becomes part of a statement's text, because an identifier cannot be a parameter. */
export function assertSchemaName(schema: string): void {
  if (!/^[a-z_]+$/.test(schema)) throw new Error(`not a schema's name: ${schema}`)
}

/**
 * The statement that appends a batch and, for the appends that were written, their rows of the side table. It is one
 * statement, so both are durable or neither.
 */
export function appendText(schema: string, sideTable?: SideTable): string {
  assertSchemaName(schema)
  const append = `select append_no, outcome, actual_version from ${schema}.append(
    $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::integer[], $7::text[],
    $8::integer[], $9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::integer[], $14::text[], $15::bytea[],
    $16::text[], $17::text[])`
  if (sideTable === undefined) return append
  assertSchemaName(sideTable.table)
  for (const { name } of sideTable.columns) assertSchemaName(name)
  const names = sideTable.columns.map(({ name }) => name)
  const arrays = sideTable.columns.map(({ type }, index) => `$${index + 19}::${type}[]`)
  return `with appended as materialized (${append}), side_rows as (
    insert into ${schema}.${sideTable.table} (${names.join(', ')})
    select ${names.map((name) => `r.${name}`).join(', ')}
      from unnest($18::integer[], ${arrays.join(', ')}) with ordinality
             as r(append_no, ${names.join(', ')}, row_no)
      join appended a on a.append_no = r.append_no and a.outcome = 'appended'
     order by r.row_no)
    select append_no, outcome, actual_version from appended order by append_no`
}

/** A batch as the columns that `append` in schema.sql takes, then those of the side table. */
export function appendValues(batch: readonly Append[], sideTable?: SideTable): readonly unknown[] {
  if (sideTable === undefined && batch.some(({ rows }) => rows !== undefined)) {
    throw new Error('rows were given to a store that has no side table')
  }
  const keys = batch.map(({ guard }) => (guard?.kind === 'idempotency' ? guard : undefined))
  const events = batch.flatMap((append, index) =>
    append.events.map((event) => ({ ...event, appendNo: index + 1 })),
  )
  return [
    batch.map((append) => append.streamId),
    batch.map((append) => append.expectedVersion),
    batch.map((append) => inboxIdOf(append.guard)),
    keys.map((guard) => guard?.key ?? null),
    keys.map((guard) => guard?.requestHash ?? null),
    keys.map((guard) => guard?.status ?? null),
    keys.map((guard) => (guard === undefined ? null : toJson(guard.answer))),
    events.map((event) => event.appendNo),
    events.map((event) => event.eventId),
    events.map((event) => event.version),
    events.map((event) => event.type),
    events.map((event) => event.topic),
    events.map((event) => event.partition ?? null),
    events.map((event) => toJson(event.data)),
    events.map((event) => event.payload),
    events.map((event) => event.traceparent ?? null),
    events.map((event) => event.tracestate ?? null),
    ...(sideTable === undefined ? [] : sideValues(batch, sideTable)),
  ]
}

function sideValues(batch: readonly Append[], { columns }: SideTable): readonly unknown[] {
  const rows = batch.flatMap((append, index) =>
    (append.rows ?? []).map((values) => ({ appendNo: index + 1, values })),
  )
  const fits = rows.every(({ values }) => values.length === columns.length)
  if (!fits) throw new Error('a row does not have the columns of the side table')
  return [
    rows.map(({ appendNo }) => appendNo),
    ...columns.map((_, index) => rows.map(({ values }) => values[index] ?? null)),
  ]
}

function inboxIdOf(guard: Guard | undefined): string | null {
  return guard?.kind === 'inbox' ? guard.eventId : null
}
