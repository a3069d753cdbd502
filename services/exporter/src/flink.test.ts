import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { flinkSource, type JobReport, newestRuns, readersOfSources, samplesOf } from './flink.ts'

const LONG_MIN = -(2 ** 63)
const report: JobReport = {
  ...{ name: 'revenue-per-minute', state: 'RUNNING', restarts: 2, failedCheckpoints: 1 },
  ...{ checkpointAtMs: 1_700_000_000_000, backPressuredMs: 250 },
  watermarks: [
    { subtask: 0, ms: 1_700_000_060_000 },
    { subtask: 3, ms: 1_700_000_030_000 },
  ],
}
const figureOf = (name: string, of: JobReport, state?: string) =>
  samplesOf(of).find(
    ([each, labels]) =>
      each === name && (state === undefined || ('state' in labels && labels.state === state)),
  )?.[2]

test('a job is in one state, and its figures are in base units', () => {
  expect(figureOf('tenseams_flink_job_state', report, 'running')).toBe(1)
  expect(figureOf('tenseams_flink_job_state', report, 'failed')).toBe(0)
  expect(figureOf('tenseams_flink_job_restarts', report)).toBe(2)
  expect(figureOf('tenseams_flink_last_checkpoint_timestamp_seconds', report)).toBe(1_700_000_000)
  expect(figureOf('tenseams_flink_back_pressure_ratio', report)).toBe(0.25)
})

test('the watermark is the smallest of all subtasks, and says whose it is', () => {
  expect(figureOf('tenseams_flink_watermark_timestamp_seconds', report)).toBe(1_700_000_030)
  expect(figureOf('tenseams_flink_watermark_subtask', report)).toBe(3)
})

test('there is no watermark while one subtask has none: the others do not hide it', () => {
  const waiting = { ...report, watermarks: [...report.watermarks, { subtask: 1, ms: LONG_MIN }] }
  expect(figureOf('tenseams_flink_watermark_timestamp_seconds', waiting)).toBeUndefined()
})

test('a task behind a join that looks back a quarter of an hour says nothing of the sources', () => {
  const nodes = [
    { id: 'orders' },
    { id: 'payments', inputs: [] },
    { id: 'without repeats', inputs: [{ id: 'orders' }] },
    { id: 'join', inputs: [{ id: 'without repeats' }, { id: 'payments' }] },
    { id: 'sink', inputs: [{ id: 'join' }] },
  ]
  expect([...readersOfSources(nodes)]).toEqual(['without repeats', 'join'])
})

test.each([
  ['RESTARTING', 'restarting'],
  ['CANCELED', 'other'],
  ['FAILED', 'failed'],
])('a job that is %s is shown as %s', (state, ours) => {
  expect(figureOf('tenseams_flink_job_state', { ...report, state }, ours)).toBe(1)
})

test('of several runs of a job the newest counts', () => {
  const run = (jid: string, start: number) => ({
    ...{ jid, name: 'revenue-per-minute', state: 'RUNNING', 'start-time': start },
  })
  expect(newestRuns([run('b', 2), run('c', 3), run('a', 1)]).map(({ jid }) => jid)).toEqual(['c'])
})

test('a job without checkpoints, or one that has just ended, hides no other', async () => {
  const job = (name: string) => ({ jid: name, name, state: 'RUNNING', 'start-time': 1 })
  const answers: Readonly<Record<string, unknown>> = {
    '/jobs/overview': { jobs: [job('single-statement'), job('revenue-per-minute')] },
    '/jobs/revenue-per-minute/checkpoints': { counts: { failed: 3 } },
    '/jobs/revenue-per-minute': { vertices: [] },
    '/jobs/revenue-per-minute/metrics?get=numRestarts': [{ id: 'numRestarts', value: '0' }],
  }
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = url in answers ? 200 : 404
    response.end(JSON.stringify(answers[url] ?? {}))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const samples = await flinkSource(`http://127.0.0.1:${port}`).ask(AbortSignal.timeout(10_000))
  const failed = samples.filter(([name]) => name === 'tenseams_flink_failed_checkpoints')
  expect(failed).toEqual([
    ['tenseams_flink_failed_checkpoints', { job_name: 'revenue-per-minute' }, 3],
  ])
  const running = samples.filter(
    ([name, labels, value]) =>
      name === 'tenseams_flink_job_state' &&
      'state' in labels &&
      labels.state === 'running' &&
      value === 1,
  )
  expect(running).toHaveLength(2)
})
