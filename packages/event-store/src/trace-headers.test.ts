import { type Recorder, recordSpans } from '@tenseams/telemetry/testing/recorder'
import { contextIn } from '@tenseams/telemetry/traceparent'
import { inStep } from '@tenseams/telemetry/tracing/step'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inAppendStep, traceHeadersOf } from './trace-headers.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${spanId}-01`
const unsampled = `00-${traceId}-${spanId}-00`

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('orders')
})

afterEach(() => recorder.close())

/** The context that the appended events get. */
async function appendedIn(traceparent: string | null): Promise<string | null> {
  let given: string | null = null
  await inAppendStep('orders', 'order-1', traceparent, async (own) => {
    given = own
    return { kind: 'appended' }
  })
  return given
}

test('what is appended names the span of its append, which is below the command’s', async () => {
  const given = await appendedIn(sampled)
  const [span] = recorder.spans()
  expect(span).toMatchObject({ traceId, parentId: spanId, name: 'append' })
  expect(span?.tags).toMatchObject({ 'tenseams.stream.id': 'order-1', 'db.namespace': 'orders' })
  expect(given).toBe(`00-${traceId}-${span?.id}-01`)
})

test('the step that runs is the parent when it is of the command’s trace, and not when it is of another', async () => {
  const append = { span: 'messaging.process', parent: contextIn(sampled) } as const
  await inStep(append, () => appendedIn(sampled))
  const [inner, outer] = recorder.spans()
  expect(inner?.parentId).toBe(outer?.id)
  const other = `00-1af7651916cd43dd8448eb211c80319c-${spanId}-01`
  await inStep(append, () => appendedIn(other))
  expect(recorder.spans()[2]).toMatchObject({ traceId: other.slice(3, 35), parentId: spanId })
})

test.each([unsampled, null])(
  'a command of the trace %s hands it on as it came',
  async (traceparent) => {
    expect(await appendedIn(traceparent)).toBe(traceparent)
    expect(recorder.spans()).toEqual([])
  },
)

test('a record’s headers name the trace, and only of a recorded one when it was appended', () => {
  expect(traceHeadersOf(sampled)).toEqual({
    traceparent: sampled,
    tracestate: expect.stringMatching(/^tenseams=at:\d{13}$/),
  })
  expect(traceHeadersOf(unsampled)).toEqual({ traceparent: unsampled, tracestate: null })
  expect(traceHeadersOf(null)).toEqual({})
})
