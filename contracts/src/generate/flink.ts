import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  isNullable,
  matchAvro,
} from '@tenseams/codec/avro'
import { ContractError } from '../errors.ts'
import type { ContractSchema } from '../schemas.ts'
import { subjectOf } from '../topics.ts'
import { columnName } from './iceberg.ts'

/** The servers behind Flink's tables. */
export type FlinkEndpoints = {
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  /** With which Flink logs in to Kafka. User and password are in its processes' JAAS file. */
  readonly kafkaMechanism: string
}

/** How Flink reaches Kafka. SQL is logged, and shown by Flink's REST interface, so nothing secret is in it. */
const kafkaOptions = ({ brokers, kafkaMechanism }: Omit<FlinkEndpoints, 'catalogUrl'>) => ({
  'properties.bootstrap.servers': brokers,
  'properties.security.protocol': 'SASL_PLAINTEXT',
  'properties.sasl.mechanism': kafkaMechanism,
})

type SourceOptions = {
  readonly groupId: string
  /** A Flink interval, for example `INTERVAL '5' SECOND`: how far the watermark of a partition is behind its newest clock. */
  readonly watermarkDelay: string
  /** How long the broker may hold an answer back that is smaller than `FULL_BATCH_BYTES`. */
  readonly fetchWaitMs: number
}

/** As much as Kafka returns of one partition at once: a backlog is read as fast as without any wait. */
const FULL_BATCH_BYTES = 1_048_576

type SinkOptions = {
  /** The field whose value is the record's key, as topics.yaml names it. */
  readonly keyField: string
  /** The same across restarts, so that a new run finds and aborts the transactions that the old one left open. */
  readonly transactionalIdPrefix: string
  /**
   * How long the broker keeps the transaction of a dead job open. While it is open, read_committed readers wait before it.
   * If it times out before the job is back, the records that the job had pre-committed in it are lost.
   */
  readonly transactionTimeoutMs: number
}

/**
 * How far an event's time may be ahead of its record's in the log, by which time its writer's clock was wrong. Such an event
 * advances nothing, and a job sends it to its late output (adr/0039). Whoever recomputes a job's output must use the same.
 */
export const aheadToleranceMs = 60_000

/** Outside of these years Flink's time functions return NULL, and an event time that is NULL ends the job, again and again. */
const FIRST_MS = -62_135_596_800_000
const LAST_MS = 253_402_300_799_999

/**
 * The table from which a job reads a topic; its name is the topic's.
 *
 * Times stay BIGINT milliseconds: the format refuses TIMESTAMP_LTZ(3), and with TIMESTAMP(3) a cast shifts them by the
 * session's time zone. `et` is the event time with its watermark, `part` and `off` are the record's partition and offset,
 * `logged` is its time in the log, `pt` is the processing time. `clock` is by how much a record advances its partition: to its
 * event time, never beyond its time in the log, and not at all (NULL) when the event is dated too far ahead.
 *
 * There is no idle timeout, because late rows would be lost when a quiet partition gets records again, and no discovery of
 * new partitions, because their watermark would start below the job's.
 */
export function sourceTableDdl(
  { topic, format, schema }: ContractSchema,
  endpoints: Omit<FlinkEndpoints, 'catalogUrl'>,
  { groupId, watermarkDelay, fetchWaitMs }: SourceOptions,
): string {
  // Flink's Protobuf format has neither a registry nor Confluent framing.
  if (format !== 'avro') throw new ContractError(`${topic}: Flink reads and writes Avro only`)
  const eventTime = `TO_TIMESTAMP_LTZ(GREATEST(LEAST(${quoted(eventTimeOf(topic, schema))}, ${LAST_MS}), ${FIRST_MS}), 3)`
  const own: Readonly<Record<string, string>> = {
    part: "INT METADATA FROM 'partition' VIRTUAL",
    off: "BIGINT METADATA FROM 'offset' VIRTUAL",
    logged: "TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL",
    et: `AS ${eventTime}`,
    // A computed column cannot refer to another.
    clock: `AS ${clockSql(eventTime)}`,
    pt: 'AS PROCTIME()',
  }
  assertNotTaken(topic, schema, own)
  const columns = [
    ...schema.fields.map((field) => `${quoted(field.name)} ${sourceType(field.type)}`),
    ...Object.entries(own).map(([name, column]) => `${quoted(name)} ${column}`),
    `WATERMARK FOR \`et\` AS \`clock\` - ${watermarkDelay}`,
  ]
  return tableDdl('CREATE TEMPORARY TABLE', quoted(topic), columns, {
    connector: 'kafka',
    topic,
    ...kafkaOptions(endpoints),
    'properties.group.id': groupId,
    'properties.isolation.level': 'read_committed',
    // Otherwise each record that arrives alone is fetched alone, by every source of its topic.
    'properties.fetch.min.bytes': String(FULL_BATCH_BYTES),
    'properties.fetch.max.wait.ms': String(fetchWaitMs),
    'scan.startup.mode': 'earliest-offset',
    'scan.topic-partition-discovery.interval': '0 ms',
    'value.format': 'contract-avro',
    'value.contract-avro.url': endpoints.registryUrl,
  })
}

/**
 * The table to which a job writes a topic; its name is the topic's. Only flat contracts are possible: inside a nullable ROW
 * Flink drops NOT NULL, so the published text would not match the table.
 *
 * The table has the published text, for which the sink asks the registry's id. It registers none: the job fails when the text
 * is not published (PublishedSchemaCoder.java).
 */
export function sinkTableDdl(
  contract: ContractSchema,
  endpoints: Omit<FlinkEndpoints, 'catalogUrl'>,
  { keyField, transactionalIdPrefix, transactionTimeoutMs }: SinkOptions,
): string {
  const { topic, format } = contract
  if (format !== 'avro') throw new ContractError(`${topic}: Flink reads and writes Avro only`)
  const columns = flatFields(contract).map(
    (field) => `${quoted(field.name)} ${flatType(field.type, 'TIMESTAMP(3)')}`,
  )
  return tableDdl('CREATE TEMPORARY TABLE', quoted(topic), columns, {
    connector: 'kafka',
    topic,
    ...kafkaOptions(endpoints),
    'properties.acks': 'all',
    'properties.compression.type': 'gzip',
    'properties.transaction.timeout.ms': String(transactionTimeoutMs),
    'sink.delivery-guarantee': 'exactly-once',
    'sink.transactional-id-prefix': transactionalIdPrefix,
    'sink.transaction-naming-strategy': 'pooling',
    'key.format': 'raw',
    'key.fields': keyField,
    'value.format': 'contract-avro',
    'value.contract-avro.url': endpoints.registryUrl,
    'value.contract-avro.subject': subjectOf(topic),
    'value.contract-avro.schema': contract.text,
  })
}

/** The Iceberg catalogue `lake`, by Iceberg's REST protocol. Flink logs in to it by itself, as its own identity (CatalogLogin.java). */
export function lakeDdl(
  { catalogUrl }: Pick<FlinkEndpoints, 'catalogUrl'>,
  more: Readonly<Record<string, string>> = {},
): string {
  const options = {
    type: 'iceberg',
    'catalog-type': 'rest',
    uri: catalogUrl,
    'rest.auth.type': 'tenseams.flink.CatalogLogin',
    ...more,
  }
  return `CREATE CATALOG \`lake\` WITH (\n${optionLines(options)}\n)`
}

/** The same with its database `gold`. */
export function catalogDdl(endpoints: Pick<FlinkEndpoints, 'catalogUrl'>): readonly string[] {
  return [lakeDdl(endpoints), 'CREATE DATABASE IF NOT EXISTS `lake`.`gold`']
}

/**
 * The append-only gold table with the columns of an analytics topic. Its figures are sums over rows, so a correction is a
 * further row and never an update: Flink's Iceberg sink silently writes an update as a further insert.
 */
export function goldTableDdl(contract: ContractSchema): string {
  const columns = flatFields(contract).map(
    (field) => `${quoted(columnName(field.name))} ${flatType(field.type, 'TIMESTAMP_LTZ(6)')}`,
  )
  return tableDdl('CREATE TABLE IF NOT EXISTS', goldTable(contract.topic), columns, {
    'format-version': '2',
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': '20',
  })
}

/** `analytics.revenue-per-minute.late.v1` is the table `lake.gold.revenue_per_minute_late`. */
export function goldTable(topic: string): string {
  const name = topic.replace(/^[a-z0-9-]+\./, '').replace(/\.v1$/, '')
  return `\`lake\`.\`gold\`.\`${name.replaceAll(/[^a-z0-9]/g, '_')}\``
}

function clockSql(eventTime: string): string {
  const tolerance = `INTERVAL '${aheadToleranceMs / 60_000}' MINUTE`
  return `CASE WHEN ${eventTime} <= \`logged\` THEN ${eventTime} WHEN ${eventTime} <= \`logged\` + ${tolerance} THEN \`logged\` END`
}

/** Event time is always read from `occurredAt`, and a row without one would have no place among the others. */
function eventTimeOf(topic: string, schema: AvroRecord): string {
  const field = schema.fields.find(({ name }) => name === 'occurredAt')
  if (field === undefined) {
    throw new ContractError(`${topic} has no occurredAt: a Flink source needs an event time`)
  }
  if (sourceType(field.type) === 'BIGINT NOT NULL') return field.name
  throw new ContractError(
    `${topic}: occurredAt is ${sourceType(field.type)} in Flink: an event time is a required timestamp-millis`,
  )
}

/** Flink compares the names of columns with their case. */
function assertNotTaken(
  topic: string,
  { fields }: AvroRecord,
  own: Readonly<Record<string, string>>,
) {
  const taken = fields.filter(({ name }) => Object.hasOwn(own, name)).map(({ name }) => name)
  if (taken.length === 0) return
  throw new ContractError(
    `${topic}: a Flink source has a column ${taken.join(', ')} of its own: give the field another name`,
  )
}

/**
 * Makes every table with which Flink reads or writes a contract, and throws where one cannot be made.
 *
 * @param earlier the versions before it. If one of them has an event time, Flink may read the topic already.
 * @param isSink whether a job writes the topic.
 * @throws ContractError
 */
export function assertFlinkTables(
  contract: ContractSchema,
  earlier: readonly ContractSchema[],
  isSink: boolean,
): void {
  const endpoints = { brokers: '', registryUrl: '', kafkaMechanism: '' }
  const isSource = [contract, ...earlier].some(
    ({ format, schema }) =>
      format === 'avro' && schema.fields.some(({ name }) => name === 'occurredAt'),
  )
  if (isSource) {
    sourceTableDdl(contract, endpoints, {
      ...{ groupId: '', watermarkDelay: "INTERVAL '0' SECOND", fetchWaitMs: 0 },
    })
  }
  if (!isSink) return
  const sink = { keyField: '', transactionalIdPrefix: '', transactionTimeoutMs: 0 }
  sinkTableDdl(contract, endpoints, sink)
  goldTableDdl(contract)
}

function flatFields({ topic, schema }: ContractSchema): readonly AvroField[] {
  const nested = schema.fields.filter((field) => flatType(field.type, '') === undefined)
  if (nested.length === 0) return schema.fields
  const names = nested.map((field) => field.name).join(', ')
  throw new ContractError(`${topic}: Flink writes flat contracts only, nested here: ${names}`)
}

const primitives: Readonly<Record<AvroPrimitive, string>> = {
  boolean: 'BOOLEAN',
  int: 'INT',
  long: 'BIGINT',
  double: 'DOUBLE',
  string: 'STRING',
  bytes: 'BYTES',
}

function sourceType(type: AvroField['type']): string {
  if (isNullable(type)) return nullableSourceType(type[1])
  return `${nullableSourceType(type)} NOT NULL`
}

function nullableSourceType(type: AvroField['type']): string {
  return matchAvro(type, {
    primitive: (primitive) => primitives[primitive],
    timestamp: () => 'BIGINT',
    nullable: nullableSourceType,
    array: (items) => `ARRAY<${sourceType(items)}>`,
    record: ({ fields }) => {
      const columns = fields.map((field) => `${quoted(field.name)} ${sourceType(field.type)}`)
      return `ROW<${columns.join(', ')}>`
    },
  })
}

/** Undefined for a nested type. */
function flatType(type: AvroField['type'], timestamp: string): string | undefined {
  const of = isNullable(type) ? type[1] : type
  const name = matchAvro<string | undefined>(of, {
    primitive: (primitive) => primitives[primitive],
    timestamp: () => timestamp,
    nullable: () => undefined,
    array: () => undefined,
    record: () => undefined,
  })
  return name === undefined || isNullable(type) ? name : `${name} NOT NULL`
}

function tableDdl(
  create: string,
  table: string,
  columns: readonly string[],
  options: Readonly<Record<string, string>>,
): string {
  const lines = columns.map((column) => `  ${column}`).join(',\n')
  return `${create} ${table} (\n${lines}\n) WITH (\n${optionLines(options)}\n)`
}

function optionLines(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([name, value]) => `  '${name}' = '${value.replaceAll("'", "''")}'`)
    .join(',\n')
}

function quoted(name: string): string {
  return `\`${name}\``
}
