import { Engine } from '@tenseams/iceberg/duckdb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { latenessLines, latenessSql } from './lateness.ts'

let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
})

afterAll(() => engine.close())

it('is measured in the order of each partition, not against later events', async () => {
  const rows = await engine.using(async (connection) => {
    await connection.run(`CREATE TABLE came (kafka_partition INT, kafka_offset BIGINT, type VARCHAR,
      occurred_at TIMESTAMPTZ, kafka_timestamp TIMESTAMPTZ)`)
    await connection.run(`INSERT INTO came VALUES
      (0, 2, 'b', to_timestamp(3), to_timestamp(12)), (0, 1, 'a', to_timestamp(10), to_timestamp(11)),
      (0, 3, 'c', to_timestamp(20), to_timestamp(20)), (1, 1, 'd', to_timestamp(1), to_timestamp(2)),
      (1, 2, 'barrier', to_timestamp(90), to_timestamp(90)), (1, 0, 'e', to_timestamp(0), to_timestamp(1))`)
    return (await connection.runAndReadAll(latenessSql('came'))).getRowObjectsJS()
  })
  expect(rows).toMatchObject([
    { measure: 'behind', events: 5n, p50: 0n, max: 7_000n },
    { measure: 'on the way', events: 5n, p50: 1_000n, max: 9_000n },
  ])
})

it('says how many events are dated too far ahead of the log, which make no other event late', async () => {
  const rows = await engine.using(async (connection) => {
    await connection.run(`CREATE TABLE ahead (kafka_partition INT, kafka_offset BIGINT, type VARCHAR,
      occurred_at TIMESTAMPTZ, kafka_timestamp TIMESTAMPTZ)`)
    await connection.run(`INSERT INTO ahead VALUES
      (0, 1, 'hour', to_timestamp(3700), to_timestamp(100)), (0, 2, 'a', to_timestamp(101), to_timestamp(102)),
      (0, 3, 'skewed', to_timestamp(110), to_timestamp(104)), (0, 4, 'b', to_timestamp(104), to_timestamp(105))`)
    return (await connection.runAndReadAll(latenessSql('ahead'))).getRowObjectsJS()
  })
  expect(rows).toMatchObject([
    { measure: 'ahead', events: 1n, max: 3_600_000n },
    { measure: 'behind', events: 3n, max: 0n },
    { measure: 'on the way', events: 4n },
  ])
})

it('is a table for people', () => {
  const measured = { topic: 'a.b.v1', measure: 'behind', events: 5, p50: 0, p90: 1 } as const
  expect(latenessLines([{ ...measured, p99: 2, p999: 3, max: 4 }])).toEqual([
    'topic   ms           events      p50      p90      p99    p99.9      max',
    'a.b.v1  behind            5        0        1        2        3        4',
  ])
})
