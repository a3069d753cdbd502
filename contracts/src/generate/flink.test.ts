import { describe, expect, it } from 'vitest'
import { currentSchema } from '../schemas.ts'
import { catalogDdl, goldTable, goldTableDdl, sinkTableDdl, sourceTableDdl } from './flink.ts'

const endpoints = {
  brokers: '127.0.0.1:9092',
  registryUrl: 'http://127.0.0.1:8081',
  catalogUrl: 'http://127.0.0.1:8181',
  kafkaMechanism: 'SCRAM-SHA-512',
}
const source = { groupId: 'job', watermarkDelay: "INTERVAL '5' SECOND", fetchWaitMs: 1_000 }
const sink = { keyField: 'streamId', transactionalIdPrefix: 'job', transactionTimeoutMs: 60_000 }

describe("Flink's tables", () => {
  it('read times as BIGINT and derive the event time from them, and no watermark beyond the log', () => {
    const eventTime =
      'TO_TIMESTAMP_LTZ(GREATEST(LEAST(`occurredAt`, 253402300799999), -62135596800000), 3)'
    expect(sourceTableDdl(currentSchema('payments.payment.v1'), endpoints, source)).toBe(
      `CREATE TEMPORARY TABLE \`payments.payment.v1\` (
  \`eventId\` STRING NOT NULL,
  \`streamId\` STRING NOT NULL,
  \`version\` BIGINT NOT NULL,
  \`type\` STRING NOT NULL,
  \`occurredAt\` BIGINT NOT NULL,
  \`traceparent\` STRING,
  \`captured\` ROW<\`paymentId\` STRING NOT NULL, \`method\` STRING NOT NULL, \`amountMinor\` BIGINT NOT NULL, \`currency\` STRING NOT NULL>,
  \`declined\` ROW<\`method\` STRING NOT NULL, \`reason\` STRING NOT NULL>,
  \`authorised\` ROW<\`paymentId\` STRING NOT NULL, \`method\` STRING NOT NULL, \`amountMinor\` BIGINT NOT NULL, \`currency\` STRING NOT NULL>,
  \`voided\` ROW<\`paymentId\` STRING NOT NULL, \`method\` STRING NOT NULL, \`amountMinor\` BIGINT NOT NULL, \`currency\` STRING NOT NULL>,
  \`refunded\` ROW<\`paymentId\` STRING NOT NULL, \`method\` STRING NOT NULL, \`amountMinor\` BIGINT NOT NULL, \`currency\` STRING NOT NULL>,
  \`returned\` ROW<\`operationId\` STRING NOT NULL, \`paymentId\` STRING NOT NULL, \`outcome\` STRING NOT NULL, \`method\` STRING NOT NULL, \`amountMinor\` BIGINT NOT NULL, \`currency\` STRING NOT NULL>,
  \`part\` INT METADATA FROM 'partition' VIRTUAL,
  \`off\` BIGINT METADATA FROM 'offset' VIRTUAL,
  \`logged\` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  \`et\` AS ${eventTime},
  \`clock\` AS CASE WHEN ${eventTime} <= \`logged\` THEN ${eventTime} WHEN ${eventTime} <= \`logged\` + INTERVAL '1' MINUTE THEN \`logged\` END,
  \`pt\` AS PROCTIME(),
  WATERMARK FOR \`et\` AS \`clock\` - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'payments.payment.v1',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.security.protocol' = 'SASL_PLAINTEXT',
  'properties.sasl.mechanism' = 'SCRAM-SHA-512',
  'properties.group.id' = 'job',
  'properties.isolation.level' = 'read_committed',
  'properties.fetch.min.bytes' = '1048576',
  'properties.fetch.max.wait.ms' = '1000',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '0 ms',
  'value.format' = 'contract-avro',
  'value.contract-avro.url' = 'http://127.0.0.1:8081'
)`,
    )
  })

  it('read arrays of records inside a branch', () => {
    expect(sourceTableDdl(currentSchema('orders.order.v1'), endpoints, source)).toContain(
      '`lines` ARRAY<ROW<`sku` STRING NOT NULL, `quantity` INT NOT NULL, `priceMinor` BIGINT NOT NULL> NOT NULL> NOT NULL>',
    )
  })

  it('write flat rows under the published text, quotes escaped', () => {
    const topic = 'analytics.revenue-per-minute.late.v1'
    const ddl = sinkTableDdl(currentSchema(topic), endpoints, sink)
    expect(ddl).toContain('`watermark` TIMESTAMP(3) NOT NULL')
    expect(ddl).toContain(`'value.contract-avro.subject' = '${topic}-value'`)
    expect(ddl).toContain("'key.fields' = 'streamId'")
    const text = ddl.match(/'value.contract-avro.schema' = '(.*)'\n\)$/s)?.[1]
    expect(text?.replaceAll("''", "'")).toBe(currentSchema(topic).text)
  })

  it('are refused for a topic that is not Avro', () => {
    const shipments = currentSchema('fulfilment.shipment.v1')
    expect(() => sourceTableDdl(shipments, endpoints, source)).toThrow('Avro only')
    expect(() => sinkTableDdl(shipments, endpoints, sink)).toThrow('Avro only')
  })

  it('are refused for a nested contract, which Flink cannot write', () => {
    expect(() => sinkTableDdl(currentSchema('orders.order.v1'), endpoints, sink)).toThrow(
      'orders.order.v1: Flink writes flat contracts only, nested here: placed, confirmed, rejected',
    )
  })

  it('are refused without an event time', () => {
    expect(() =>
      sourceTableDdl(currentSchema('analytics.revenue-per-minute.v1'), endpoints, source),
    ).toThrow('analytics.revenue-per-minute.v1 has no occurredAt')
  })

  it('have for gold the columns of the topic, with times of six digits and a zone', () => {
    expect(goldTableDdl(currentSchema('analytics.revenue-per-minute.v1'))).toBe(
      `CREATE TABLE IF NOT EXISTS \`lake\`.\`gold\`.\`revenue_per_minute\` (
  \`window_start\` TIMESTAMP_LTZ(6) NOT NULL,
  \`window_end\` TIMESTAMP_LTZ(6) NOT NULL,
  \`currency\` STRING NOT NULL,
  \`kind\` STRING NOT NULL,
  \`delta_payments\` BIGINT NOT NULL,
  \`delta_minor\` BIGINT NOT NULL
) WITH (
  'format-version' = '2',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20'
)`,
    )
    expect(goldTable('analytics.revenue-per-minute.late.v1')).toBe(
      '`lake`.`gold`.`revenue_per_minute_late`',
    )
  })

  it('are in the catalogue lake', () => {
    expect(catalogDdl(endpoints)).toEqual([
      "CREATE CATALOG `lake` WITH (\n  'type' = 'iceberg',\n  'catalog-type' = 'rest',\n  'uri' = 'http://127.0.0.1:8181',\n  'rest.auth.type' = 'tenseams.flink.CatalogLogin'\n)",
      'CREATE DATABASE IF NOT EXISTS `lake`.`gold`',
    ])
  })
})
