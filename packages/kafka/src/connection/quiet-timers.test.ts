import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { quietTimers } from './quiet-timers.ts'

type Queue = {
  scheduleRequestTimeoutCheck(): void
  push(request: object): void
  fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void
  maybeThrottle(ms: number): void
  destroy(): void
}
type QueueClass = new (options: object) => Queue

/** The class as kafkajs has it, or with our change. */
function queueClass({ isQuiet }: { readonly isQuiet: boolean }): QueueClass {
  const require = createRequire(import.meta.url)
  const file = require.resolve('kafkajs/src/network/requestQueue')
  delete require.cache[file]
  if (isQuiet) quietTimers()
  return require(file)
}

const logger = { debug: () => undefined, warn: () => undefined }
const opened: Queue[] = []

function open(options: { readonly isQuiet: boolean }) {
  const bounds = { requestTimeout: 15_000, enforceRequestTimeout: true, maxInFlightRequests: 1 }
  const queue = new (queueClass(options))({ ...bounds, logger, clientId: '', broker: '' })
  opened.push(queue)
  queue.scheduleRequestTimeoutCheck()
  const sent: number[] = []
  const failed: number[] = []
  const ask = (correlationId: number) =>
    queue.push({
      entry: { correlationId, resolve: () => undefined, reject: () => failed.push(correlationId) },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => sent.push(correlationId),
    })
  const answer = (correlationId: number) =>
    queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })
  return { queue, sent, failed, ask, answer }
}

/** How many timers fire in that time. */
function timersIn(ms: number): number {
  const timeouts = vi.spyOn(globalThis, 'setTimeout')
  vi.advanceTimersByTime(ms)
  return timeouts.mock.calls.length
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  for (const queue of opened.splice(0)) queue.destroy()
  // First, or it would put back the timer that the spy has found, which is not the real one.
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a connection on which nothing happens', () => {
  test('has no timer but the look for late requests, once a second', () => {
    const { ask, answer } = open({ isQuiet: true })
    ask(1)
    answer(1)
    expect(timersIn(10_000)).toBe(0)
    expect(vi.getTimerCount()).toBe(1)
  })

  test('wakes every millisecond in kafkajs alone: when this fails, the patch can be removed', () => {
    const { ask, answer } = open({ isQuiet: false })
    ask(1)
    answer(1)
    expect(timersIn(1_000)).toBeGreaterThan(500)
  })
})

describe('a request', () => {
  test('that waits for another one is sent when that is answered', () => {
    const { ask, answer, sent } = open({ isQuiet: true })
    ask(1)
    ask(2)
    expect(sent).toEqual([1])
    answer(1)
    expect(sent).toEqual([1, 2])
  })

  test('that waits because the broker throttles is sent when that is over', () => {
    const { queue, ask, answer, sent } = open({ isQuiet: true })
    ask(1)
    queue.maybeThrottle(3_000)
    answer(1)
    ask(2)
    vi.advanceTimersByTime(2_900)
    expect(sent).toEqual([1])
    vi.advanceTimersByTime(200)
    expect(sent).toEqual([1, 2])
  })

  test('without an answer fails at most a second after its timeout', () => {
    const { ask, failed } = open({ isQuiet: true })
    ask(1)
    vi.advanceTimersByTime(15_000)
    expect(failed).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(failed).toEqual([1])
  })
})
