import { aheadToleranceMs } from '@tenseams/contracts/generate/flink'
import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import { Engine } from '@tenseams/iceberg/duckdb'
import type { Row } from '@tenseams/iceberg/format/row'
import { queryLake } from '@tenseams/iceberg/read/query'
import { fileStorage } from '@tenseams/iceberg/storage'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { listTables } from '@tenseams/iceberg/table/list-tables'
import { JobError } from './errors.ts'
import type { JobEndpoints } from './run/submit.ts'
import { jobNames, readJob } from './script/job.ts'

/** The lateness of a topic's events in milliseconds, by one of two measures. */
export type Lateness = {
  readonly topic: string
  /**
   * `behind`: how far the event's time is behind the newest one before it in its partition, which is what the late gate
   * compares. `on the way`: from the event's time to its record's; a tick can be ahead of the event by no more than that,
   * unless a clock is ahead. `ahead`: how far the event is dated ahead of its record, of those only for which that is too far,
   * and which therefore went to the late output; without any, there is no such row.
   */
  readonly measure: 'behind' | 'on the way' | 'ahead'
  readonly events: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

const timeoutMs = 30_000

/**
 * The distribution of lateness over all events in bronze, from which a job's delay is chosen: a row that is further behind
 * than the delay is late. The second measure is needed because bronze has no ticks.
 *
 * @param topic one topic; by default all that the jobs read.
 * @throws JobError when no job reads the topic, or bronze has no table of it.
 */
export async function lateness(
  { catalogUrl, login }: Pick<JobEndpoints, 'catalogUrl' | 'login'>,
  topic?: string,
): Promise<readonly Lateness[]> {
  const read = [...new Set(jobNames().flatMap((name) => readJob(name).reads))].sort()
  if (topic !== undefined && !read.includes(topic)) {
    throw new JobError(`no job reads ${topic}; they read: ${read.join(', ')}`)
  }
  const catalog = new Catalog({ url: catalogUrl, login, timeoutMs })
  await catalog.config()
  const engine = await Engine.open({ memoryLimit: '512MB', threads: 2 })
  try {
    const ports = { catalog, storage: fileStorage, engine }
    const tables = (await listTables(catalog)).filter(({ namespace }) => namespace === 'bronze')
    const measured: Lateness[] = []
    for (const each of topic === undefined ? read : [topic]) {
      if (!tables.some(({ name }) => name === bronzeTableNameOf(each))) {
        throw new JobError(`bronze has no table of ${each} yet: is the lakehouse service running?`)
      }
      const rows = await queryLake(ports, latenessSql(`bronze.${bronzeTableNameOf(each)}`))
      measured.push(...rows.map((row) => latenessOf(each, row)))
    }
    return measured
  } finally {
    engine.close()
  }
}

/** A table for people, as lines; a topic without events has none. */
export function latenessLines(measured: readonly Lateness[]): readonly string[] {
  const width = Math.max('topic'.length, ...measured.map(({ topic }) => topic.length)) + 2
  const line = (topic: string, measure: string, cells: readonly (string | number)[]) =>
    topic.padEnd(width) +
    [measure.padEnd(10), ...cells.map((cell) => String(cell).padStart(9))].join('')
  return [
    line('topic', 'ms', ['events', 'p50', 'p90', 'p99', 'p99.9', 'max']),
    ...measured.map(({ topic, measure, events, p50, p90, p99, p999, max }) =>
      line(topic, measure, [events, p50, p90, p99, p999, max]),
    ),
  ]
}

/** SQL for DuckDB over a table or view of bronze; one row for each measure. */
export function latenessSql(table: string): string {
  return `
    WITH placed AS (
      SELECT type, epoch_ms(occurred_at) AS ms, epoch_ms(kafka_timestamp) AS recorded,
        max(CASE WHEN epoch_ms(occurred_at) <= epoch_ms(kafka_timestamp) + ${aheadToleranceMs}
          THEN least(epoch_ms(occurred_at), epoch_ms(kafka_timestamp)) END) OVER (
          PARTITION BY kafka_partition ORDER BY kafka_offset
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS newest
      FROM ${table}
    ),
    measured AS (
      SELECT 'ahead' AS measure, ms - recorded AS late FROM placed
       WHERE type <> 'barrier' AND ms > recorded + ${aheadToleranceMs}
      UNION ALL
      SELECT 'behind', greatest(newest - ms, 0) FROM placed
       WHERE type <> 'barrier' AND ms <= recorded + ${aheadToleranceMs}
      UNION ALL
      SELECT 'on the way', recorded - ms FROM placed WHERE type <> 'barrier'
    )
    SELECT measure, count(*) AS events, quantile_disc(late, 0.5) AS p50,
      quantile_disc(late, 0.9) AS p90, quantile_disc(late, 0.99) AS p99,
      quantile_disc(late, 0.999) AS p999, max(late) AS max
    FROM measured GROUP BY measure ORDER BY measure`
}

function latenessOf(topic: string, row: Row): Lateness {
  const { measure } = row
  const at = (column: string) => Number(row[column] ?? 0)
  return {
    topic,
    measure: measure === 'behind' || measure === 'ahead' ? measure : 'on the way',
    ...{ events: at('events'), p50: at('p50'), p90: at('p90') },
    ...{ p99: at('p99'), p999: at('p999'), max: at('max') },
  }
}
