import { describe, expect, it } from 'vitest'
import { readJob } from './job.ts'
import { scriptOf } from './script.ts'

const job = readJob('revenue-per-minute')
const endpoints = { brokers: 'b:1', registryUrl: 'http://r', catalogUrl: 'http://c' }
const stateUrl = 'file:///state'

describe("a job's script", () => {
  it('has settings, then tables, then what the job itself says', () => {
    const { preamble, statements } = scriptOf(job, endpoints, { stateUrl })
    expect(
      preamble.filter((sql) => !sql.startsWith('SET ')).map((sql) => sql.split(' (')[0]),
    ).toEqual([
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
    const { preamble } = scriptOf(job, endpoints, { stateUrl })
    expect(preamble).toContain(
      "SET 'execution.checkpointing.dir' = 'file:///state/checkpoints/revenue-per-minute'",
    )
    expect(preamble.join()).not.toContain('state-recovery')
  })

  it('goes on from where it is told', () => {
    const { preamble } = scriptOf(job, endpoints, { stateUrl, restoreFrom: 'file:///state/s-1' })
    expect(preamble).toContain("SET 'execution.state-recovery.path' = 'file:///state/s-1'")
  })

  it("gives the source's watermark the late gate's delay", () => {
    const intervals = { delay: "INTERVAL '7' SECOND" }
    const { preamble, statements } = scriptOf(job, endpoints, { stateUrl, intervals })
    expect(preamble.join()).toContain("WATERMARK FOR `et` AS `et` - INTERVAL '7' SECOND")
    expect(statements[0]?.sql).toContain(
      ") - INTERVAL '7' SECOND /* :delay */ AS partitionWatermark",
    )
  })

  it('gives no two sinks a transactional id prefix that one might take for the other', () => {
    const { preamble } = scriptOf(job, endpoints, { stateUrl })
    const prefixes = [...preamble.join().matchAll(/transactional-id-prefix' = '([^']+)'/g)]
    const names = prefixes.map((match) => match[1] ?? '')
    expect(names).toHaveLength(2)
    expect(
      names.filter((name) => names.some((other) => other !== name && other.startsWith(name))),
    ).toEqual([])
  })
})
