import { lakeDdl } from '@tenseams/contracts/generate/flink'
import { type GatewaySession, openSession } from '@tenseams/flink-jobs/flink/gateway'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row, Value } from '@tenseams/iceberg/format/row'
import type { Field } from '@tenseams/iceberg/format/schema'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { numberText, type TextRow, textRows } from './all-types.ts'
import { sorted } from './ours.ts'

type Endpoints = {
  readonly sqlGatewayUrl: string
  readonly login: HttpLogin
  readonly catalogUrl: string
}

/** Flink's SQL in batch mode, with its own Iceberg connector on the same catalogue. */
export class Flink {
  readonly #session: GatewaySession

  private constructor(session: GatewaySession) {
    this.#session = session
  }

  static async open({ sqlGatewayUrl: gatewayUrl, login, catalogUrl }: Endpoints): Promise<Flink> {
    const session = await openSession(
      { gatewayUrl, login },
      {
        'execution.runtime-mode': 'batch',
        'parallelism.default': '1',
        'table.dml-sync': 'true',
        'table.local-time-zone': 'UTC',
      },
    )
    // What another program commits is to be seen at once.
    await session.execute(lakeDdl({ catalogUrl }, { 'cache-enabled': 'false' }))
    return new Flink(session)
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  name({ namespace, name }: TableIdentifier): string {
    return `lake.\`${namespace}\`.\`${name}\``
  }

  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.#session.execute(sql)).rows
  }

  /** Rows in the exchange format, sorted. */
  async read(table: TableIdentifier, fields: readonly Field[]): Promise<readonly TextRow[]> {
    const select = fields.map(textSql).join(', ')
    const rows = await this.rows(`SELECT ${select} FROM ${this.name(table)}`)
    return sorted(
      rows.map((row) =>
        Object.fromEntries(fields.map(({ name, type }, at) => [name, textOf(type, row[at])])),
      ),
    )
  }

  async create(table: TableIdentifier, fields: readonly Field[]): Promise<void> {
    const columns = fields.map(({ name, type }) => `\`${name}\` ${sqlType(type)}`).join(', ')
    await this.#session.execute(
      `CREATE TABLE ${this.name(table)} (${columns}) WITH ('format-version'='2')`,
    )
  }

  async insert(
    table: TableIdentifier,
    fields: readonly Field[],
    rows: readonly Row[],
  ): Promise<void> {
    const texts = textRows(fields, rows)
    const values = texts.map(
      (row) => `(${fields.map((field) => literal(field, row[field.name] as Value)).join(', ')})`,
    )
    // A batch job's exchanges need more network buffers than our streaming jobs leave.
    await this.#session.execute(`SET 'execution.runtime-mode' = 'streaming'`)
    await this.#session.execute(`INSERT INTO ${this.name(table)} VALUES ${values.join(', ')}`)
    await this.#session.execute(`SET 'execution.runtime-mode' = 'batch'`)
  }
}

/** A column's expression whose value survives the gateway's JSON. */
function textSql({ name, type }: Field): string {
  const column = `\`${name}\``
  switch (type) {
    case 'boolean':
    case 'float':
    case 'double':
    case 'string':
    case 'binary':
    case 'uuid':
      return column
    default:
      return `CAST(${column} AS STRING)`
  }
}

/** A result in the exchange format. */
function textOf(type: Field['type'], value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'float':
    case 'double':
      return numberText(Number(value))
    case 'binary':
      return hexOf(value)
    case 'uuid':
      return hexOf(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    case 'date':
      return `${Date.parse(`${value}T00:00:00Z`) / 86_400_000}`
    case 'time':
      return `${microsOf(`1970-01-01 ${value}`)}`
    case 'timestamp':
    case 'timestamptz':
      return `${microsOf(String(value))}`
    default:
      return value
  }
}

/** Bytes are base64. */
const hexOf = (value: unknown): string => Buffer.from(String(value), 'base64').toString('hex')

/** Of `2023-11-14 22:13:20.123456`, by its parts, since a Date has no microseconds. */
function microsOf(text: string): bigint {
  const [seconds = '', fraction = ''] = text.replace('Z', '').split('.')
  const ms = Date.parse(`${seconds.replace(' ', 'T')}Z`)
  return BigInt(ms) * 1_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

function sqlType(type: Field['type']): string {
  if (typeof type !== 'string') throw new Error('a nested column is not made here')
  const types: Readonly<Record<string, string>> = {
    int: 'INT',
    long: 'BIGINT',
    string: 'STRING',
    binary: 'BYTES',
    timestamp: 'TIMESTAMP(6)',
    timestamptz: 'TIMESTAMP_LTZ(6)',
  }
  return types[type] ?? type.toUpperCase()
}

function literal({ type }: Field, text: Value): string {
  const sql = sqlType(type)
  if (text === null) return `CAST(NULL AS ${sql})`
  switch (type) {
    case 'boolean':
      return String(text)
    case 'string':
      return quoted(String(text))
    case 'binary':
      return `CAST(X'${text}' AS BYTES)`
    case 'float':
    case 'double':
      return `CAST('${Buffer.from(String(text), 'hex').readDoubleBE()}' AS ${sql})`
    case 'date':
      return `DATE '${dayText(Number(text))}'`
    case 'time':
      return `TIME '${timeText(BigInt(String(text))).slice(0, -3)}'`
    case 'timestamp':
    case 'timestamptz':
      return `CAST(TIMESTAMP '${timestampText(BigInt(String(text)))}' AS ${sql})`
    default:
      return `CAST('${text}' AS ${sql})`
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

const dayText = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10)

const DAY_MICROS = 86_400_000_000n

function timestampText(micros: bigint): string {
  const ofDay = ((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS
  return `${dayText(Number((micros - ofDay) / DAY_MICROS))} ${timeText(ofDay)}`
}

function timeText(micros: bigint): string {
  const seconds = new Date(Number(micros / 1_000_000n) * 1_000).toISOString().slice(11, 19)
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}`
}
