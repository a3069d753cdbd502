import { type Check, guardsSince, type Moment, transitions } from './check.ts'

/** The topic that a consumer group reads, and the condition under which a record that it has passed had no effect. */
const groups = [
  {
    group: 'payments',
    topic: 'orders.order.v1',
    hasNoEffect: `(r.type = 'OrderPlaced' and r.stream_id not in (select stream_id from payment_states))
               or (r.type = 'OrderCancelled' and r.stream_id in
                    (select stream_id from payment_states where last in ('PaymentAuthorised', 'PaymentCaptured')))`,
  },
  {
    group: 'payments-shipments',
    topic: 'fulfilment.shipment.v1',
    hasNoEffect: `r.type = 'ShipmentDispatched' and r.stream_id not in
                    (select stream_id from payment_states where last <> 'PaymentAuthorised')`,
  },
  {
    // By the inbox while it has the row; after its life by the order's own events.
    group: 'orders',
    topic: 'payments.payment.v1',
    hasNoEffect: `r.type in ('PaymentAuthorised', 'PaymentDeclined', 'PaymentRefunded')
                  and r.event_id not in (select event_id from inbox where store = 'orders')
                  and (r.written_at >= ${guardsSince('orders', 'inbox')}
                       or (r.stream_id, r.type) not in (select (stream_id, type) from consumed_payments))`,
  },
  {
    // Judged by the order itself: a row in the inbox is no effect. A cancelled order ignores its shipment.
    group: 'orders-shipments',
    topic: 'fulfilment.shipment.v1',
    hasNoEffect: `r.type = 'ShipmentDispatched'
                  and r.stream_id not in (select stream_id from stored where type in ('OrderCompleted', 'OrderCancelled'))`,
  },
  {
    // It has no inbox: its effect is the record that it wrote in the same transaction.
    group: 'fulfilment',
    topic: 'orders.order.v1',
    hasNoEffect: `r.type = 'OrderConfirmed'
                  and r.stream_id not in (select stream_id from visible where type = 'ShipmentDispatched')`,
  },
] as const

/** What clients are promised (packages/service/src/idempotency.ts). */
const PROMISED_KEY_LIFE_MS = 86_400_000

const once = transitions.map(([, type]) => `'${type}'`).join(', ')

/** Each cause has one effect, state machines are respected and end, and each consumed record was processed. */
export const effectChecks = ({ now, graceMs }: Moment): readonly Check[] => [
  {
    id: 'I3',
    says: 'one effect per event',
    needs: ['postgres'],
    figures: `select count(*) || ' events' from stored`,
    offenders: `select stream_id || ': ' || count(*) || ' times ' || type as offender
                  from stored where type in (${once}) group by store, stream_id, type having count(*) > 1
                union all
                select 'event id ' || event_id || ' is stored ' || count(*) || ' times'
                  from stored group by event_id having count(*) > 1`,
  },
  {
    id: 'I3.shipment',
    says: 'at most one dispatch for each confirmation of an order',
    needs: ['kafka'],
    figures: `select count(*) || ' dispatches of ' || count(distinct stream_id) || ' orders'
                from visible where type = 'ShipmentDispatched'`,
    offenders: `with causes as (
                  select stream_id, count(*) as confirmations from visible where type = 'OrderConfirmed' group by stream_id
                )
                select s.stream_id || ': ' || count(*) || ' dispatches, ' || coalesce(any_value(confirmations), 0) ||
                       ' confirmations' as offender
                  from visible s left join causes using (stream_id) where s.type = 'ShipmentDispatched'
                 group by s.stream_id having count(*) > coalesce(any_value(confirmations), 0) order by offender`,
  },
  {
    id: 'I3.capture',
    says: 'at most one capture per order at the payment provider',
    needs: ['provider'],
    figures: `select count(*) filter (kind = 'captured') || ' captures, ' ||
                     count(*) filter (kind = 'refunded') || ' refunds' from operations`,
    offenders: `select 'order ' || order_id || ': captured ' || count(*) filter (kind = 'captured') || ' times, refunded ' ||
                       count(*) filter (kind = 'refunded') as offender
                  from operations group by order_id
                having count(*) filter (kind = 'captured') - count(*) filter (kind = 'refunded') > 1 order by offender`,
  },
  {
    id: 'I11',
    says: 'orders and payments take legal transitions only, and every order ends',
    needs: ['postgres'],
    figures: `select count(*) filter (last in ('OrderCompleted', 'OrderRejected', 'OrderCancelled', 'OrderRefunded')) ||
                     ' of ' || count(*) || ' orders have ended'
                from (select stream_id, arg_max(type, version) as last from stored where store = 'orders' group by stream_id)`,
    offenders: `with steps as (
                  select store, stream_id, version, type,
                         coalesce(lag(type) over (partition by store, stream_id order by version), '') as before
                    from stored where type <> 'SurplusReturned'
                ), lasts as (
                  select stream_id, arg_max(type, version) as last, max(recorded_at) as moved_at
                    from stored where store = 'orders' group by stream_id
                )
                select store || ' ' || stream_id || ': ' || type || ' after ' ||
                       (case before when '' then 'nothing' else before end) as offender
                  from steps where (before, type) not in (${transitions.map(([from, to]) => `('${from}', '${to}')`).join(', ')})
                union all
                select 'order ' || stream_id || ' stays at ' || last || ' for ' || ((${now} - moved_at) // 1000) || ' s'
                  from lasts where last in ('OrderPlaced', 'OrderConfirmed') and ${now} - moved_at > ${graceMs}`,
    inFlight: `select count(*) from
                 (select arg_max(type, version) as last from stored where store = 'orders' group by stream_id)
                where last in ('OrderPlaced', 'OrderConfirmed')`,
  },
  {
    id: 'I13',
    says: 'the same Idempotency-Key gets the same answer: one order for each key, one key for each order, while it lives',
    needs: ['postgres'],
    figures: `select count(*) || ' keys' from answers`,
    offenders: `select 'key ' || key || ' was answered with order ' || order_id || coalesce(' of ' || a.amount_minor, '') as offender
                  from answers a left join stored e on e.stream_id = a.order_id and e.type = 'OrderPlaced'
                 where a.status = 201 and (e.event_id is null or e.amount_minor <> a.amount_minor)
                union all
                select 'order ' || e.stream_id || ' was placed under ' || count(a.key) || ' keys'
                  from stored e left join answers a on a.order_id = e.stream_id and a.status = 201
                 where e.type = 'OrderPlaced' group by e.stream_id
                having count(a.key) > 1
                    or (count(a.key) = 0 and min(e.recorded_at) >= ${guardsSince('orders', 'idempotency')})
                union all
                select 'keys were removed ' || ((${now} - removed_before) // 1000) || ' s after their first answer' from removals
                 where what = 'idempotency' and ${now} - removed_before < ${PROMISED_KEY_LIFE_MS}`,
  },
  {
    id: 'I14',
    says: 'each record that a group has passed was processed, skipped or dead-lettered',
    needs: ['postgres', 'kafka'],
    figures: `select (select count(*) from committed) || ' committed offsets, ' || count(*) || ' dead-lettered records' from dead_letters`,
    offenders: groups.map(passedWithoutEffect).join(' union all '),
  },
  {
    id: 'I14.origin',
    says: 'each dead letter names the record that it holds',
    needs: ['kafka'],
    figures: `select (select count(*) from dead_letters) || ' dead letters, ' || count(*) || ' malformed'
                from malformed_dead_letters`,
    offenders: `select topic || '-' || partition || ' ' || "offset" || ': malformed ' || why as offender
                  from malformed_dead_letters order by topic, partition, "offset"`,
  },
]

function passedWithoutEffect({ group, topic, hasNoEffect }: (typeof groups)[number]): string {
  return `select '${group} has passed ' || r.type || ' of ' || r.stream_id || ' at ${topic}-' || r.partition || ' ' ||
                 r."offset" as offender
            from visible r join committed c on c.group_id = '${group}' and c.topic = r.topic and c.partition = r.partition
            left join dead_letters l on l.group_id = '${group}' and l.topic = r.topic and l.partition = r.partition
                               and r."offset" between l."offset" and l.last_offset
           where r.topic = '${topic}' and r."offset" < c.next_offset and l.topic is null and (${hasNoEffect})`
}
