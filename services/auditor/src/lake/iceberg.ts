import { askAs, type HttpLogin } from '@tenseams/identities/http-login'
import avro from 'avsc'
import type { Evidence } from '../evidence.ts'
import type { TableName } from '../evidence-tables.ts'

/**
 * A table as read by a reader of Iceberg that shares no code with the writer: the REST catalogue's metadata, manifests
 * by avsc, and the paths of the live data files for DuckDB (https://iceberg.apache.org/spec/).
 */
export type IcebergTable = {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly snapshots: readonly IcebergSnapshot[]
  readonly files: readonly string[]
}

export type IcebergSnapshot = {
  readonly 'snapshot-id': bigint | number
  readonly 'parent-snapshot-id'?: bigint | number
  readonly 'sequence-number': bigint | number
  readonly 'manifest-list': string
  readonly summary: Readonly<Record<string, string>>
}

type Metadata = {
  readonly 'current-snapshot-id'?: bigint | number
  readonly snapshots?: readonly IcebergSnapshot[]
  readonly properties?: Readonly<Record<string, string>>
}

/** The catalogue, as one that may read it. */
export type Catalogue = {
  readonly url: string
  readonly login: HttpLogin
  /** Limit of one request. */
  readonly timeoutMs: number
}

const LIVE = new Set([0, 1])
const DATA_FILES = 0

/** @returns undefined when there is no such table. @throws when the catalogue does not answer. */
export async function readTable(
  catalogue: Catalogue,
  namespace: string,
  name: string,
): Promise<IcebergTable | undefined> {
  const metadata = await askForTable(catalogue, `${namespace}/tables/${name}`)
  if (metadata === undefined) return undefined
  const snapshots = metadata.snapshots ?? []
  const current = snapshots.find(
    (snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id'],
  )
  const files = current === undefined ? [] : await liveFiles(current['manifest-list'])
  return { name, properties: metadata.properties ?? {}, snapshots, files }
}

/** DuckDB holds the footers of all files of a query in memory, outside of its limit. */
const FILES_AT_ONCE = 50

/** SQL that names the file of a row, in what `loadFiles` selects from and for the path in a list. */
export const fileSql = (path = 'filename'): string => `(hash(${path}) >> 1)::bigint`

/** Copies rows of the files; `select` is a SELECT's list, in the order of the columns of `into`. */
export async function loadFiles(
  evidence: Evidence,
  into: TableName,
  select: string,
  files: readonly string[],
): Promise<void> {
  for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
    const part = files.slice(start, start + FILES_AT_ONCE)
    const list = part.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
    const rows = `select * from read_parquet([${list}], union_by_name = true, filename = true)`
    // Files that were written before the column existed lack it.
    const source = `(${rows} union all by name select null::integer as log_epoch where false)`
    await evidence.loadFrom(into, `${select} from ${source}`)
  }
}

/**
 * The properties of a table, without its history and its files: for a question that is asked again and again.
 *
 * @returns undefined when there is no such table. @throws when the catalogue does not answer.
 */
export async function readProperties(
  catalogue: Catalogue,
  namespace: string,
  name: string,
): Promise<IcebergTable['properties'] | undefined> {
  const metadata = await askForTable(catalogue, `${namespace}/tables/${name}?snapshots=refs`)
  return metadata && (metadata.properties ?? {})
}

async function askForTable(
  { url, login, timeoutMs }: Catalogue,
  table: string,
): Promise<Metadata | undefined> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await askAs(login, (authorization) =>
    fetch(`${url}/v1/namespaces/${table}`, { headers: { authorization }, signal }),
  )
  const text = await response.text()
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`the catalogue answers ${response.status}: ${text}`)
  return (parseExactly(text) as { readonly metadata: Metadata }).metadata
}

async function liveFiles(manifestList: string): Promise<readonly string[]> {
  const manifests = await readAvro(manifestList)
  const files: string[] = []
  for (const manifest of manifests) {
    if (Number(manifest.content) !== DATA_FILES) throw new Error('delete files are not supported')
    for (const entry of await readAvro(String(manifest.manifest_path))) {
      if (!LIVE.has(Number(entry.status))) continue
      const { file_path: path } = entry.data_file as { readonly file_path: string }
      files.push(pathOf(path))
    }
  }
  return files
}

type AvroRow = Readonly<Record<string, unknown>>

function readAvro(location: string): Promise<readonly AvroRow[]> {
  return new Promise((resolve, reject) => {
    const rows: AvroRow[] = []
    const typeHook = (schema: avro.Schema) => (isLong(schema) ? exactLong : undefined)
    avro
      .createFileDecoder(pathOf(location), {
        parseHook: (schema: avro.Schema) => avro.Type.forSchema(schema, { typeHook }),
      } as never)
      .on('data', (row: AvroRow) => rows.push(row))
      .on('end', () => resolve(rows))
      .on('error', reject)
  })
}

const isLong = (schema: avro.Schema): boolean => {
  if (schema === 'long') return true
  return typeof schema === 'object' && 'type' in schema && schema.type === 'long'
}

const exactLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: () => {
    throw new Error('this reader does not write')
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
})

/** Not percent-decoded: writers of tables treat `%2F` in a path as part of the name. */
const pathOf = (location: string): string => location.replace(/^file:\/*/, '/')

/** Snapshot ids exceed 2^53: an integer that a double cannot hold becomes a bigint. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    return /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? 0) : value
  })
}
