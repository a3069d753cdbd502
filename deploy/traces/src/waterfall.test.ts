import { expect, test } from 'vitest'
import { type StoredSpan, storedSpans } from './store.ts'
import { linkedBy, waterfall } from './waterfall.ts'

const span = (id: string, parentId: string | undefined, startMs: number, durationMs: number) =>
  ({
    ...{ traceId: 't', id, parentId, service: 'orders', name: id, tags: {} },
    ...{ startUs: startMs * 1_000, durationUs: durationMs * 1_000 },
  }) satisfies StoredSpan

const request = span('request', 'of-the-client', 1_000, 40)
const append = span('append', 'request', 1_010, 20)
const read = span('read', 'append', 1_080, 20)

test('each step is below its cause, with when it began, how long it took, and a bar', () => {
  const [first, second, third] = waterfall([request, append, read], { width: 80 })
  expect(first).toMatch(/^ {6}0\.0 ms {5}40\.0 ms {2}█+ +orders {2}request$/)
  expect(second).toMatch(/^ {5}10\.0 ms {5}20\.0 ms {2} +█+ +orders {2}append$/)
  expect(second?.indexOf('orders')).toBe((first?.indexOf('orders') ?? 0) + 2)
  expect(third?.indexOf('█')).toBeGreaterThan(second?.lastIndexOf('█') ?? 0)
})

test('a step that has failed says with what, and one that shared work says which', () => {
  const tags = { error: 'PROVIDER_UNAVAILABLE', links: 's-statement' }
  const statement = { ...span('statement', undefined, 0, 8.2), tags: { links: 't-append t-other' } }
  const shared = new Map([['statement', statement]])
  const [line] = waterfall([{ ...append, tags }], { shared })
  expect(line).toContain('FAILED: PROVIDER_UNAVAILABLE')
  expect(line).toContain('(shared: statement of 2 in 8.2 ms)')
})

test('a span that three readers have reported is one', () => {
  const wait = { traceId: 't', id: 'w', timestamp: 5, duration: 1 }
  const spans = storedSpans([wait, { ...wait, id: 'x', timestamp: 4 }, wait, wait])
  expect(spans.map(({ id }) => id)).toEqual(['x', 'w'])
})

test('links are read from their tag, and what is none is left out', () => {
  expect(linkedBy({ ...append, tags: { links: 'a-b  c c-d' } })).toEqual([
    { traceId: 'a', id: 'b' },
    { traceId: 'c', id: 'd' },
  ])
  expect(linkedBy(append)).toEqual([])
})
