import type { Append, Guard } from './append.ts'
import { toJson } from './json.ts'

/** A schema's name is checked before it becomes part of a statement, since an identifier cannot be a parameter. */
export function assertSchemaName(schema: string): void {
  if (!/^[a-z_]+$/.test(schema)) throw new Error(`not a schema's name: ${schema}`)
}

/** The text of the one statement that appends a batch. */
export function appendText(schema: string): string {
  assertSchemaName(schema)
  return `select append_no, outcome, actual_version from ${schema}.append(
    $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::integer[], $7::text[],
    $8::integer[], $9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::integer[], $14::text[], $15::bytea[])`
}

/** A batch as the columns that `append` in schema.sql takes. */
export function appendValues(batch: readonly Append[]): readonly unknown[] {
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
  ]
}

function inboxIdOf(guard: Guard | undefined): string | null {
  return guard?.kind === 'inbox' ? guard.eventId : null
}
