import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterEach, expect, test } from 'vitest'
import { machineMs } from '../clock.ts'
import { Latencies } from '../latencies.ts'
import { Generator } from './generator.ts'
import { readMix } from './mix.ts'
import type { Task } from './task.ts'

let server: Server | undefined
let generator: Generator | undefined

afterEach(async () => {
  await generator?.close()
  server?.closeAllConnections()
  server?.close()
})

const accept: RequestListener = (request, response) => {
  const path = `/orders/${request.headers['idempotency-key']}`
  response.writeHead(201, { location: path }).end()
}

/** A shop of one product. */
async function shop(onOrder: RequestListener): Promise<string> {
  const prices = [{ currency: 'EUR', priceMinor: 1_250 }]
  server = createServer((request, response) => {
    if (request.method === 'GET') response.end(JSON.stringify({ prices }))
    else onOrder(request, response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function opened(
  onOrder: RequestListener,
  changes: Partial<Task['offer']> = {},
  credentialsFile?: string,
) {
  generator = await Generator.open({
    ...{ url: await shop(onOrder), run: 1, mix: readMix('orders=1'), repeatedShare: 0 },
    ...{ maxInFlight: 100, requestTimeoutMs: 5_000, credentialsFile },
    offer: {
      ...{ ratePerSecond: 50, rampMs: 200, durationMs: 1_000, arrivals: 'even', seed: 1 },
      ...changes,
    },
  })
  return generator
}

const never = new AbortController().signal

test('a generator sends the token of the identity that it was given, and none without one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'generator-'))
  const file = join(folder, 'load.json')
  writeFileSync(file, JSON.stringify({ identity: 'load', token: 'one' }), { mode: 0o600 })
  const sent = new Set<string | undefined>()
  const note: RequestListener = (request, response) => {
    sent.add(request.headers.authorization)
    accept(request, response)
  }
  await (await opened(note, { durationMs: 100 }, file)).run(machineMs() + 100, never)
  expect([...sent]).toEqual(['Bearer one'])
  rmSync(folder, { recursive: true })
}, 30_000)

test('a generator tells what became of each request that was due after its ramp', async () => {
  const result = await (await opened(accept)).run(machineMs() + 100, never)
  expect(result).toMatchObject({ due: 50, notSent: 0, accepted: 55 })
  expect(result.kinds.orders).toMatchObject({ due: 50, answered: 50, failed: {} })
  expect(result.answeredInTime).toBeGreaterThan(0)
  expect(result.answeredInTime).toBeLessThanOrEqual(result.accepted)
  expect(result.measuredMs).toBe(1_000)
  expect(result.cpuMs).toBeGreaterThan(0)
  expect(Latencies.decode(result.kinds.orders?.latencies ?? '').count).toBe(50)
}, 30_000)

test('failures are counted by their reason, and are no answers', async () => {
  let count = 0
  const onOrder: RequestListener = (request, response) => {
    count += 1
    if (count % 2 === 0) accept(request, response)
    else if (count % 4 === 1) response.writeHead(503).end()
    else request.destroy()
  }
  const result = await (await opened(onOrder)).run(machineMs() + 100, never)
  const { due = 0, answered = 0, failed = {} } = result.kinds.orders ?? {}
  expect(Object.keys(failed).sort()).toEqual(['ECONNRESET', 'status 503'])
  expect(answered + Object.values(failed).reduce((sum, each) => sum + each, 0)).toBe(due)
  expect(result.answeredInTime).toBeLessThanOrEqual(result.accepted)
  expect(result.accepted).toBeLessThan(due)
}, 30_000)

test('a load that is interrupted tells what was measured so far', async () => {
  const ending = new AbortController()
  const generator = await opened(accept, { durationMs: 60_000 })
  const running = generator.run(machineMs() + 100, ending.signal)
  const isAnswered = () => generator.progress.answered > 0
  await eventually(isAnswered, { timeoutMs: 10_000, what: 'answers' })
  ending.abort()
  const result = await running
  expect(result.due).toBeGreaterThan(10)
  expect(result.kinds.orders?.answered).toBe(result.due)
  expect(result.measuredMs).toBeLessThan(20_000)
}, 30_000)

test('a shop that is not there is told in words', async () => {
  const url = await shop(accept)
  server?.close()
  server?.closeAllConnections()
  const task: Task = {
    ...{ url, run: 1, mix: readMix('orders=1'), repeatedShare: 0 },
    ...{ maxInFlight: 1, requestTimeoutMs: 1_000 },
    offer: { ratePerSecond: 1, rampMs: 0, durationMs: 1_000, arrivals: 'even', seed: 1 },
  }
  await expect(Generator.open(task)).rejects.toThrow(/lamp-01 does not answer: .*ECONNREFUSED/)
}, 30_000)
