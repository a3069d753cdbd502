import { type Job, readJob } from '@tenseams/flink-jobs/script/job'

export const lateBreaks = {
  'current-watermark':
    'late is what CURRENT_WATERMARK calls late, as is usual: it is unknown after a restore',
  'drop-late': 'what comes late goes nowhere',
  'no-correction': 'late money is not folded into gold',
} as const

const overMax = /MAX\(clock\) OVER \([^)]*\) - (INTERVAL '\d+' SECOND \/\* :delay \*\/)/
const lateInserts = /INSERT INTO \S*(?:late\.v1`|_late)\n[\s\S]*?FROM late;\n\n/g

/** Our job, or the same with a guard of its SQL switched off. */
export function jobUnder(broken: string | undefined): Job {
  const job = readJob('revenue-per-minute')
  if (broken === 'current-watermark') {
    const watermark = job.sql.replace(overMax, '-- $1\n    CURRENT_WATERMARK(et)')
    const sql = watermark.replace(
      'WHERE clock IS NOT NULL AND et > partitionWatermark',
      'WHERE partitionWatermark IS NULL OR et > partitionWatermark',
    )
    return changed(job, sql)
  }
  if (broken === 'drop-late') return changed(job, job.sql.replaceAll(lateInserts, ''))
  return job
}

function changed(job: Job, sql: string): Job {
  if (sql === job.sql)
    throw new Error(`${job.file} has changed: this proof does not find what it replaces`)
  return { ...job, sql }
}
