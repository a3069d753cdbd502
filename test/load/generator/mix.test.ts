import { UsageError } from '@tenseams/cli/errors'
import { expect, test } from 'vitest'
import { everyWish, mixText, readMix, wishAt } from './mix.ts'

const mix = readMix('orders=90, declined=5,cancellations=4,reads=1')

test('a mix is read and written', () => {
  expect(mix).toEqual({ orders: 90, declined: 5, cancellations: 4, reads: 1 })
  expect(mixText(mix)).toBe('orders=90,declined=5,cancellations=4,reads=1')
  expect(mixText(readMix('orders=1'))).toBe('orders=1')
})

test('each wish has its share', () => {
  const places = Array.from({ length: 100 }, (_, index) => index / 100)
  const counts = everyWish.map(
    (wish) => places.filter((place) => wishAt(mix, place) === wish).length,
  )
  expect(counts).toEqual([90, 5, 4, 1])
})

test.each(['', 'orders', 'orders=', 'orders=-1', 'orders=1.5', 'order=1', 'reads=1', 'orders=0'])(
  'the mix "%s" is refused',
  (text) => {
    expect(() => readMix(text)).toThrow(UsageError)
  },
)
