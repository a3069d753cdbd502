import { describe, expect, test } from 'vitest'
import { cancellationRefusal, LARGEST_TOTAL_MINOR, moves, price } from './order.ts'

const line = { sku: 'lamp-01', quantity: 2, shownMinor: 4_900n, priceMinor: 4_900n }

describe('the price of an order', () => {
  test('is the sum of its lines at the prices of the catalogue', () => {
    const desk = { sku: 'desk-02', quantity: 1, shownMinor: 38_900n, priceMinor: 38_900n }
    expect(price([line, desk])).toEqual({
      kind: 'priced',
      lines: [
        { sku: 'lamp-01', quantity: 2, priceMinor: 4_900n },
        { sku: 'desk-02', quantity: 1, priceMinor: 38_900n },
      ],
      totalMinor: 48_700n,
    })
  })

  test.each([
    ['product-unknown', { ...line, priceMinor: null }],
    ['price-differs', { ...line, shownMinor: 4_800n }],
    ['total-out-of-bounds', { ...line, shownMinor: 0n, priceMinor: 0n }],
    [
      'total-out-of-bounds',
      { ...line, shownMinor: LARGEST_TOTAL_MINOR, priceMinor: LARGEST_TOTAL_MINOR },
    ],
  ])('is refused: %s', (refusal, ordered) => {
    expect(price([ordered])).toEqual({ kind: 'refused', refusal })
  })
})

describe('an order', () => {
  test('is cancelled until it has ended', () => {
    expect(cancellationRefusal('placed')).toBeUndefined()
    expect(cancellationRefusal('confirmed')).toBeUndefined()
    expect(cancellationRefusal('completed')).toBe('order-is-completed')
    expect(cancellationRefusal('rejected')).toBe('order-is-rejected')
    expect(moves.cancel.from).toEqual(['placed', 'confirmed'])
  })
})
