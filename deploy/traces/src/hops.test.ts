import { describe, expect, test } from 'vitest'
import { lostCauses, missingHops, wayOfAnOrder } from './hops.ts'
import type { StoredSpan } from './store.ts'

/** A trace that has each hop once. */
const whole: readonly StoredSpan[] = wayOfAnOrder.map(
  ({ hop, service, name, tags, below }, index) => ({
    ...{
      traceId: 't',
      id: hop,
      parentId: below ?? 'of-the-client',
      service,
      name,
      tags: tags ?? {},
    },
    ...{ startUs: index * 1_000, durationUs: 500 },
  }),
)

test('a trace with every hop lacks nothing', () => {
  expect(missingHops(whole)).toEqual([])
  expect(lostCauses(whole)).toEqual([])
})

test('a trace that is not there lacks every hop', () => {
  expect(missingHops([])).toHaveLength(wayOfAnOrder.length)
})

describe.each(wayOfAnOrder)('the hop "$hop"', ({ hop, below }) => {
  test('is missed when it is not there', () => {
    const lacks = missingHops(whole.filter(({ id }) => id !== hop))
    expect(lacks.some((lack) => lack.startsWith(`${hop}: `))).toBe(true)
  })

  test('is missed when another service did it, or something else is its cause', () => {
    const changes = [{ service: 'other' }, ...(below === undefined ? [] : [{ parentId: 'other' }])]
    for (const change of changes) {
      const changed = whole.map((span) => (span.id === hop ? { ...span, ...change } : span))
      expect(missingHops(changed).some((lack) => lack.startsWith(`${hop}: `))).toBe(true)
    }
  })
})

test('a span whose cause is not in the trace is named, besides the first', () => {
  const stray = { ...whole[4], id: 'stray', parentId: 'gone', startUs: 90_000 } as StoredSpan
  expect(lostCauses([...whole, stray])).toEqual([
    `${stray.service}, "${stray.name}" is below nothing`,
  ])
})
