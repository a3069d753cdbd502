import { Id } from '@tenseams/service/ids'
import { type Static, Type } from 'typebox'

const OrderId = Type.String({ format: 'uuid' })
const OrderStatus = Type.Enum(['placed', 'confirmed', 'rejected', 'cancelled', 'completed'])
const Sku = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$' })
const Minor = Type.Integer({ description: 'In integer minor units of the currency.' })

export const ProductParams = Type.Object({ sku: Sku })

export const ProductAnswer = Type.Object({
  sku: Type.String(),
  name: Type.String(),
  prices: Type.Array(
    Type.Object({ currency: Type.String(), priceMinor: Minor, priceVersion: Type.Integer() }),
  ),
})

export const ChangedPrices = Type.Array(
  Type.Object({
    sku: Type.String(),
    shownMinor: Minor,
    priceMinor: Minor,
    priceVersion: Type.Integer(),
  }),
)

const OrderLineBody = Type.Object(
  {
    sku: Sku,
    quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
    priceMinor: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  },
  { additionalProperties: false },
)

export const OrderBody = Type.Object(
  {
    customerId: Id(),
    currency: Type.Enum(['CHF', 'EUR', 'GBP', 'JPY', 'USD']),
    paymentMethod: Type.Enum(['card', 'card-declined', 'invoice', 'wallet']),
    lines: Type.Array(OrderLineBody, { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
)

export type OrderBody = Static<typeof OrderBody>

export const OrderParams = Type.Object({ orderId: Id() })

export const PlacedAnswer = Type.Object({
  orderId: OrderId,
  status: Type.Literal('placed'),
  currency: Type.String(),
  totalMinor: Minor,
})

export type PlacedAnswer = Static<typeof PlacedAnswer>

const Shown = {
  orderId: OrderId,
  version: Type.Integer({ description: 'How often the row was written, also its ETag.' }),
  status: OrderStatus,
  customerId: OrderId,
  currency: Type.String(),
  totalMinor: Minor,
}

export const OrderAnswer = Type.Object({
  ...Shown,
  paymentId: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  refundedMinor: Type.Optional(Minor),
  shipmentId: Type.Optional(Type.String()),
})

export const IfNoneMatchHeaders = Type.Object({ 'if-none-match': Type.Optional(Type.String()) })

export const Unchanged = Type.Null({ description: 'The ETag in If-None-Match is still current.' })

export const ListQuery = Type.Object(
  {
    customerId: Type.Optional(Id()),
    status: Type.Optional(OrderStatus),
    before: Type.Optional(Id()),
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9][0-9]?|1[0-9][0-9]|200)$', default: '50' }),
    ),
  },
  { additionalProperties: false },
)

export const ListAnswer = Type.Object({
  orders: Type.Array(Type.Object(Shown)),
  next: Type.Optional(Type.String()),
})

export const CancellationBody = Type.Object(
  { reason: Type.Enum(['changed-mind', 'mistake', 'too-slow', 'other']) },
  { additionalProperties: false },
)

export const CancelledAnswer = Type.Object({
  orderId: OrderId,
  version: Type.Integer(),
  status: Type.Literal('cancelled'),
  reason: Type.String(),
  paymentId: Type.Optional(Type.String()),
})

export type CancelledAnswer = Static<typeof CancelledAnswer>
