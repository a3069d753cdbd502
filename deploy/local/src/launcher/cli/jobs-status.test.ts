import { expect, test } from 'vitest'
import { jobsLines, jobsStatus, statusOfJobs } from './jobs-status.ts'

const well = { id: 'a', name: 'order-to-cash', state: 'RUNNING', isWell: true, why: '' }
const looping = {
  ...{ id: 'b', name: 'payment-failure-rate', state: 'RESTARTING', isWell: false },
  why: 'it has failed 4 times, the last checkpoint was 45 s ago',
  cause: 'NoSuchTableException: Table does not exist: gold.payment_failure_rate',
  next: 'repair the cause',
}

test('a job that restarts without end is not well, although Flink and its processes are', () => {
  const jobs = statusOfJobs(['order-to-cash', 'payment-failure-rate'], [well, looping])
  expect(jobs.map(({ isWell }) => isWell)).toEqual([true, false])
  expect(jobsLines(jobs)).toEqual([
    'Flink jobs: 1 of 2 make progress',
    '  b RESTARTING payment-failure-rate: it has failed 4 times, the last checkpoint was 45 s ago',
    '    cause: NoSuchTableException: Table does not exist: gold.payment_failure_rate',
    '    next:  repair the cause',
  ])
})

test('a job that was stopped, or was never started, is not well', () => {
  const stopped = { ...well, state: 'FINISHED' }
  const jobs = statusOfJobs(['order-to-cash', 'shopper-sessions'], [stopped])
  expect(jobs.map(({ state, isWell }) => [state, isWell])).toEqual([
    ['FINISHED', false],
    ['missing', false],
  ])
  expect(jobsLines(jobs).join('\n')).toContain('npm run jobs -- submit shopper-sessions')
})

test('jobs that make progress take one line', () => {
  expect(jobsLines(statusOfJobs(['order-to-cash'], [well]))).toEqual([
    'Flink jobs: 1 of 1 make progress',
  ])
})

test('jobs of a cluster that does not answer are not well', async () => {
  const jobs = await jobsStatus('http://127.0.0.1:1')
  expect(jobs.length).toBeGreaterThan(0)
  expect(jobs.every(({ isWell }) => !isWell)).toBe(true)
})
