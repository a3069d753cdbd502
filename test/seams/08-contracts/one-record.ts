import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const beyondDouble = 2n ** 53n + 1n

const envelope = {
  type: 'tick',
  traceparent: null,
  placed: null,
  confirmed: null,
  rejected: null,
  cancelled: null,
  completed: null,
  refunded: null,
}

/** Values that one of the systems on the way is known to change. */
export const orderEvents: readonly OrderEvent[] = [
  {
    ...envelope,
    eventId: 'a-least',
    streamId: 'a',
    version: int64Min,
    type: 'OrderPlaced',
    occurredAt: -1,
    placed: {
      customerId: '',
      currency: 'Ω€ 日本 😀 \u0000 "\' \\',
      totalMinor: int64Min,
      paymentMethod: 'a,b;c\n\t',
      lines: [
        { sku: '', quantity: -(2 ** 31), priceMinor: beyondDouble },
        { sku: 'второй', quantity: 2 ** 31 - 1, priceMinor: -beyondDouble },
      ],
    },
  },
  {
    ...envelope,
    eventId: 'b-most',
    streamId: 'b',
    version: int64Max,
    type: 'OrderConfirmed',
    occurredAt: 1_700_000_000_123,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    confirmed: { paymentId: 'p', amountMinor: int64Max, currency: 'EUR' },
  },
  {
    ...envelope,
    eventId: 'c-empty-list',
    streamId: 'c',
    version: beyondDouble,
    type: 'OrderPlaced',
    // Summer time began in many countries in this hour.
    occurredAt: Date.UTC(2026, 2, 29, 1, 30, 0, 999),
    placed: { customerId: 'x', currency: 'JPY', totalMinor: -1n, paymentMethod: '', lines: [] },
  },
  { ...envelope, eventId: 'd-no-branch', streamId: 'd', version: 1n, occurredAt: 0 },
]

const optional = (name: string, type: unknown) => ({ name, type: ['null', type], default: null })
const time = { type: 'long', logicalType: 'timestamp-millis' }

/** The contract that Flink writes: flat, because a sink cannot write nullable branches. */
export const flatText = JSON.stringify({
  type: 'record',
  name: 'OneRecordSeen',
  namespace: 'tenseams.proof',
  doc: "What Flink has read; a quote isn't lost.",
  fields: [
    { name: 'eventId', type: 'string' },
    { name: 'streamId', type: 'string' },
    { name: 'version', type: 'long' },
    { name: 'type', type: 'string' },
    { name: 'occurredAt', type: time },
    optional('placedAt', time),
    optional('traceparent', 'string'),
    optional('customerId', 'string'),
    optional('currency', 'string'),
    optional('totalMinor', 'long'),
    optional('lineCount', 'int'),
    optional('sku', 'string'),
    optional('quantity', 'int'),
    optional('priceMinor', 'long'),
    optional('secondSku', 'string'),
    optional('secondQuantity', 'int'),
    optional('secondPriceMinor', 'long'),
    optional('amountMinor', 'long'),
    { name: 'isConfirmed', type: 'boolean' },
  ],
})

export function seenOf(event: OrderEvent): Readonly<Record<string, unknown>> {
  const { eventId, streamId, version, type, occurredAt, traceparent, placed, confirmed } = event
  const [first, second] = placed?.lines ?? []
  return {
    ...{ eventId, streamId, version, type, occurredAt, traceparent },
    placedAt: placed === null ? null : occurredAt,
    customerId: placed?.customerId ?? null,
    currency: placed?.currency ?? null,
    totalMinor: placed?.totalMinor ?? null,
    lineCount: placed?.lines.length ?? null,
    sku: first?.sku ?? null,
    quantity: first?.quantity ?? null,
    priceMinor: first?.priceMinor ?? null,
    secondSku: second?.sku ?? null,
    secondQuantity: second?.quantity ?? null,
    secondPriceMinor: second?.priceMinor ?? null,
    amountMinor: confirmed?.amountMinor ?? null,
    isConfirmed: confirmed !== null,
  }
}

/** The same projection in Flink SQL, into a topic and into a table. */
export function seenSql(source: string, topic: string, table: string): string {
  const select = (at: string) => `
    SELECT
      eventId, streamId, version, \`type\`, ${at},
      CASE WHEN placed IS NULL THEN NULL ELSE ${at} END,
      traceparent, placed.customerId, placed.currency, placed.totalMinor,
      CARDINALITY(placed.lines),
      placed.lines[1].sku, placed.lines[1].quantity, placed.lines[1].priceMinor,
      placed.lines[2].sku, placed.lines[2].quantity, placed.lines[2].priceMinor,
      confirmed.amountMinor, confirmed IS NOT NULL
    FROM ${source}`
  return `
    EXECUTE STATEMENT SET BEGIN
    INSERT INTO ${topic} ${select('CAST(et AS TIMESTAMP(3))')};
    INSERT INTO ${table} ${select('et')};
    END;`
}
