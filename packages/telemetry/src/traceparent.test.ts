import { expect, test } from 'vitest'
import { contextIn, newContext, traceparentOf } from './traceparent.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

test.each(['00', '01'])('a context is read and written as it came, with flags %s', (flags) => {
  const text = `00-${traceId}-${spanId}-${flags}`
  expect(contextIn(text)).toMatchObject({ traceId, spanId, traceFlags: Number(flags) })
  for (const form of [text, Buffer.from(text)]) {
    const context = contextIn(form)
    expect(context && traceparentOf(context)).toBe(text)
  }
})

test.each([
  undefined,
  null,
  '',
  Buffer.alloc(0),
  [`00-${traceId}-${spanId}-01`],
  `01-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId}-${spanId}-01-more`,
])('%s names no span', (text) => {
  expect(contextIn(text)).toBeUndefined()
})

test('flags that are not known are left out, since nobody here does what they say', () => {
  const context = contextIn(`00-${traceId}-${spanId}-ff`)
  expect(context && traceparentOf(context)).toBe(`00-${traceId}-${spanId}-01`)
})

test('a new context is another one each time, and not recorded', () => {
  expect(traceparentOf(newContext())).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  expect(newContext().traceId).not.toBe(newContext().traceId)
})
