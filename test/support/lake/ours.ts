import { Engine, quoteName } from '@tenseams/iceberg/duckdb'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import { queryTable } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import type { Partitioning } from '@tenseams/iceberg/table/new-spec'
import { type AppendPorts, append, baseOf } from '@tenseams/iceberg/write/append'
import { ownLogin } from '../login.ts'
import { numberText, type TextRow } from './all-types.ts'

/** The library's side of a test in which another engine reads and writes the same tables, in a namespace of the test's own. */
export class Ours {
  readonly ports: AppendPorts
  readonly #namespace: string

  private constructor(ports: AppendPorts, namespace: string) {
    this.ports = ports
    this.#namespace = namespace
  }

  static async open(catalogUrl: string, namespace: string): Promise<Ours> {
    const catalog = new Catalog({ url: catalogUrl, login: ownLogin, timeoutMs: 10_000 })
    const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
    await catalog.ensureNamespace(namespace)
    return new Ours({ catalog, storage: fileStorage, engine }, namespace)
  }

  async close(): Promise<void> {
    const { catalog, engine } = this.ports
    for (const table of await catalog.listTables(this.#namespace)) await catalog.dropTable(table)
    engine.close()
  }

  async make(
    table: TableIdentifier,
    fields: readonly Field[],
    rows: readonly Row[],
    partitioning: readonly Partitioning[] = [],
  ): Promise<void> {
    await this.ports.catalog.ensureTable(table, { type: 'struct', fields }, {}, partitioning)
    await this.append(table, rows)
  }

  async append(table: TableIdentifier, rows: readonly Row[]): Promise<void> {
    const base = baseOf(await this.ports.catalog.loadTable(table))
    const { kind } = await append(this.ports, table, base, { rows, spans: {} })
    if (kind !== 'committed') throw new Error(`${table.name}: another writer was first`)
  }

  /** Rows in the exchange format, sorted. */
  async read(table: TableIdentifier, fields: readonly Field[]): Promise<readonly TextRow[]> {
    const select = `SELECT ${fields.map(textSql).join(', ')} FROM rows`
    const rows = await queryTable(this.ports, table, select)
    return sorted(
      rows.map((row) =>
        Object.fromEntries(fields.map(({ name, type }) => [name, plain(type, row[name])])),
      ),
    )
  }
}

export function sorted(rows: readonly TextRow[]): readonly TextRow[] {
  return rows.toSorted((one, other) => (textKey(one) < textKey(other) ? -1 : 1))
}

const textKey = (row: TextRow) =>
  JSON.stringify(Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1)))

function plain(type: Field['type'], value: unknown): unknown {
  if (typeof value === 'number') return numberText(value)
  return typeof type !== 'string' && typeof value === 'string' ? JSON.parse(value) : value
}

/** DuckDB's expression for a column of `rows` in the exchange format; a floating-point number as it is. */
function textSql({ name, type }: Field): string {
  return `${textExpression(quoteName(name), type)} AS ${quoteName(name)}`
}

function textExpression(column: string, type: Field['type']): string {
  if (typeof type !== 'string') return `to_json(${column})::VARCHAR`
  switch (type) {
    case 'boolean':
    case 'float':
    case 'double':
      return column
    case 'date':
      return `date_diff('day', DATE '1970-01-01', ${column})::VARCHAR`
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return `epoch_us(${column})::VARCHAR`
    case 'binary':
      return `lower(hex(${column}))`
    default:
      return `${column}::VARCHAR`
  }
}
