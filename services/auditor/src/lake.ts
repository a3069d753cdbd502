import avro from 'avsc'
import type { Evidence, TableName } from './evidence.ts'

/**
 * A reader of Iceberg tables that shares nothing with the writer: the REST catalogue's metadata, manifests by avsc, and the
 * live data files given to DuckDB (https://iceberg.apache.org/spec/).
 */
export type IcebergTable = {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly snapshots: readonly IcebergSnapshot[]
  readonly files: readonly string[]
}

type IcebergSnapshot = {
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

const LIVE = new Set([0, 1])
const DATA_FILES = 0

/** @returns undefined for a table that is not there. @throws when the catalogue gives no answer. */
export async function readTable(
  catalogUrl: string,
  namespace: string,
  name: string,
  timeoutMs: number,
): Promise<IcebergTable | undefined> {
  const response = await fetch(`${catalogUrl}/v1/namespaces/${namespace}/tables/${name}`, {
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = await response.text()
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`the catalogue answers ${response.status}: ${text}`)
  const { metadata } = parseExactly(text) as { readonly metadata: Metadata }
  const snapshots = metadata.snapshots ?? []
  const current = snapshots.find(
    (snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id'],
  )
  const files = current === undefined ? [] : await liveFiles(current['manifest-list'])
  return { name, properties: metadata.properties ?? {}, snapshots, files }
}

/** Copies columns of all live files; `select` names them. */
export async function loadFiles(
  evidence: Evidence,
  into: TableName,
  select: string,
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) return
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
  await evidence.loadFrom(into, `${select} from read_parquet([${list}], union_by_name = true)`)
}

async function liveFiles(manifestList: string): Promise<readonly string[]> {
  const manifests = await readAvro(manifestList)
  const files: string[] = []
  for (const manifest of manifests) {
    if (Number(manifest.content) !== DATA_FILES) throw new Error('delete files cannot be judged')
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
    throw new Error('nothing is written')
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
})

/** Nothing is decoded: to those who write tables `%2F` in a path is a part of the name. */
const pathOf = (location: string): string => location.replace(/^file:\/*/, '/')

/** Snapshot ids are above 2^53: what a double cannot hold becomes a bigint. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    return /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? 0) : value
  })
}
