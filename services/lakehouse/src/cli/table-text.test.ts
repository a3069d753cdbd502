import { describe, expect, it } from 'vitest'
import { jsonLines, tableText } from './table-text.ts'

describe('rows as text', () => {
  const rows = [
    { currency: 'EUR', minor: 9_007_199_254_740_993n, placed: { lines: [1] } },
    { currency: 'JPY', minor: 5n, placed: null },
  ]

  it('stand in columns, numbers to the right', () => {
    expect(tableText(rows)).toBe(
      [
        'currency             minor  placed',
        '--------  ----------------  -------------',
        'EUR       9007199254740993  {"lines":[1]}',
        'JPY                      5',
        '',
      ].join('\n'),
    )
  })

  it('say when there are none', () => {
    expect(tableText([])).toBe('(no rows)\n')
  })

  it('are JSON a line with exact int64', () => {
    expect(jsonLines(rows).split('\n')[0]).toBe(
      '{"currency":"EUR","minor":9007199254740993,"placed":{"lines":[1]}}',
    )
  })
})
