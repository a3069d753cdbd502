import { Id } from '@tenseams/service/ids'
import { type Static, Type } from 'typebox'

const Currency = Type.Enum(['CHF', 'EUR', 'GBP', 'JPY', 'USD'])
const PaymentMethod = Type.Enum(['card', 'card-declined', 'invoice', 'wallet'])
const OrderId = Type.String({ format: 'uuid' })
const OrderStatus = Type.Enum(['placed', 'confirmed', 'rejected', 'cancelled', 'completed'])

const Sku = Type.String({
  // Postgres' jsonb refuses NUL and half of a surrogate pair.
  pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$',
  description: 'ASCII alphanumerics, and after the first also . _ / -. At most 64 characters.',
  examples: ['mug-04'],
})

export const ProductParams = Type.Object({ sku: Sku })

const PriceVersion = Type.Integer({
  description: 'Counts the prices that the product has had in this currency.',
})

export const ProductAnswer = Type.Object({
  sku: Type.String(),
  name: Type.String(),
  prices: Type.Array(
    Type.Object({
      currency: Type.String({ description: 'ISO 4217.' }),
      priceMinor: Type.Integer({ description: 'Of one piece, in integer minor units.' }),
      priceVersion: PriceVersion,
    }),
  ),
})

/** What a refused order needs to be ordered again: each price that is another one now. */
export const ChangedPrices = Type.Array(
  Type.Object({
    sku: Type.String(),
    shownMinor: Type.Integer({ description: 'The price in the order.' }),
    priceMinor: Type.Integer({ description: 'The price now.' }),
    priceVersion: PriceVersion,
  }),
)

const OrderLineBody = Type.Object(
  {
    sku: Sku,
    quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
    priceMinor: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      description: [
        'Of one piece, in integer minor units of the currency: the price that the customer was shown. It is compared with',
        'the catalogue, whose price is charged.',
      ].join(' '),
    }),
  },
  { additionalProperties: false },
)

export const OrderBody = Type.Object(
  {
    customerId: Id(),
    currency: Currency,
    paymentMethod: PaymentMethod,
    lines: Type.Array(OrderLineBody, { minItems: 1, maxItems: 100 }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        customerId: '0198c0de-0000-7000-8000-000000000001',
        currency: 'EUR',
        paymentMethod: 'card',
        lines: [{ sku: 'mug-04', quantity: 2, priceMinor: 1_250 }],
      },
    ],
  },
)

export type OrderBody = Static<typeof OrderBody>

export const OrderParams = Type.Object({ orderId: Id() })

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
    Type.Integer({ description: 'Of a cancelled order: what has been refunded so far.' }),
  ),
  shipmentId: Type.Optional(Type.String({ description: 'The shipment that completed it.' })),
})

export const ListQuery = Type.Object(
  {
    customerId: Type.Optional(Id()),
    status: Type.Optional(OrderStatus),
    before: Type.Optional(
      Id({ description: '`next` of the previous page: only orders that are older than it.' }),
    ),
    // A string, because nothing is coerced.
    limit: Type.Optional(
      Type.String({
        pattern: '^([1-9][0-9]?|1[0-9][0-9]|200)$',
        default: '50',
        description: 'The maximum number of orders: 1 to 200.',
      }),
    ),
    seen: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F-]{36}@[0-9]{1,9}(,[0-9a-fA-F-]{36}@[0-9]{1,9}){0,9}$',
        description: [
          'What the list must show: order id, @, version; up to ten of these, separated by commas.',
          'The ETag of a response is the version.',
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
  next: Type.Optional(Type.String({ description: 'Send it as `before` to get the next page.' })),
})

export const IfNoneMatchHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'The ETag that the client has: 304 when it is still current.' }),
  ),
})

export const Unchanged = Type.Null({ description: 'The ETag in If-None-Match is still current.' })

export const CancellationBody = Type.Object(
  {
    reason: Type.Enum(['changed-mind', 'mistake', 'too-slow', 'other'], {
      description:
        'A fixed set, because free text may contain personal data, and an event must not.',
    }),
  },
  { additionalProperties: false },
)

export const CancelledAnswer = Type.Object({
  orderId: OrderId,
  version: Type.Integer(),
  status: Type.Literal('cancelled'),
  reason: Type.String(),
  paymentId: Type.Optional(
    Type.String({ description: 'The payment that is refunded, if there was one.' }),
  ),
})

export type CancelledAnswer = Static<typeof CancelledAnswer>
