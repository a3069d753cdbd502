import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Recorder, recordSpans } from '../testing/recorder.ts'
import { contextIn } from '../traceparent.ts'
import { traceFields } from './log-fields.ts'
import { beginTrace, inStep, outsideOfTrace, recordSpan } from './step.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const contextWith = (flags: string) => {
  const context = contextIn(`00-${traceId}-b7ad6b7169203331-${flags}`)
  if (context === undefined) throw new Error('no context')
  return context
}
const sampled = contextWith('01')
const unsampled = contextWith('00')
const append = { span: 'event-store.append' } as const

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('orders')
})

afterEach(async () => {
  vi.useRealTimers()
  await recorder.close()
})

describe('a step', () => {
  test('is the child of the step in which it runs, also behind something that is awaited', async () => {
    const attributes = { 'http.request.method': 'POST', 'http.route': '/orders' } as const
    await inStep({ span: 'http.server', parent: sampled, attributes }, async () => {
      await new Promise(setImmediate)
      await inStep(append, async ({ traceparent }) => {
        expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
      })
    })
    const [inner, outer] = recorder.spans()
    expect(outer).toMatchObject({ name: 'POST /orders', kind: 'SERVER', parentId: sampled.spanId })
    expect(inner).toMatchObject({ traceId, name: 'append', kind: 'CLIENT', parentId: outer?.id })
    expect(inner?.localEndpoint).toEqual({ serviceName: 'orders' })
  })

  test('that fails says the code of its error, and no word of its message', async () => {
    const error = Object.assign(new Error('card 4242'), { code: 'STORE_UNAVAILABLE' })
    const failing = inStep({ ...append, parent: sampled }, () => Promise.reject(error))
    await expect(failing).rejects.toBe(error)
    const [span] = recorder.spans()
    expect(span?.tags).toEqual({ 'error.type': 'STORE_UNAVAILABLE', error: 'STORE_UNAVAILABLE' })
  })

  test('outside of any trace is recorded by nobody', async () => {
    expect(await inStep(append, async ({ traceparent }) => traceparent)).toBeNull()
    expect(recorder.spans()).toEqual([])
  })

  test('of work for many traces is in none', async () => {
    await beginTrace(append).run(() => outsideOfTrace(() => inStep(append, async () => undefined)))
    expect(recorder.spans()).toEqual([])
  })

  test('is named by the lines that are logged in it', async () => {
    expect(traceFields()).toEqual({})
    await inStep({ ...append, parent: sampled }, async () => {
      expect(traceFields()).toEqual({
        trace_id: traceId,
        span_id: expect.not.stringMatching(sampled.spanId),
      })
    })
  })
})

describe('a step of a trace that is not sampled', () => {
  const step = { ...append, parent: unsampled, attributes: { 'db.namespace': 'orders' } } as const

  test('makes no span, and hands the context on as it came', async () => {
    const traceparent = await inStep(step, async (running) => running.traceparent)
    expect(traceparent).toBe(`00-${traceId}-${unsampled.spanId}-00`)
    expect(recorder.spans()).toEqual([])
  })

  test('is kept nevertheless when it fails', async () => {
    await inStep(step, async (running) => {
      running.set({ 'tenseams.stream.id': 'o-1' })
      throw new TypeError('x')
    }).catch(() => undefined)
    const [span] = recorder.spans()
    expect(span).toMatchObject({ traceId, parentId: unsampled.spanId })
    expect(span?.tags).toMatchObject({
      'tenseams.kept': 'failed',
      'tenseams.stream.id': 'o-1',
      'db.namespace': 'orders',
      'error.type': 'TypeError',
    })
  })

  test('is kept nevertheless when it is slow', async () => {
    vi.useFakeTimers({ now: 5_000 })
    await inStep(step, async () => void vi.setSystemTime(6_000))
    const [span] = recorder.spans()
    expect(span).toMatchObject({ timestamp: 5_000_000, tags: { 'tenseams.kept': 'slow' } })
  })
})

describe('a span of the past', () => {
  const past = { span: 'wal.wait', parent: sampled, startMs: 1_000, endMs: 1_250 } as const

  test('has the times and the id that are known', () => {
    const context = recordSpan({ ...past, spanId: 'ffffffffffffffff' })
    expect(context).toMatchObject({ traceId, spanId: 'ffffffffffffffff' })
    const [span] = recorder.spans()
    expect(span).toMatchObject({ id: 'ffffffffffffffff', timestamp: 1_000_000, duration: 250_000 })
    expect(recordSpan(past).spanId).not.toBe('ffffffffffffffff')
  })

  test('is not negative when two clocks differ', () => {
    recordSpan({ ...past, endMs: 900 })
    expect(recorder.spans()[0]).toMatchObject({ timestamp: 1_000_000, duration: 1 })
  })

  test('of a trace that is not sampled is not recorded', () => {
    expect(recordSpan({ ...past, parent: unsampled })).toBe(unsampled)
    expect(recorder.spans()).toEqual([])
  })
})
