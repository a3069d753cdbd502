import { type Static, Type } from 'typebox'

const Currency = Type.Enum(['CHF', 'EUR', 'GBP', 'JPY', 'USD'])
const PaymentMethod = Type.Enum(['card', 'card-declined', 'invoice', 'wallet'])
const OrderId = Type.String({ format: 'uuid' })
const OrderStatus = Type.Enum(['placed', 'confirmed', 'rejected', 'cancelled', 'completed'])

const OrderLineBody = Type.Object(
  {
    sku: Type.String({
      // No NUL and no half of a surrogate pair may come to Postgres, whose jsonb refuses them.
      pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$',
      description: 'Letters, digits, and . _ / - between them: 64 characters at most.',
    }),
    quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
    priceMinor: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      description: 'For one piece, in integer minor units of the currency.',
    }),
  },
  { additionalProperties: false },
)

export const OrderBody = Type.Object(
  {
    customerId: Type.String({ format: 'uuid' }),
    currency: Currency,
    paymentMethod: PaymentMethod,
    lines: Type.Array(OrderLineBody, { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
)

export type OrderBody = Static<typeof OrderBody>

export const OrderParams = Type.Object({ orderId: OrderId })

export const PlacedAnswer = Type.Object({
  orderId: OrderId,
  status: Type.Literal('placed'),
  currency: Type.String({ description: 'ISO 4217.' }),
  totalMinor: Type.Integer(),
})

export type PlacedAnswer = Static<typeof PlacedAnswer>

export const OrderAnswer = Type.Object({
  orderId: OrderId,
  version: Type.Integer({ description: 'The version of its stream, also its ETag.' }),
  status: OrderStatus,
  customerId: Type.String({ format: 'uuid' }),
  currency: Type.String({ description: 'ISO 4217.' }),
  totalMinor: Type.Integer(),
  paymentId: Type.Optional(Type.String({ description: 'The payment that confirmed it.' })),
  reason: Type.Optional(Type.String({ description: 'Why it was rejected or cancelled.' })),
  refundedMinor: Type.Optional(
    Type.Integer({ description: 'Of a cancelled order: what was taken and given back, so far.' }),
  ),
  shipmentId: Type.Optional(Type.String({ description: 'The shipment that completed it.' })),
})

export const ListQuery = Type.Object(
  {
    customerId: Type.Optional(Type.String({ format: 'uuid' })),
    status: Type.Optional(OrderStatus),
    before: Type.Optional(
      Type.String({
        format: 'uuid',
        description: '`next` of the page before: older orders than that.',
      }),
    ),
    // Texts, because nothing is coerced.
    limit: Type.String({
      pattern: '^([1-9][0-9]?|1[0-9][0-9]|200)$',
      default: '50',
      description: 'At most so many orders: 1 to 200.',
    }),
    seen: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F-]{36}@[0-9]{1,9}(,[0-9a-fA-F-]{36}@[0-9]{1,9}){0,9}$',
        description: [
          'Order id, @, version: what the list must show; up to ten of them, separated by commas.',
          'The ETag of an answer is the version.',
        ].join(' '),
      }),
    ),
  },
  { additionalProperties: false },
)

export const ListAnswer = Type.Object({
  orders: Type.Array(
    Type.Object({
      orderId: OrderId,
      version: Type.Integer(),
      status: OrderStatus,
      customerId: Type.String({ format: 'uuid' }),
      currency: Type.String({ description: 'ISO 4217.' }),
      totalMinor: Type.Integer(),
    }),
  ),
  next: Type.Optional(Type.String({ description: 'Name it in `before` for the next page.' })),
})

export const IfNoneMatchHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'The ETag that is known already: 304 when it is still that.' }),
  ),
})

export const Unchanged = Type.Null({ description: 'It is still what If-None-Match names.' })

export const CancellationBody = Type.Object(
  {
    reason: Type.Enum(['changed-mind', 'mistake', 'too-slow', 'other'], {
      description: 'One of a set, because an event must not hold what a person may have written.',
    }),
  },
  { additionalProperties: false },
)

export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description: 'Needed: the ETag of the version that the decision was made on, or * for any.',
    }),
  ),
})

export const CancelledAnswer = Type.Object({
  orderId: OrderId,
  version: Type.Integer(),
  status: Type.Literal('cancelled'),
  reason: Type.String(),
  paymentId: Type.Optional(
    Type.String({ description: 'The payment that is given back, if there was one.' }),
  ),
})

export type CancelledAnswer = Static<typeof CancelledAnswer>
