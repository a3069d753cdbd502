import { type Problem, problem } from '@tenseams/service/problem'
import type { OrderRefusal } from './domain/order.ts'

type Advice = readonly [status: number, title: string, detail: string]

/** What a client can do about each refusal; the same as at the service orders. */
const advices: Readonly<Record<OrderRefusal, Advice>> = {
  'order-unknown': [404, 'No such order', 'Check the id: it is in the response to the order.'],
  'order-is-rejected': [
    409,
    'The order was rejected',
    'It was not paid, so there is nothing to cancel. Place a new one.',
  ],
  'order-is-cancelled': [
    409,
    'The order is cancelled',
    'A cancelled order does not change any more.',
  ],
  'order-is-completed': [
    409,
    'The order is completed',
    'It was shipped, so it can no longer be cancelled. Return the goods.',
  ],
  'total-out-of-bounds': [
    422,
    'The total is out of bounds',
    'An order costs at least 1 and at most 1 000 000 000 000 minor units. Change its lines.',
  ],
  'product-unknown': [
    422,
    'A product is not sold',
    'Read GET /products/{sku}: it shows in which currencies a product is sold.',
  ],
  'price-differs': [
    409,
    'A price has changed',
    'Show the customer the prices in `prices`, and order at them when they are accepted.',
  ],
}

export function refusalProblem(refusal: OrderRefusal): Problem {
  return problem(refusal, ...advices[refusal])
}
