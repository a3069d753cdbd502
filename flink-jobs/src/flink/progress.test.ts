import { describe, expect, test } from 'vitest'
import { type JobAnswers, judgeJob, progressLines } from './progress.ts'

const job = { id: 'f0e1', name: 'payment-failure-rate' }
const now = 1_764_489_600_000

const seconds = (ago: number) => now - ago * 1_000

/** A job of the session cluster that has run for an hour, as Flink 2.1 answers. */
const running: JobAnswers = {
  job: {
    ...{ now, state: 'RUNNING', 'start-time': seconds(3_600) },
    vertices: [
      { name: 'Source: payments.payment.v1[1] -> Calc[2]', status: 'RUNNING' },
      { name: 'IcebergSink: Committer', status: 'RUNNING' },
    ],
  },
  checkpoints: { latest: { completed: { latest_ack_timestamp: seconds(7) }, failed: null } },
  config: { interval: 10_000 },
  exceptions: { 'root-exception': null, exceptionHistory: { entries: [] } },
}

const dropped = `org.apache.flink.runtime.JobException: Recovery is suppressed
\tat org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:219)
Caused by: org.apache.iceberg.exceptions.NoSuchTableException: Table does not exist: gold.payment_failure_rate
\tat org.apache.iceberg.rest.ErrorHandlers$TableErrorHandler.accept(ErrorHandlers.java:179)
\t... 8 more
`
const failedAt = (...ago: readonly number[]) => ({
  'root-exception': dropped,
  exceptionHistory: {
    entries: ago.map((each) => ({ timestamp: seconds(each), stacktrace: dropped })),
  },
})

const lastCheckpoint = (ago: number) => ({
  latest: { completed: { latest_ack_timestamp: seconds(ago) }, failed: null },
})

describe('a job that Flink calls RUNNING', () => {
  test('is so while its checkpoints complete, also after a failure that is over', () => {
    expect(judgeJob(job, running)).toEqual({ ...job, state: 'RUNNING', isWell: true, why: '' })
    const once = { ...running, exceptions: failedAt(40) }
    expect(judgeJob(job, once).isWell).toBe(true)
  })

  test('restarts without end when a table that it writes was dropped, although it is RUNNING now', () => {
    const looping = {
      ...running,
      checkpoints: lastCheckpoint(45),
      exceptions: failedAt(4, 15, 29, 40),
    }
    const judged = judgeJob(job, looping)
    expect(judged).toMatchObject({ state: 'RESTARTING', isWell: false })
    expect(progressLines(judged).join('\n')).toMatch(
      /RESTARTING payment-failure-rate: it has failed 4 times, the last checkpoint was 45 s ago\n {2}cause: NoSuchTableException: Table does not exist: gold.payment_failure_rate\n {2}next: .*goes on by itself/,
    )
  })

  test('restarts without end also when a checkpoint completes between two failures', () => {
    const looping = { ...running, checkpoints: lastCheckpoint(2), exceptions: failedAt(5, 30, 55) }
    expect(judgeJob(job, looping)).toMatchObject({ state: 'RESTARTING', isWell: false })
  })

  test('that has never completed a checkpoint is judged from its start', () => {
    const young = { ...running.job, 'start-time': seconds(20) }
    const never = { checkpoints: { latest: null }, job: young }
    expect(judgeJob(job, { ...running, ...never }).isWell).toBe(true)
    const looping = { ...running, ...never, exceptions: failedAt(3, 12) }
    expect(judgeJob(job, looping).state).toBe('RESTARTING')
  })

  test('stalls when its checkpoints do not complete any more, and says why the last one failed', () => {
    const stalled = {
      ...running,
      checkpoints: {
        latest: {
          completed: { latest_ack_timestamp: seconds(400) },
          failed: { failure_timestamp: seconds(20), failure_message: 'Checkpoint expired' },
        },
      },
    }
    expect(judgeJob(job, stalled)).toMatchObject({
      ...{ state: 'STALLED', isWell: false, cause: 'Checkpoint expired' },
      why: 'it has had no checkpoint for 400 s; one is due every 10 s',
    })
  })

  test('is starting while one of its operators does not run', () => {
    const [first] = running.job.vertices
    const vertices = [...(first ? [first] : []), { name: 'Writer', status: 'INITIALIZING' }]
    const starting = { ...running, job: { ...running.job, vertices } }
    expect(judgeJob(job, starting)).toMatchObject({
      ...{
        state: 'STARTING',
        isWell: false,
        why: '1 of 2 operators are INITIALIZING, the last checkpoint was 7 s ago',
      },
    })
  })
})

test('a job that waits for a TaskManager says so, however long it waits', () => {
  const vertices = running.job.vertices.map((vertex) => ({ ...vertex, status: 'SCHEDULED' }))
  const waiting = {
    ...running,
    job: { ...running.job, state: 'CREATED', vertices },
    checkpoints: lastCheckpoint(900),
  }
  const judged = judgeJob(job, waiting)
  expect(judged).toMatchObject({ state: 'CREATED', isWell: false })
  expect(progressLines(judged)[0]).toContain('2 of 2 operators are SCHEDULED')
  expect(judged.next).toContain('waits for a TaskManager')
  expect(judged.cause).toBeUndefined()
})

test('a job that has failed for good is named with its cause, and with the verb that starts it', () => {
  const failed = { ...running, job: { ...running.job, state: 'FAILED' }, exceptions: failedAt(1) }
  expect(judgeJob(job, failed)).toMatchObject({
    ...{ state: 'FAILED', isWell: false },
    cause: 'NoSuchTableException: Table does not exist: gold.payment_failure_rate',
    next: '`npm run jobs -- submit payment-failure-rate`',
  })
})
