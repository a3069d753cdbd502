import { describe, expect, it } from 'vitest'
import { readJob } from './job.ts'
import { scriptOf, textOf } from './script.ts'

const job = readJob('revenue-per-minute')
const endpoints = {
  brokers: 'b:1',
  registryUrl: 'http://r',
  catalogUrl: 'http://c',
  kafkaMechanism: 'M',
}
const stateUrl = 'file:///state'

describe("a job's script", () => {
  it("has the tables of all topics, then the job's own statements", () => {
    const { tables, statements } = scriptOf(job, endpoints, { stateUrl })
    expect(tables.map((sql) => sql.split(' (')[0])).toEqual([
      'CREATE TEMPORARY TABLE `payments.payment.v1`',
      'CREATE TEMPORARY TABLE `analytics.revenue-per-minute.v1`',
      'CREATE TEMPORARY TABLE `analytics.revenue-per-minute.late.v1`',
      expect.stringContaining('CREATE CATALOG `lake` WITH'),
      'CREATE DATABASE IF NOT EXISTS `lake`.`gold`',
      'CREATE TABLE IF NOT EXISTS `lake`.`gold`.`revenue_per_minute`',
      'CREATE TABLE IF NOT EXISTS `lake`.`gold`.`revenue_per_minute_late`',
    ])
    expect(statements.at(-1)?.sql).toMatch(/^EXECUTE STATEMENT SET\s+BEGIN[\s\S]*END;$/)
  })

  it("keeps its checkpoints and savepoints apart from other jobs'", () => {
    const { settings } = scriptOf(job, endpoints, { stateUrl })
    expect(settings).toMatchObject({
      'execution.checkpointing.dir': 'file:///state/checkpoints/revenue-per-minute',
      'execution.checkpointing.savepoint-dir': 'file:///state/savepoints/revenue-per-minute',
    })
    expect(settings).not.toHaveProperty(['execution.state-recovery.path'])
  })

  it('restores from a given savepoint', () => {
    const { settings } = scriptOf(job, endpoints, { stateUrl, restoreFrom: 'file:///state/s-1' })
    expect(settings['execution.state-recovery.path']).toBe('file:///state/s-1')
  })

  it("gives the source's watermark the delay of the late gate", () => {
    const intervals = { delay: "INTERVAL '7' SECOND" }
    const { tables, statements } = scriptOf(job, endpoints, { stateUrl, intervals })
    expect(tables[0]).toContain("WATERMARK FOR `et` AS `clock` - INTERVAL '7' SECOND")
    expect(statements[0]?.sql).toContain(") - INTERVAL '7' SECOND /* :delay */ AS")
  })

  it('lets records wait for others for a tenth of the checkpoint interval, which hides them for longer anyway', () => {
    const { settings, tables } = scriptOf(job, endpoints, { stateUrl, checkpointIntervalMs: 3_000 })
    expect(settings).toMatchObject({
      'execution.buffer-timeout.interval': '300 ms',
      'pipeline.auto-watermark-interval': '300 ms',
    })
    expect(tables[0]).toContain("'properties.fetch.max.wait.ms' = '300'")
  })

  it('is refused when its SQL marks no delay', () => {
    const unmarked = { ...job, sql: 'SELECT 1;' }
    expect(() => scriptOf(unmarked, endpoints, { stateUrl })).toThrow('has no interval marked :del')
  })

  it('gives no sink a transactional id prefix that is the beginning of another one', () => {
    const { tables } = scriptOf(job, endpoints, { stateUrl })
    const prefixes = [...tables.join().matchAll(/transactional-id-prefix' = '([^']+)'/g)]
    const names = prefixes.map((match) => match[1] ?? '')
    expect(names).toHaveLength(2)
    const taken = names.filter((name) => names.some((n) => n !== name && n.startsWith(name)))
    expect(taken).toEqual([])
  })

  it('is a file for any SQL client', () => {
    const text = textOf({
      settings: { 'a.b': 'c' },
      tables: ['CREATE TABLE t'],
      statements: [{ sql: 'EXECUTE STATEMENT SET BEGIN x; END;', line: 1 }],
    })
    expect(text).toBe(
      "SET 'a.b' = 'c';\n\nCREATE TABLE t;\n\nEXECUTE STATEMENT SET BEGIN x; END;\n",
    )
  })
})
