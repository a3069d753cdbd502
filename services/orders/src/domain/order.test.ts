import { accept, refuse } from '@tenseams/decider/decider'
import { specify } from '@tenseams/decider/specification'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LARGEST_TOTAL_MINOR,
  type OrderCommand,
  type OrderEvent,
  orderDecider,
  totalMinorOf,
} from './order.ts'

const lines = [
  { sku: 'lamp-01', quantity: 2, priceMinor: 4_900n },
  { sku: 'mug-04', quantity: 1, priceMinor: 1_250n },
]
const order = { customerId: 'c-1', currency: 'EUR', paymentMethod: 'card', lines }
const placed: OrderEvent = { type: 'OrderPlaced', data: { ...order, totalMinor: 11_050n } }
const payment = { paymentId: 'p-1', amountMinor: 11_050n, currency: 'EUR' }
const confirmed: OrderEvent = { type: 'OrderConfirmed', data: payment }
const rejected: OrderEvent = { type: 'OrderRejected', data: { reason: 'payment-declined' } }

/** Ordered at the catalogue's prices, unless a test says that others were shown. */
const placing = (some: typeof lines): OrderCommand => ({
  type: 'PlaceOrder',
  data: { ...order, lines: some.map((line) => ({ ...line, shownMinor: line.priceMinor })) },
})

const place = placing(lines)
const confirm: OrderCommand = { type: 'ConfirmOrder', data: payment }
const reject: OrderCommand = { type: 'RejectOrder', data: { reason: 'payment-declined' } }

const cancelled = (paymentId: string | null): OrderEvent => ({
  type: 'OrderCancelled',
  data: { reason: 'mistake', paymentId },
})
const unpaid = cancelled(null)
const paid = cancelled('p-1')
const refunded: OrderEvent = { type: 'OrderRefunded', data: payment }
const refund: OrderCommand = { type: 'RecordRefund', data: payment }
const cancel: OrderCommand = { type: 'CancelOrder', data: { reason: 'mistake' } }
const completed: OrderEvent = { type: 'OrderCompleted', data: { shipmentId: 's-1' } }
const complete: OrderCommand = { type: 'CompleteOrder', data: { shipmentId: 's-1' } }

const { given } = specify(orderDecider)

describe('an order', () => {
  test('is placed with the sum of its lines', () => {
    expect(given().when(place)).toEqual(accept(placed))
  })

  test('is placed once', () => {
    expect(given(placed).when(place)).toEqual(refuse('order-exists'))
  })

  test.each([
    ['1 for a desk of 38 900', 1n],
    ['one less', 38_899n],
    ['one more', 38_901n],
    ['nothing', 0n],
  ])('is refused when another price was shown than the catalogue has: %s', (_, shownMinor) => {
    const desk = { sku: 'desk-02', quantity: 1, priceMinor: 38_900n, shownMinor }
    const mug = { sku: 'mug-04', quantity: 1, priceMinor: 1_250n, shownMinor: 1_250n }
    for (const some of [[desk], [mug, desk], [desk, { ...desk, shownMinor: 38_900n }]]) {
      const command: OrderCommand = { type: 'PlaceOrder', data: { ...order, lines: some } }
      expect(given().when(command)).toEqual(refuse('price-differs'))
    }
  })

  test('is refused when the catalogue does not sell a product, whatever price was shown', () => {
    const mug = { sku: 'mug-04', quantity: 1, priceMinor: 1_250n, shownMinor: 1n }
    const rug = { sku: 'rug-05', quantity: 1, priceMinor: null, shownMinor: 0n }
    for (const some of [[rug], [mug, rug]]) {
      const command: OrderCommand = { type: 'PlaceOrder', data: { ...order, lines: some } }
      expect(given().when(command)).toEqual(refuse('product-unknown'))
    }
  })

  test('is refused when its total is zero or above the maximum', () => {
    const free = [{ sku: 'mug-04', quantity: 1, priceMinor: 0n }]
    const expensive = [{ sku: 'mug-04', quantity: 1, priceMinor: 1_000_000_000_001n }]
    expect(given().when(placing(free))).toEqual(refuse('total-out-of-bounds'))
    expect(given().when(placing(expensive))).toEqual(refuse('total-out-of-bounds'))
  })

  test('is confirmed by a payment of its amount', () => {
    expect(given(placed).when(confirm)).toEqual(accept(confirmed))
  })

  test('is not confirmed by another amount or currency', () => {
    const less: OrderCommand = { type: 'ConfirmOrder', data: { ...payment, amountMinor: 1n } }
    const other: OrderCommand = { type: 'ConfirmOrder', data: { ...payment, currency: 'USD' } }
    expect(given(placed).when(less)).toEqual(refuse('amount-differs'))
    expect(given(placed).when(other)).toEqual(refuse('amount-differs'))
  })

  test('is confirmed once: the same payment changes nothing, another is refused', () => {
    const second: OrderCommand = { type: 'ConfirmOrder', data: { ...payment, paymentId: 'p-2' } }
    expect(given(placed, confirmed).when(confirm)).toEqual(accept())
    expect(given(placed, confirmed).when(second)).toEqual(refuse('order-is-confirmed'))
  })

  test('ends when it is rejected', () => {
    expect(given(placed).when(reject)).toEqual(accept(rejected))
    expect(given(placed, rejected).when(reject)).toEqual(accept())
    expect(given(placed, rejected).when(confirm)).toEqual(refuse('order-is-rejected'))
    expect(given(placed, confirmed).when(reject)).toEqual(refuse('order-is-confirmed'))
  })

  test('is completed by its shipment, once it is confirmed', () => {
    const other: OrderCommand = { type: 'CompleteOrder', data: { shipmentId: 's-2' } }
    expect(given(placed, confirmed).when(complete)).toEqual(accept(completed))
    expect(given(placed).when(complete)).toEqual(refuse('order-is-not-confirmed'))
    expect(given(placed, rejected).when(complete)).toEqual(refuse('order-is-rejected'))
    expect(given(placed, confirmed, paid).when(complete)).toEqual(accept())
    expect(given(placed, confirmed, completed).when(complete)).toEqual(accept())
    expect(given(placed, confirmed, completed).when(other)).toEqual(refuse('order-is-completed'))
  })

  test('that is completed ignores a redelivered payment, and refuses another', () => {
    const second: OrderCommand = { type: 'ConfirmOrder', data: { ...payment, paymentId: 'p-2' } }
    const done = given(placed, confirmed, completed)
    expect(done.when(confirm)).toEqual(accept())
    expect(done.when(second)).toEqual(refuse('order-is-completed'))
    expect(done.when(reject)).toEqual(refuse('order-is-completed'))
    expect(done.state()).toMatchObject({ paymentId: 'p-1', shipmentId: 's-1' })
  })

  test('can be cancelled until it is completed, and names the payment that had confirmed it', () => {
    expect(given(placed).when(cancel)).toEqual(accept(unpaid))
    expect(given(placed, confirmed).when(cancel)).toEqual(accept(paid))
    expect(given(placed, confirmed, completed).when(cancel)).toEqual(refuse('order-is-completed'))
    expect(given(placed, rejected).when(cancel)).toEqual(refuse('order-is-rejected'))
    expect(given(placed, unpaid).when(cancel)).toEqual(refuse('order-is-cancelled'))
  })

  test('that was cancelled ignores a payment that was under way', () => {
    expect(given(placed, unpaid).when(confirm)).toEqual(accept())
    expect(given(placed, unpaid).when(reject)).toEqual(accept())
  })

  test('that was cancelled is refunded once', () => {
    const less: OrderCommand = { type: 'RecordRefund', data: { ...payment, amountMinor: 1n } }
    const other: OrderCommand = { type: 'RecordRefund', data: { ...payment, paymentId: 'p-2' } }
    const order = given(placed, confirmed, paid)
    expect(order.when(refund)).toEqual(accept(refunded))
    expect(order.when(less)).toEqual(refuse('amount-differs'))
    expect(order.when(other)).toEqual(refuse('payment-differs'))
    expect(given(placed, confirmed, paid, refunded).when(refund)).toEqual(accept())
    expect(given(placed, unpaid).when(refund)).toEqual(refuse('payment-differs'))
    expect(given(placed, confirmed, completed).when(refund)).toEqual(
      refuse('order-is-not-cancelled'),
    )
  })

  test('that was never placed is unknown to every command', () => {
    for (const command of [confirm, reject, cancel, complete, refund]) {
      expect(given().when(command)).toEqual(refuse('order-unknown'))
    }
  })
})

test('any order costs the sum of its lines, or is refused', () => {
  const line = fc.record({
    sku: fc.string({ minLength: 1 }),
    quantity: fc.integer({ min: 1, max: 1_000 }),
    priceMinor: fc.bigInt({ min: 0n, max: 1_000_000_000n }),
  })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (some) => {
      const totalMinor = totalMinorOf(some)
      const decision = given().when(placing(some))
      const isPayable = totalMinor > 0n && totalMinor <= LARGEST_TOTAL_MINOR
      const data = { ...order, lines: some, totalMinor }
      expect(decision).toEqual(
        isPayable ? accept({ type: 'OrderPlaced', data }) : refuse('total-out-of-bounds'),
      )
    }),
  )
})
