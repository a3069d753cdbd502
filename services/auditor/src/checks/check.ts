import type { Source } from '../report.ts'

/**
 * An invariant as queries over the evidence. `offenders` returns a row for each violation, with one column `offender`
 * that names it; `figures` returns one row with one column; `inFlight` one row with a count.
 */
export type Check = {
  readonly id: string
  readonly says: string
  readonly needs: readonly Source[]
  readonly figures: string
  readonly offenders: string
  readonly inFlight?: string
}

/** When the audit runs, and how old a missing effect must be to count as lost; milliseconds (since the epoch). */
export type Moment = { readonly now: bigint; readonly graceMs: bigint }

/** Topics whose records are events of the shop. */
export const eventTopics = [
  'orders.order.v1',
  'payments.payment.v1',
  'fulfilment.shipment.v1',
] as const

export const [ORDERS, PAYMENTS, SHIPMENTS] = eventTopics

/** States from which and to which an order and its payment may go, by the event that leads there. */
export const transitions = [
  ['', 'OrderPlaced'],
  ['OrderPlaced', 'OrderConfirmed'],
  ['OrderPlaced', 'OrderRejected'],
  ['OrderPlaced', 'OrderCancelled'],
  ['OrderConfirmed', 'OrderCompleted'],
  ['OrderConfirmed', 'OrderCancelled'],
  ['OrderCancelled', 'OrderRefunded'],
  ['', 'PaymentAuthorised'],
  ['', 'PaymentDeclined'],
  ['PaymentAuthorised', 'PaymentCaptured'],
  ['PaymentAuthorised', 'PaymentVoided'],
  ['PaymentCaptured', 'PaymentRefunded'],
] as const

const shipmentStates = ['ShipmentDispatched', 'ShipmentRecalled'] as const

/** The event types that lead to a state, as a list for SQL. */
export const stateTypes = [...transitions.map(([, to]) => to), ...shipmentStates]
  .map((type) => `'${type}'`)
  .join(', ')

/** A guard and what it guards are written together, by clocks that may differ a little. */
const SLACK_MS = 60_000

/** From this time on, every guard of the store that was written is still there. */
export const guardsSince = (store: string, what: 'inbox' | 'idempotency'): string =>
  `coalesce((select max(removed_before) + ${SLACK_MS} from removals where store = '${store}' and what = '${what}'), 0)`

/** Views that the checks are written with. */
export const views = `
  create or replace view visible as
    select * from records where fate = 'committed' and event_id is not null and type not in ('tick', 'barrier');
  create or replace view stored as
    select * from events where topic in (${eventTopics.map((topic) => `'${topic}'`).join(', ')});
  create or replace view payment_states as
    select stream_id, arg_max(type, version) as last from stored
     where store = 'payments' and type <> 'SurplusReturned' group by stream_id;
  -- Which payments' events an order must have consumed to have its own.
  create or replace view consumed_payments as
    select stream_id, unnest(case type when 'OrderConfirmed' then ['PaymentAuthorised']
                                       when 'OrderRejected' then ['PaymentDeclined']
                                       when 'OrderCancelled' then ['PaymentAuthorised', 'PaymentDeclined']
                                       when 'OrderRefunded' then ['PaymentRefunded'] end) as type
      from stored where store = 'orders';
  create or replace view bronze_ends as
    select topic_partition, max(end_offset) as end_offset, min(start_offset) as start_offset
      from chain group by topic_partition;
`
