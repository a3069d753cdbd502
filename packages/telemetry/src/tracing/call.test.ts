import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Recorder, recordSpans } from '../testing/recorder.ts'
import { inCallStep } from './call.ts'
import { beginTrace } from './step.ts'

const url = 'http://127.0.0.1:20002/payments?since=2026'

let recorder: Recorder

beforeEach(() => {
  recorder = recordSpans('payments')
})

afterEach(() => recorder.close())

const inTrace = <Value>(work: () => Promise<Value>) => {
  const begun = beginTrace({ span: 'messaging.process' })
  return begun.run(work)
}

test('a request is a step, whose headers name it, and whose address has no query', async () => {
  const call = { method: 'GET', url, repetition: 1 }
  const headers = await inTrace(async () => {
    let sent = {}
    await inCallStep(call, async (traced) => {
      sent = traced
      return { status: 201 }
    })
    return sent
  })
  const [span] = recorder.spans()
  expect(span).toMatchObject({
    ...{ name: 'GET', kind: 'CLIENT' },
    tags: {
      'http.request.resend_count': '1',
      'http.response.status_code': '201',
      'server.address': '127.0.0.1',
      'server.port': '20002',
      'url.full': 'http://127.0.0.1:20002/payments',
    },
  })
  expect(headers).toEqual({ traceparent: `00-${span?.traceId}-${span?.id}-01` })
})

test('a request outside of any trace names none', async () => {
  await inCallStep({ method: 'GET', url }, async (headers) => {
    expect(headers).toEqual({})
    return { status: 200 }
  })
  expect(recorder.spans()).toEqual([])
})

test('an error ends the step as failed', async () => {
  const error = Object.assign(new Error('x'), { code: 'PROVIDER_UNAVAILABLE' })
  const failing = inTrace(() => inCallStep({ method: 'POST', url }, () => Promise.reject(error)))
  await expect(failing).rejects.toBe(error)
  expect(recorder.spans()[0]?.tags).toMatchObject({ error: 'PROVIDER_UNAVAILABLE' })
})
