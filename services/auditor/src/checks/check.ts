import type { Source } from '../report.ts'

/**
 * An invariant as questions to the evidence. `offenders` gives a row for each thing that breaks it, with one column
 * `offender` that names it; `figures` one row with one column; `inFlight` one row with a count.
 */
export type Check = {
  readonly id: string
  readonly says: string
  readonly needs: readonly Source[]
  readonly figures: string
  readonly offenders: string
  readonly inFlight?: string
}

/** Part of an invariant whose room is not built yet. */
export type NotBuilt = { readonly id: string; readonly says: string; readonly missing: string }

/** When the audit is, and since when what is missing counts as lost; milliseconds since the epoch. */
export type Moment = { readonly now: bigint; readonly graceMs: bigint }

/** Topics whose records are events of the shop. */
export const eventTopics = [
  'orders.order.v1',
  'payments.payment.v1',
  'fulfilment.shipment.v1',
] as const

/** Views that the questions are written with. */
export const views = `
  create or replace view visible as
    select * from records where fate = 'committed' and event_id is not null and type not in ('tick', 'barrier');
  create or replace view stored as
    select * from events where topic in (${eventTopics.map((topic) => `'${topic}'`).join(', ')});
  create or replace view payment_states as
    select stream_id, arg_max(type, version) as last from stored
     where store = 'payments' and type <> 'SurplusReturned' group by stream_id;
  create or replace view bronze_ends as
    select place, max(end_offset) as end_offset, min(start_offset) as start_offset from chain group by place;
`
