import type pg from 'pg'
import { unavailable } from './errors.ts'

export type KeptSchema = {
  readonly schemaId: number
  readonly topic: string
  readonly schemaText: string
}

/**
 * Stores a schema's text by its id, before the first event that names the id is written, and returns all that are
 * stored. A registry that was lost and filled again must not give an id another meaning: that is an error.
 */
export async function keepSchema(
  pool: pg.Pool,
  schema: string,
  own: KeptSchema,
): Promise<readonly KeptSchema[]> {
  try {
    await pool.query(
      `insert into ${schema}.schemas (schema_id, topic, schema_text) values ($1, $2, $3) on conflict do nothing`,
      [own.schemaId, own.topic, own.schemaText],
    )
    const { rows } = await pool.query<{ schema_id: number; topic: string; schema_text: string }>(
      `select schema_id, topic, schema_text from ${schema}.schemas order by schema_id`,
    )
    const kept = rows.map((row) => ({
      schemaId: row.schema_id,
      topic: row.topic,
      schemaText: row.schema_text,
    }))
    assertSameMeaning(own, kept)
    return kept
  } catch (error) {
    throw unavailable(error)
  }
}

function assertSameMeaning(own: KeptSchema, kept: readonly KeptSchema[]): void {
  const before = kept.find(({ schemaId }) => schemaId === own.schemaId)
  if (before === undefined || before.schemaText === own.schemaText) return
  throw new Error(
    `schema id ${own.schemaId} meant another schema before: the registry was lost or replaced`,
  )
}
