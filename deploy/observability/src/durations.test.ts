import { describe, expect, test } from 'vitest'
import { scaledDuration, scaledExpression } from './durations.ts'

describe('a drill', () => {
  test.each([
    ['5m', '15s'],
    ['10s', '500ms'],
    ['1h30m', '270s'],
    ['0s', '0s'],
  ])('makes of %s %s', (normal, drill) => {
    expect(scaledDuration(normal, 'drill')).toBe(drill)
    expect(scaledDuration(normal, 'normal')).toBe(normal)
  })

  test('shortens ranges and offsets, and leaves thresholds and names alone', () => {
    const expr = 'rate(slo:ratio5m{le="5m"}[10m] offset 30m) > 120'
    expect(scaledExpression(expr, 'drill')).toBe('rate(slo:ratio5m{le="5m"}[30s] offset 90s) > 120')
  })
})
