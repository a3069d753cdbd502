import type { Engine } from '@tenseams/iceberg/duckdb'
import { sqlType } from '@tenseams/iceberg/duckdb'
import { type DerivedTable, schemaOf, typedAs } from '../silver/derived-table.ts'

/** Folds batches of a source's rows in memory, as `refresh` does with a table of one bucket. */
export async function foldInMemory(
  engine: Engine,
  derived: DerivedTable,
  /** SELECTs of rows of the source. */
  batches: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const schema = schemaOf(derived.columns)
  return engine.using(async (connection) => {
    await connection.run("SET TimeZone = 'UTC'")
    const columns = schema.fields.map(({ name, type }) => `"${name}" ${sqlType(type)}`)
    await connection.run(`CREATE TEMP TABLE held (${columns.join(', ')})`)
    for (const batch of batches) {
      await connection.run(
        `CREATE TEMP TABLE came AS SELECT * EXCLUDE (reason, kafka_partition, kafka_offset, log_epoch)
           FROM (${derived.changes(`(${batch})`)}) WHERE reason IS NULL`,
      )
      const keyless = {
        rows: `(FROM held WHERE ${derived.key} IS NULL)`,
        changes: `(FROM came WHERE ${derived.key} IS NULL)`,
      }
      const fold = derived.fold({
        ...{ rows: `(FROM held WHERE ${derived.key} IS NOT NULL)`, keyless },
        changes: `(FROM came WHERE ${derived.key} IS NOT NULL)`,
      })
      await connection.run(`CREATE TEMP TABLE folded AS (${typedAs(schema, fold)})`)
      const marks = derived.foldKeyless?.(keyless)
      if (marks !== undefined)
        await connection.run(`INSERT INTO folded (${typedAs(schema, marks)})`)
      await connection.run('DELETE FROM held')
      await connection.run(`INSERT INTO held FROM folded`)
      await connection.run('DROP TABLE folded')
      await connection.run('DROP TABLE came')
    }
    const reader = await connection.runAndReadAll(`FROM held ORDER BY ALL`)
    await connection.run('DROP TABLE held')
    return reader.getRowObjectsJS()
  })
}
