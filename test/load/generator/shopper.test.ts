import { expect, test } from 'vitest'
import type { HttpAnswer } from './http.ts'
import { readMix } from './mix.ts'
import { everyKind, type Kind, Shopper, type ShopperOptions } from './shopper.ts'
import { readTrace } from './trace.ts'

const products = [{ sku: 'mug-04', currency: 'EUR', priceMinor: 1_250 }]
const options: ShopperOptions = {
  ...{ run: 7, seed: 1, mix: readMix('orders=1'), repeatedShare: 0, products },
}

const placed = (orderId: string): HttpAnswer => ({
  status: 201,
  headers: { location: `/orders/${orderId}` },
})

/** What a shopper asks for, when everything is answered as it should be. */
function requests(changes: Partial<ShopperOptions>, count: number) {
  const shopper = new Shopper({ ...options, ...changes })
  return Array.from({ length: count }, (_, sequence) => {
    const request = shopper.next({ sequence, dueMs: 1_000 + sequence })
    const isRepeat = request.kind === 'repeats'
    const answer: HttpAnswer = isRepeat
      ? { status: 201, headers: { 'idempotent-replayed': 'true' } }
      : { ...placed(`order-${sequence}`), status: request.kind === 'reads' ? 200 : 201 }
    const status = request.kind === 'cancellations' ? 409 : answer.status
    expect(shopper.judge(request, { ...answer, status })).toBe('ok')
    return request
  })
}

test('every order has a key and a trace of its own, which says when it was due', () => {
  const orders = requests({}, 50)
  expect(new Set(orders.map(({ headers }) => headers['idempotency-key'])).size).toBe(50)
  const traces = orders.map(({ headers }) => readTrace(headers.traceparent ?? null))
  expect(traces[3]).toEqual({ run: 7, sequence: 3, dueMs: 1_003 })
})

test('all kinds of the mix are asked for, but begin with an order', () => {
  const mix = readMix('orders=4,declined=2,cancellations=2,reads=2')
  const kinds = requests({ mix, repeatedShare: 0.3 }, 300).map(({ kind }) => kind)
  expect(kinds[0]).toMatch(/orders|declined/)
  expect(new Set(kinds)).toEqual(new Set<Kind>(everyKind))
})

test('a cancellation is in the trace of its order, so that the order is known to have ended', () => {
  const all = requests({ mix: readMix('orders=1,cancellations=1') }, 50)
  const orders = new Set(
    all.filter(({ kind }) => kind === 'orders').map(({ headers }) => headers.traceparent),
  )
  const cancelled = all.filter(({ kind }) => kind === 'cancellations')
  expect(cancelled.length).toBeGreaterThan(10)
  for (const { headers } of cancelled) expect(orders).toContain(headers.traceparent)
  const paths = cancelled.map(({ path }) => path)
  expect(new Set(paths).size, 'each order is cancelled once').toBe(paths.length)
})

test('a repeat is an earlier order with its key and its body, and must be replayed', () => {
  const shopper = new Shopper({ ...options, repeatedShare: 1 })
  const first = shopper.next({ sequence: 0, dueMs: 0 })
  expect(first.kind).toBe('orders')
  shopper.judge(first, placed('a'))
  const repeat = shopper.next({ sequence: 1, dueMs: 10 })
  expect(repeat).toEqual({ ...first, kind: 'repeats' })
  expect(shopper.judge(repeat, placed('b'))).toBe('not replayed')
})

test('another status than the shop owes is a failure with its number', () => {
  const shopper = new Shopper(options)
  const order = shopper.next({ sequence: 0, dueMs: 0 })
  expect(shopper.judge(order, { status: 503, headers: {} })).toBe('status 503')
})

test('the same seed asks for the same', () => {
  const mix = readMix('orders=4,declined=2,cancellations=2,reads=2')
  expect(requests({ mix }, 40)).toEqual(requests({ mix }, 40))
})
