import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Evidence } from './evidence.ts'
import { loadJobs } from './flink.ts'

const dropped = `org.apache.flink.util.SerializedThrowable: failed
\tat org.apache.flink.Task.run(Task.java:1)
Caused by: org.apache.iceberg.exceptions.NoSuchTableException: Table does not exist: gold.payment_failure_rate
\tat org.apache.iceberg.rest.ErrorHandlers.accept(ErrorHandlers.java:1)`

/** As Flink 2.1 answers while a job restarts because its table is gone. */
const answers: Readonly<Record<string, unknown>> = {
  '/jobs/overview': {
    jobs: [
      { jid: 'b', name: 'payment-failure-rate', state: 'RUNNING', 'start-time': 2_000 },
      { jid: 'a', name: 'payment-failure-rate', state: 'FINISHED', 'start-time': 1_000 },
    ],
  },
  '/jobs/b/checkpoints': { latest: { completed: { latest_ack_timestamp: 5_000 } } },
  '/jobs/b/exceptions?maxExceptions=20': {
    exceptionHistory: {
      entries: [9_000, 8_000, 7_000, 4_000].map((timestamp) => ({
        timestamp,
        stacktrace: dropped,
      })),
    },
  },
}

let server: Server | undefined
afterEach(() => server?.close())

async function flinkWith(known: Readonly<Record<string, unknown>>): Promise<string> {
  const listening = createServer((request, response) => {
    const answer = known[request.url ?? '']
    response.statusCode = answer === undefined ? 404 : 200
    response.end(JSON.stringify(answer ?? {}))
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

test('of each job the newest run counts, with its failures since its last checkpoint and their cause', async () => {
  const evidence = await Evidence.open('64MB')
  await loadJobs(evidence, await flinkWith(answers), 5_000)
  expect(await evidence.query('select * from flink_jobs')).toEqual([
    {
      ...{ name: 'payment-failure-rate', state: 'RUNNING', checkpoint_at: 5_000n, failures: 3n },
      cause:
        'org.apache.iceberg.exceptions.NoSuchTableException: Table does not exist: gold.payment_failure_rate',
    },
  ])
  evidence.close()
})

test('without a job there is no verdict', async () => {
  const evidence = await Evidence.open('64MB')
  const url = await flinkWith({ '/jobs/overview': { jobs: [] } })
  await expect(loadJobs(evidence, url, 5_000)).rejects.toThrow('Flink runs no job')
  evidence.close()
})
