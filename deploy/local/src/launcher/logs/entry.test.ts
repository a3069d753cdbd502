import { describe, expect, test } from 'vitest'
import { beginsEntry, continued, entryOf } from './entry.ts'

const at = (time: string) => Date.parse(time)

describe('a line', () => {
  test.each([
    [
      'of ours',
      '{"level":40,"time":1796069297733,"service":"pulse","connector":"outbox","msg":"restarting the connector"}',
      {
        ...{ timeMs: 1796069297733, level: 'warn', sentence: 'restarting the connector' },
        fields: { service: 'pulse', connector: 'outbox' },
      },
    ],
    [
      'of Kafka, Connect or Flink',
      '2026-11-30T17:37:32.319Z WARN  o.a.k.c.r.d.WorkerCoordinator - [Worker clientId=connect] Close timed out',
      {
        ...{ timeMs: at('2026-11-30T17:37:32.319Z'), level: 'warn' },
        ...{ sentence: '[Worker clientId=connect] Close timed out' },
        fields: { logger: 'o.a.k.c.r.d.WorkerCoordinator' },
      },
    ],
    [
      'of the catalogue, with a thread',
      '2026-11-30T18:04:15.318Z [qtp1165303897-22] ERROR org.apache.iceberg.rest.RESTCatalogServlet - Error processing REST request',
      {
        ...{ timeMs: at('2026-11-30T18:04:15.318Z'), level: 'error' },
        ...{ sentence: 'Error processing REST request' },
        fields: { logger: 'org.apache.iceberg.rest.RESTCatalogServlet' },
      },
    ],
    [
      'of the registry, which writes a zone into its date',
      '2026-11+00-30 18:06:00 INFO [io.apicurio.registry.Store$1] (executor-thread-8) Initializing total schemas counter',
      {
        ...{ timeMs: at('2026-11-30T18:06:00Z'), level: 'info' },
        ...{ sentence: 'Initializing total schemas counter' },
        fields: { logger: 'io.apicurio.registry.Store$1' },
      },
    ],
    [
      'of Postgres',
      '2026-11-30 18:04:15.567 UTC [17387] ERROR:  duplicate key value violates unique constraint "uq"',
      {
        ...{ timeMs: at('2026-11-30T18:04:15.567Z'), level: 'error' },
        ...{ sentence: 'duplicate key value violates unique constraint "uq"', fields: {} },
      },
    ],
    [
      'of Prometheus',
      'ts=2026-11-30T18:04:15.567Z caller=main.go:1 level=error msg="Opening \\"storage\\" failed" err=full',
      {
        ...{ timeMs: at('2026-11-30T18:04:15.567Z'), level: 'error' },
        ...{ sentence: 'Opening "storage" failed', fields: { caller: 'main.go:1', err: 'full' } },
      },
    ],
    [
      'with a colon before its milliseconds',
      '2026-11-30 20:07:25:240 [armeria-boss] INFO Server - Serving HTTP',
      {
        ...{ timeMs: at('2026-11-30T20:07:25.240Z'), level: 'info' },
        ...{ sentence: 'Serving HTTP', fields: { logger: 'Server' } },
      },
    ],
    [
      'with a time of another zone',
      '2026-11-30T19:04:15.567+01:00 INFO a.B - words',
      { timeMs: at('2026-11-30T18:04:15.567Z'), sentence: 'words' },
    ],
  ])('%s has its time, level, words and fields', (_what, line, expected) => {
    expect(beginsEntry(line)).toBe(true)
    expect(entryOf('part', line)).toMatchObject({ part: 'part', ...expected })
  })

  test.each([
    ['a stack trace', '\tat org.apache.iceberg.X.load(X.java:55)'],
    ['a cause', 'Caused by: java.io.IOException: full'],
    ['a picture', ' --/ __ \\/ / / / _ | / _ \\/ //_/ / / / __/ '],
    ['nothing', ''],
  ])('of %s begins nothing', (_what, line) => {
    expect(beginsEntry(line)).toBe(false)
  })

  test('of JSON that was cut off is shown as it is', () => {
    const line = '{"level":30,"time":17960692'
    expect(entryOf('orders', line)).toMatchObject({ timeMs: undefined, sentence: line, fields: {} })
  })
})

test('a stack trace of any length keeps its beginning, and the number of the rest', () => {
  let entry = entryOf('connect', '2026-11-30T18:00:00.000Z ERROR a.B - broken')
  for (let line = 1; line <= 1_000; line++) entry = continued(entry, `\tat line ${line}`)
  expect([entry.more.length, entry.more[0], entry.omitted]).toEqual([200, '\tat line 1', 800])
})
