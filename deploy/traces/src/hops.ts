import type { StoredSpan } from './store.ts'
import { rootsOf } from './tree.ts'

/** A step that the trace of an order must have, and the step that it must have been caused by. */
export type Hop = {
  readonly hop: string
  readonly service: string
  /** As Zipkin keeps it: in lower case. */
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
  readonly below?: string
}

const group = (name: string) => ({ 'messaging.consumer.group.name': name })

/** The way of an order that is paid, shipped and completed, from the request to the lake. */
export const wayOfAnOrder: readonly Hop[] = [
  { hop: 'request', service: 'orders', name: 'post /orders' },
  { hop: 'placed', service: 'orders', name: 'append', below: 'request' },
  { hop: 'placed in the WAL', service: 'debezium', name: 'wait in the wal', below: 'placed' },
  ...read('paying', 'payments', 'payments', 'orders.order.v1', 'placed in the WAL'),
  { hop: 'authorise', service: 'payments', name: 'post', below: 'paying' },
  { hop: 'authorised', service: 'payment-provider', name: 'post /payments', below: 'authorise' },
  { hop: 'paid', service: 'payments', name: 'append', below: 'paying' },
  { hop: 'paid in the WAL', service: 'debezium', name: 'wait in the wal', below: 'paid' },
  ...read('confirming', 'orders', 'orders', 'payments.payment.v1', 'paid in the WAL'),
  { hop: 'confirmed', service: 'orders', name: 'append', below: 'confirming' },
  { hop: 'confirmed in the WAL', service: 'debezium', name: 'wait in the wal', below: 'confirmed' },
  ...read('shipping', 'fulfilment', 'fulfilment', 'orders.order.v1', 'confirmed in the WAL'),
  { hop: 'shipped', service: 'fulfilment', name: 'wait for a transaction', below: 'shipping' },
  ...read('completing', 'orders', 'orders-shipments', 'fulfilment.shipment.v1', 'shipping'),
  { hop: 'completed', service: 'orders', name: 'append', below: 'completing' },
  ...read('capturing', 'payments', 'payments-shipments', 'fulfilment.shipment.v1', 'shipping'),
  { hop: 'capture', service: 'payments', name: 'post', below: 'capturing' },
  {
    ...{ hop: 'captured', service: 'payment-provider', below: 'capture' },
    name: 'post /payments/:paymentid/capture',
  },
  ...inTheLake('orders.order.v1', 'bronze.orders_order_v1', 'placed in the WAL'),
  ...inTheLake('payments.payment.v1', 'bronze.payments_payment_v1', 'paid in the WAL'),
  ...inTheLake('fulfilment.shipment.v1', 'bronze.fulfilment_shipment_v1', 'shipping'),
]

function read(hop: string, service: string, groupId: string, topic: string, below: string): Hop[] {
  const tags = group(groupId)
  const wait = `${hop}: wait`
  return [
    { hop: wait, service, name: `wait in ${topic}`, tags, below },
    { hop, service, name: `process ${topic}`, tags, below: wait },
  ]
}

function inTheLake(topic: string, table: string, below: string): Hop[] {
  const tags = { 'tenseams.table': table }
  const [service, read, buffered] = ['lakehouse', `${topic}: read`, `${topic}: buffered`]
  return [
    { hop: read, service, name: `wait in ${topic}`, tags: group(service), below },
    { hop: buffered, service, name: `wait for a commit of ${table}`, tags, below: read },
    { hop: `${topic}: in the lake`, service, name: `visible in ${table}`, tags, below: buffered },
  ]
}

/** What a trace lacks of that way: hops that are missing, or were caused by something else. */
export function missingHops(
  spans: readonly StoredSpan[],
  way: readonly Hop[] = wayOfAnOrder,
): readonly string[] {
  const byHop = new Map(way.map((hop) => [hop.hop, hop]))
  return way
    .filter((hop) => !spans.some((span) => isHop(span, hop, { spans, byHop })))
    .map(({ hop, service, name, below }) => {
      const where = below === undefined ? '' : `, below "${below}"`
      return `${hop}: ${service}, "${name}"${where}`
    })
}

/** Spans whose cause is not in the trace, besides the first, whose cause is the client's. */
export function lostCauses(spans: readonly StoredSpan[]): readonly string[] {
  const [, ...others] = rootsOf(spans)
  return others.map(({ service, name }) => `${service}, "${name}" is below nothing`)
}

type Trace = {
  readonly spans: readonly StoredSpan[]
  readonly byHop: ReadonlyMap<string, Hop>
}

function isHop(span: StoredSpan, hop: Hop, trace: Trace): boolean {
  if (span.service !== hop.service || span.name.toLowerCase() !== hop.name) return false
  const tags = Object.entries(hop.tags ?? {})
  if (!tags.every(([name, value]) => span.tags[name] === value)) return false
  const causedBy = hop.below === undefined ? undefined : trace.byHop.get(hop.below)
  if (causedBy === undefined) return true
  const cause = trace.spans.find(({ id }) => id === span.parentId)
  return cause !== undefined && isHop(cause, causedBy, trace)
}
