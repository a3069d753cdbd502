import { contextIn, traceparentOf as textOf } from '@tenseams/telemetry/traceparent'
import { expect, test } from 'vitest'
import { readTrace, traceparentOf } from './trace.ts'

const trace = { run: 0xfedc_ba98, sequence: 41, dueMs: 23_456_789.123 }

test('a trace says when its order was due', () => {
  expect(readTrace(traceparentOf(trace, false))).toEqual(trace)
})

test.each([true, false])('the services continue it, recorded: %s', (isRecorded) => {
  const traceparent = traceparentOf({ ...trace, run: 1, sequence: 0 }, isRecorded)
  const context = contextIn(traceparent)
  expect(context && textOf(context)).toBe(traceparent)
  expect(context?.traceFlags).toBe(isRecorded ? 1 : 0)
})

test.each([null, '', 'no trace', '00-12'])('%s is no trace', (text) => {
  expect(readTrace(text)).toBeUndefined()
})
