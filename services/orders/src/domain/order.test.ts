import { accept, fold, refuse } from '@tenseams/decider/decider'
import { specify } from '@tenseams/decider/specification'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OrderCommand, type OrderEvent, orderDecider, totalMinorOf } from './order.ts'

const lines = [
  { sku: 'lamp-01', quantity: 2, priceMinor: 4_900n },
  { sku: 'mug-04', quantity: 1, priceMinor: 1_250n },
]
const order = { customerId: 'c-1', currency: 'EUR', paymentMethod: 'card', lines }
const placed: OrderEvent = { type: 'OrderPlaced', data: { ...order, totalMinor: 11_050n } }
const payment = { paymentId: 'p-1', amountMinor: 11_050n, currency: 'EUR' }
const confirmed: OrderEvent = { type: 'OrderConfirmed', data: payment }
const rejected: OrderEvent = { type: 'OrderRejected', data: { reason: 'payment-declined' } }

const place: OrderCommand = { type: 'PlaceOrder', data: order }
const confirm: OrderCommand = { type: 'ConfirmOrder', data: payment }
const reject: OrderCommand = { type: 'RejectOrder', data: { reason: 'payment-declined' } }

const { given } = specify(orderDecider)

describe('an order', () => {
  test('is placed with the sum of its lines', () => {
    expect(given().when(place)).toEqual(accept(placed))
  })

  test('is placed once', () => {
    expect(given(placed).when(place)).toEqual(refuse('order-exists'))
  })

  test('is refused when its total is nothing or beyond all bounds', () => {
    const free = [{ sku: 'mug-04', quantity: 1, priceMinor: 0n }]
    const dear = [{ sku: 'mug-04', quantity: 1, priceMinor: 1_000_000_000_001n }]
    const placing = (some: typeof lines): OrderCommand => ({
      type: 'PlaceOrder',
      data: { ...order, lines: some },
    })
    expect(given().when(placing(free))).toEqual(refuse('total-out-of-bounds'))
    expect(given().when(placing(dear))).toEqual(refuse('total-out-of-bounds'))
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

  test('that was never placed knows no payment', () => {
    expect(given().when(confirm)).toEqual(refuse('order-unknown'))
    expect(given().when(reject)).toEqual(refuse('order-unknown'))
  })
})

describe('whatever is commanded in whatever order', () => {
  const line = fc.record({
    sku: fc.string({ minLength: 1 }),
    quantity: fc.integer({ min: 1, max: 1_000 }),
    priceMinor: fc.bigInt({ min: 0n, max: 1_000_000_000n }),
  })
  const command: fc.Arbitrary<OrderCommand> = fc.oneof(
    fc
      .array(line, { minLength: 1, maxLength: 3 })
      .map((some) => ({ type: 'PlaceOrder' as const, data: { ...order, lines: some } })),
    fc.constant(place),
    fc.constantFrom(confirm, reject),
    fc
      .constantFrom('p-1', 'p-2')
      .map((paymentId) => ({ type: 'ConfirmOrder' as const, data: { ...payment, paymentId } })),
  )

  test('an order is placed at most once and ends at most once, with its own amount', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
        const history: OrderEvent[] = []
        for (const one of commands) {
          const decision = orderDecider.decide(one, fold(orderDecider, history))
          if (decision.kind === 'accepted') history.push(...decision.events)
        }
        const types = history.map((event) => event.type)
        expect(types.filter((type) => type === 'OrderPlaced').length).toBeLessThanOrEqual(1)
        expect(types.filter((type) => type !== 'OrderPlaced').length).toBeLessThanOrEqual(1)
        expect(types.lastIndexOf('OrderPlaced')).toBeLessThanOrEqual(0)
        const [first, second] = history
        if (first?.type === 'OrderPlaced')
          expect(first.data.totalMinor).toBe(totalMinorOf(first.data.lines))
        if (first?.type === 'OrderPlaced' && second?.type === 'OrderConfirmed') {
          expect(second.data.amountMinor).toBe(first.data.totalMinor)
        }
      }),
    )
  })
})
