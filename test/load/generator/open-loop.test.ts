import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { machineMs } from '../clock.ts'
import { HttpClient } from './http.ts'
import { type Due, openLoop } from './open-loop.ts'
import { dueTimes } from './schedule.ts'

const STALL_MS = 500

let server: Server | undefined
let client: HttpClient | undefined

afterEach(() => {
  client?.close()
  server?.closeAllConnections()
  server?.close()
})

/** A server that answers at once, but for one stall in which every request waits for its end. */
async function stallingServer(stallFromMs: number): Promise<HttpClient> {
  server = createServer(async (_request, response) => {
    const sinceMs = machineMs() - stallFromMs
    if (sinceMs >= 0 && sinceMs < STALL_MS) await delay(STALL_MS - sinceMs)
    response.end()
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  client = new HttpClient({
    ...{ url: `http://127.0.0.1:${port}`, maxConnections: 1_000, timeoutMs: 10_000 },
  })
  return client
}

/** The latencies of 100 requests a second, from the beginning of the stall on. */
async function latencies(maxInFlight = 1_000) {
  const beginMs = machineMs() + 50
  const client = await stallingServer(beginMs + 200)
  const found: number[] = []
  const notSent: Due[] = []
  await openLoop({
    beginMs,
    dueTimesMs: dueTimes({
      ...{ ratePerSecond: 100, rampMs: 0, durationMs: 1_000, arrivals: 'even', seed: 1 },
    }),
    maxInFlight,
    send: async ({ dueMs }) => {
      await client.send({ method: 'GET', path: '/', headers: {} })
      found.push(machineMs() - dueMs)
    },
    onNotSent: (due) => notSent.push(due),
    signal: new AbortController().signal,
  })
  return { found, notSent }
}

describe('a server that stalls for half a second', () => {
  test('delays every request of that time, and each is counted from when it was due', async () => {
    const { found } = await latencies()
    expect(found).toHaveLength(100)
    // Due every 10 ms of the stall: a loop that waits for answers would have sent one of them.
    expect(found.filter((ms) => ms > 100).length).toBeGreaterThanOrEqual(35)
    expect(Math.max(...found)).toBeGreaterThan(STALL_MS - 50)
  })

  test('shows in the latency from the due time also where a request had to wait to be sent', async () => {
    const { found, notSent } = await latencies(10)
    expect(found.length + notSent.length).toBe(100)
    expect(notSent.length).toBeGreaterThanOrEqual(25)
  })
})

test('a loop that is told to end sends nothing more, and awaits what it has sent', async () => {
  const ending = new AbortController()
  let answered = 0
  await openLoop({
    beginMs: machineMs(),
    dueTimesMs: dueTimes({
      ...{ ratePerSecond: 100, rampMs: 0, durationMs: 60_000, arrivals: 'even', seed: 1 },
    }),
    maxInFlight: 1_000,
    send: async ({ sequence }) => {
      if (sequence === 4) ending.abort()
      await delay(20)
      answered += 1
    },
    onNotSent: () => undefined,
    signal: ending.signal,
  })
  expect(answered).toBe(5)
})
