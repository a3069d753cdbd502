import { quoteName, quoteText, sqlType } from '@tenseams/iceberg/duckdb'
import { writeJson } from '@tenseams/iceberg/format/json'
import { bronzeTableOf } from '../bronze/bronze-table.ts'

/** SQL of a row of a topic's bronze table, from its values as JSON; a column that is left out is null. */
export function bronzeRowSql(topic: string, row: Readonly<Record<string, unknown>>): string {
  const json = `${quoteText(writeJson(row))}::JSON`
  const columns = bronzeTableOf(topic).schema.fields.map(({ name, type }) => {
    const arrow = typeof type === 'string' ? '->>' : '->'
    const value = row[name] == null ? 'NULL' : `(${json}${arrow}${quoteText(name)})`
    return `${value}::${sqlType(type)} AS ${quoteName(name)}`
  })
  return `SELECT ${columns.join(', ')}`
}
