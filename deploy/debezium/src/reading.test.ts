import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Connect } from './connect-api.ts'
import { untilEverythingIsRead } from './reading.ts'

const running = { connector: { state: 'RUNNING' }, tasks: [{ id: 0, state: 'RUNNING' }] }
const failed = (trace: string) => ({
  connector: { state: 'RUNNING' },
  tasks: [{ id: 0, state: 'FAILED', trace }],
})
/** As Connect answered while a task that could send nothing was started again and again. */
const withoutSnapshot = [{ offset: { lsn: 25_000_000, txId: 900, ts_usec: 1 } }]
const inSnapshot = [{ offset: { snapshot: 'INITIAL', last_snapshot_record: false, lsn: 1 } }]
const tooLargeTrace = `org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback
\tat org.apache.kafka.connect.runtime.AbstractWorkerSourceTask.maybeThrowProducerSendException(AbstractWorkerSourceTask.java:1)
Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 4280123 bytes when serialized which is larger than 4194304, which is the value of the max.request.size configuration.
`

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

type Answers = { readonly status?: unknown; readonly offsets?: readonly unknown[] }

async function connectWith({ status = running, offsets = withoutSnapshot }: Answers) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const isOffsets = request.url?.endsWith('/offsets')
    response.end(JSON.stringify(isOffsets ? { offsets } : status))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { connect: { connectUrl: `http://127.0.0.1:${port}`, login: async () => 'me' }, asked }
}

const reading = (connect: Connect, missing: readonly string[], timeoutMs = 20_000) =>
  untilEverythingIsRead({
    ...{ connect, name: 'cdc', deadline: Date.now() + timeoutMs, say: () => undefined },
    telling: { missing: async () => missing, told: () => 0 },
    silenceMs: 200,
  })

const lost = 'catalogue.products: 4 of 4 rows were not sent, such as sku desk-02'

test('an offset without a snapshot is no proof that anything was read', async () => {
  const { connect } = await connectWith({})
  await expect(reading(connect, [lost])).rejects.toThrow(
    /it has not:\n.*4 of 4 rows were not sent.*\n.*cdc -- recover --connector cdc/,
  )
})

test('it is read when the snapshot has ended and nothing is missing', async () => {
  const { connect } = await connectWith({})
  await expect(reading(connect, [])).resolves.toBeUndefined()
})

test('while the snapshot goes on, nothing is compared', async () => {
  const { connect } = await connectWith({ offsets: inSnapshot })
  await expect(reading(connect, [], 700)).rejects.toThrow(/has not read everything in time/)
})

test('a record that is too large ends the reading at once, with its size and the next step', async () => {
  const { connect, asked } = await connectWith({ status: failed(tooLargeTrace), offsets: [] })
  await expect(reading(connect, [])).rejects.toThrow(
    /RecordTooLargeException: The message is 4280123 bytes.*Make that row smaller/,
  )
  expect(asked.some((request) => request.includes('restart'))).toBe(false)
})

test('a task that fails again and again is not restarted without end', async () => {
  const { connect } = await connectWith({ status: failed('java.lang.Error: no'), offsets: [] })
  await expect(reading(connect, [])).rejects.toThrow(/failed 4 times while it read: Error: no/)
}, 20_000)
