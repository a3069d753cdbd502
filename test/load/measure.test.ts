import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { machineMs } from './clock.ts'
import { readMix } from './generator/mix.ts'
import { readTrace } from './generator/trace.ts'
import { type Conditions, measure } from './measure.ts'
import type { Journeys } from './observe/journeys.ts'
import { hasProc } from './observe/processes.ts'
import type { Sight } from './observe/sights.ts'
import type { Observed } from './observe/system.ts'
import { judge } from './report/verdict.ts'

const TIMEOUT_MS = 60_000
const RATE = 50

const conditions: Conditions = {
  ...{ durationMs: 2_000, rampMs: 200, mix: readMix('orders=1'), repeatedShare: 0 },
  ...{ arrivals: 'even', seed: 1, maxInFlight: 1_000 },
}

/**
 * A shop that answers at once, whose orders are completed one after the other, each taking so long, and are in bronze when
 * they are placed, in silver and gold when they are completed.
 */
class ModelledShop implements Observed {
  readonly pids = new Map([['model', process.pid]])
  readonly lag = { read: async () => ({ payments: 3 }) }
  readonly sights = { bronze: [] as Sight[], silver: [] as Sight[], gold: [] as Sight[] }
  readonly lake = { sights: this.sights, forget: () => undefined }
  readonly orders = {
    follow: (_run: number, journeys: Journeys) => {
      this.#journeys = journeys
    },
    forget: () => undefined,
  }
  readonly #orderMs: number
  #journeys: Journeys | undefined
  #offset = 0n
  #freeAtMs = 0
  readonly #server: Server

  constructor(orderMs: number) {
    this.#orderMs = orderMs
    this.#server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.end(JSON.stringify({ prices: [{ currency: 'EUR', priceMinor: 1 }] }))
        return
      }
      this.#place(request)
      response.writeHead(201, { location: '/orders/a' }).end()
    })
  }

  async url(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #place({ headers }: IncomingMessage): void {
    const trace = readTrace(String(headers.traceparent))
    if (trace === undefined) return
    const see = (type: string) => {
      const atMs = machineMs()
      this.#journeys?.see({ trace, type, partition: 0, offset: this.#offset, atMs })
    }
    see('OrderPlaced')
    this.#offset += 1n
    const sight = () => ({ atMs: machineMs(), ends: new Map([[0, this.#offset]]) })
    this.sights.bronze.push(sight())
    this.#freeAtMs = Math.max(machineMs(), this.#freeAtMs) + this.#orderMs
    setTimeout(() => {
      see('OrderCompleted')
      this.sights.silver.push(sight())
      this.sights.gold.push(sight())
    }, this.#freeAtMs - machineMs())
  }
}

let shop: ModelledShop | undefined
afterEach(() => shop?.close())

async function measured(orderMs: number, changes: Partial<Conditions> = {}) {
  shop = new ModelledShop(orderMs)
  return measure(
    {
      ...{ url: await shop.url(), system: shop, show: () => undefined },
      ...{ conditions: { ...conditions, ...changes }, signal: new AbortController().signal },
    },
    RATE,
    'orders and lake',
  )
}

describe('a step', () => {
  test(
    'of a system that keeps up has every stage of each order, and is kept',
    async () => {
      const { system, latencies, ...step } = await measured(5)
      expect(step).toMatchObject({ due: 100, accepted: 105, failed: {} })
      expect(system).toMatchObject({
        ...{ placed: 105, isSettled: true, unseen: { bronze: 0, silver: 0, gold: 0 } },
        ends: { OrderCompleted: 105, OrderRejected: 0, OrderCancelled: 0 },
      })
      for (const stage of ['http orders', 'completed', 'bronze', 'silver', 'gold']) {
        expect(latencies[stage]?.count, stage).toBe(100)
      }
      expect(latencies.completed?.p50).toBeGreaterThan(5)
      expect(latencies.silver?.p50).toBeGreaterThan(latencies.bronze?.p50 ?? 0)
      expect(system?.lag[0]?.lag).toEqual({ payments: 3 })
      expect(system?.samples.length).toBeGreaterThan(0)
      if (!hasProc) return
      expect(system?.parts.model?.cpuMs).toBeGreaterThan(0)
      expect(Object.keys(system?.parts.model?.groups ?? {}).length).toBeGreaterThan(0)
      expect(system?.memory[0]?.bytes.model).toBeGreaterThan(10_000_000)
      expect(system?.busiestThread?.part).toBe('model')
    },
    TIMEOUT_MS,
  )

  test(
    'of a system that completes less than is placed is behind, and waits for what was accepted',
    async () => {
      const { system, latencies, ...step } = await measured(50, { durationMs: 3_000 })
      // Whatever a busy machine has answered late: this is about the orders.
      const answered = { ...step, answered: step.due }
      expect(judge({ ...answered, system, latencies }).outcome).toBe('behind')
      expect(system?.isSettled).toBe(true)
      expect(latencies.completed?.max).toBeGreaterThan(3_000)
      expect(latencies.completed?.count).toBe(step.due)
    },
    TIMEOUT_MS,
  )
})
