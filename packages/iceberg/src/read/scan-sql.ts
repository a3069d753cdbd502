import { type Engine, quoteName, quoteText, sqlType } from '../duckdb.ts'
import type { DataFile } from '../format/manifest.ts'
import { type ColumnType, type Field, matchType, type StructType } from '../format/schema.ts'
import type { Storage } from '../storage.ts'

/** A file's column names, including nested ones, by field id. */
type NamesById = ReadonlyMap<number, string>

/**
 * A SELECT over data files with the columns of a schema, whatever the schema was when each file was written: renamed, widened,
 * moved and added columns are found by field id, at the top level and nested.
 *
 * DuckDB's `read_parquet(…, schema = MAP {field id: …})` matches by id at the top level only. Nested members are matched by
 * name: a renamed member would silently be null, and two that swapped names would swap values. So files whose members have
 * other names, or lack some, are read under their own names, and the structs are rebuilt.
 */
export async function scanSql(
  ports: { readonly engine: Engine; readonly storage: Storage },
  { files }: { readonly files: readonly DataFile[] },
  schema: StructType,
): Promise<string> {
  if (files.length === 0) return emptySql(schema)
  const paths = files.map((file) => ports.storage.locate(file.file_path))
  const members = membersOf(schema)
  if (members.length === 0) return readAsItIs(paths, schema)
  const alike = new Map<string, { readonly names: NamesById; readonly paths: string[] }>()
  for (const [path, names] of await namesInFiles(ports.engine, paths)) {
    const key = JSON.stringify(members.map(({ id }) => names.get(id)))
    const group = alike.get(key)
    if (group === undefined) alike.set(key, { names, paths: [path] })
    else group.paths.push(path)
  }
  const selects = [...alike.values()].map(({ names, paths }) =>
    members.every(({ id, name }) => names.get(id) === name)
      ? readAsItIs(paths, schema)
      : readRenamed(paths, schema, names),
  )
  return selects.join(' UNION ALL ')
}

/** Members of structs, at any depth. */
function membersOf(type: ColumnType, isTop = true): readonly Field[] {
  return matchType<readonly Field[]>(type, {
    primitive: () => [],
    struct: ({ fields }) => [
      ...(isTop ? [] : fields),
      ...fields.flatMap((field) => membersOf(field.type, false)),
    ],
    list: ({ element }) => membersOf(element, false),
    map: ({ key, value }) => [...membersOf(key, false), ...membersOf(value, false)],
  })
}

/** From the files' footers, because a file may have been written with any of the table's schemas. */
async function namesInFiles(
  engine: Engine,
  paths: readonly string[],
): Promise<ReadonlyMap<string, NamesById>> {
  const names = new Map(paths.map((path) => [path, new Map<number, string>()]))
  const list = paths.map(quoteText).join(', ')
  const sql = `SELECT file_name, field_id, name FROM parquet_schema([${list}]) WHERE field_id IS NOT NULL`
  const reader = await engine.using((connection) => connection.runAndReadAll(sql))
  for (const [path, id, name] of reader.getRowsJS()) {
    names.get(String(path))?.set(Number(id), String(name))
  }
  return names
}

function readAsItIs(paths: readonly string[], schema: StructType): string {
  return `SELECT * FROM ${readParquet(paths, schema, sqlType)}`
}

function readRenamed(paths: readonly string[], schema: StructType, names: NamesById): string {
  const columns = schema.fields.map((field) => {
    const column = quoteName(field.name)
    if (!names.has(field.id) || membersOf(field.type, false).length === 0) return column
    return `CAST(${renamed(column, field.type, names, 0)} AS ${sqlType(field.type)}) AS ${column}`
  })
  const source = readParquet(paths, schema, (type) => typeInFile(type, names))
  return `SELECT ${columns.join(', ')} FROM ${source}`
}

function readParquet(
  paths: readonly string[],
  schema: StructType,
  typeOf: (type: ColumnType) => string,
): string {
  const columns = schema.fields.map(
    ({ id, name, type }) =>
      `${id}: {name: ${quoteText(name)}, type: ${quoteText(typeOf(type))}, default_value: NULL}`,
  )
  const list = paths.map(quoteText).join(', ')
  return `read_parquet([${list}], schema = MAP {${columns.join(', ')}})`
}

/**
 * The type with the file's names and without members that the file lacks; DuckDB widens on reading. Of a struct without any
 * member in the file only its nullness matters, and a text shows that.
 */
function typeInFile(type: ColumnType, names: NamesById): string {
  return matchType(type, {
    primitive: sqlType,
    struct: ({ fields }) => {
      const members = fields.flatMap((field) => {
        const name = names.get(field.id)
        return name === undefined ? [] : [`${quoteName(name)} ${typeInFile(field.type, names)}`]
      })
      return members.length === 0 ? 'VARCHAR' : `STRUCT(${members.join(', ')})`
    },
    list: ({ element }) => `${typeInFile(element, names)}[]`,
    map: ({ key, value }) => `MAP(${typeInFile(key, names)}, ${typeInFile(value, names)})`,
  })
}

/** Converts a value with the file's names into one with the schema's names. */
function renamed(value: string, type: ColumnType, names: NamesById, depth: number): string {
  if (membersOf(type, false).length === 0) return value
  const item = `item_${depth}`
  return matchType(type, {
    primitive: () => value,
    struct: ({ fields }) => {
      const members = fields.map((field) => {
        const name = names.get(field.id)
        const member =
          name === undefined
            ? `CAST(NULL AS ${sqlType(field.type)})`
            : renamed(`struct_extract(${value}, ${quoteText(name)})`, field.type, names, depth)
        return `${quoteName(field.name)} := ${member}`
      })
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${members.join(', ')}) END`
    },
    list: ({ element }) =>
      `list_transform(${value}, lambda ${item}: ${renamed(item, element, names, depth + 1)})`,
    map: (map) => {
      const key = renamed(`${item}.key`, map.key, names, depth + 1)
      const mapped = renamed(`${item}.value`, map.value, names, depth + 1)
      const entry = `struct_pack(k := ${key}, v := ${mapped})`
      return `map_from_entries(list_transform(map_entries(${value}), lambda ${item}: ${entry}))`
    },
  })
}

function emptySql(schema: StructType): string {
  const columns = schema.fields.map(
    ({ name, type }) => `CAST(NULL AS ${sqlType(type)}) AS ${quoteName(name)}`,
  )
  return `SELECT ${columns.join(', ')} WHERE false`
}
