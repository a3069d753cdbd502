import { expect, test } from 'vitest'
import { mutantsOf } from './mutants.ts'

const expressionsOf = (expr: string) => mutantsOf({ alert: 'A', expr }).map(({ rule }) => rule.expr)

test('moves each threshold to both sides, and turns each comparison round', () => {
  expect(expressionsOf('rate(x_total[5m]) > 6')).toEqual([
    'rate(x_total[5m]) < 6',
    'rate(x_total[5m]) > 9',
    'rate(x_total[5m]) > 4',
  ])
})

test('makes of 0 a bound that always and one that never holds', () => {
  expect(expressionsOf('x > 0')).toEqual(['x < 0', 'x > -1', 'x > 1000000000000'])
})

test('gives small counts their neighbours, and leaves what is no threshold alone', () => {
  expect(expressionsOf('x == 1')).toEqual(['x != 1', 'x == 2', 'x == 0'])
  expect(expressionsOf('vector(1)')).toEqual([])
})

test('joins conditions otherwise', () => {
  expect(expressionsOf('a and b')).toEqual(['a or b'])
  expect(expressionsOf('a or b')).toEqual(['a and b'])
  expect(expressionsOf('a unless b')).toEqual(['a and b'])
})

test('selects by the opposite, and leaves what is quoted alone', () => {
  expect(expressionsOf('x{a="b > 5",c=~"d|e",f!="g",h!~"i"}')).toEqual([
    'x{a!="b > 5",c=~"d|e",f!="g",h!~"i"}',
    'x{a="b > 5",c!~"d|e",f!="g",h!~"i"}',
    'x{a="b > 5",c=~"d|e",f="g",h!~"i"}',
    'x{a="b > 5",c=~"d|e",f!="g",h=~"i"}',
  ])
})

test('loses each label by which series are put together', () => {
  expect(expressionsOf('sum by (a, b) (x)')).toEqual(['sum by (b) (x)', 'sum by (a) (x)'])
  expect(expressionsOf('sum by (a) (x)')).toEqual(['sum by () (x)'])
  expect(expressionsOf('x and on () y')).toEqual(['x or on () y'])
})

test('changes no number that belongs to a name, a range or an offset', () => {
  expect(expressionsOf('slo:ratio5m[5m] offset 30m')).toEqual([])
})

test('changes the wait and the severity', () => {
  const labels = { severity: 'page', owner: 'a' }
  expect(
    mutantsOf({ alert: 'A', expr: 'x', for: '1m30s', labels }).map(({ rule }) => rule),
  ).toEqual([
    { alert: 'A', expr: 'x', labels },
    { alert: 'A', expr: 'x', for: '2m60s', labels },
    { alert: 'A', expr: 'x', for: '1m30s', labels: { severity: 'ticket', owner: 'a' } },
  ])
})
