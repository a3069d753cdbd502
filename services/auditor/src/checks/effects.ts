import type { Check, Moment } from './check.ts'

/** What a group reads, and how it is seen that a record it has passed has had no effect. */
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
    group: 'orders',
    topic: 'payments.payment.v1',
    hasNoEffect: `r.type in ('PaymentAuthorised', 'PaymentDeclined', 'PaymentRefunded')
                  and r.event_id not in (select event_id from inbox where store = 'orders')`,
  },
  {
    // By the order itself, not by the inbox, whose rows are no effect. A cancelled order takes no notice of its shipment.
    group: 'orders-shipments',
    topic: 'fulfilment.shipment.v1',
    hasNoEffect: `r.type = 'ShipmentDispatched'
                  and r.stream_id not in (select stream_id from stored where type in ('OrderCompleted', 'OrderCancelled'))`,
  },
  {
    // It keeps no inbox: what it has passed is seen in what it wrote in the same transaction.
    group: 'fulfilment',
    topic: 'orders.order.v1',
    hasNoEffect: `r.type = 'OrderConfirmed'
                  and r.stream_id not in (select stream_id from visible where type = 'ShipmentDispatched')`,
  },
] as const

/** Where an order and its payment may come from and go to. */
const transitions = [
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

const once = transitions.map(([, type]) => `'${type}'`).join(', ')

/** Each cause has one effect; a life goes its way and ends; what was consumed was dealt with. */
export const effectChecks = ({ now, graceMs }: Moment): readonly Check[] => [
  {
    id: 'I3',
    says: 'one effect per event',
    needs: ['postgres'],
    figures: `select count(*) || ' events' from stored`,
    offenders: `select stream_id || ': ' || count(*) || ' times ' || type as offender
                  from stored where type in (${once}) group by store, stream_id, type having count(*) > 1
                union all
                select 'event id ' || event_id || ' stands ' || count(*) || ' times'
                  from stored group by event_id having count(*) > 1`,
  },
  {
    id: 'I3.shipment',
    says: 'one shipment for each time that a confirmation was read',
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
    offenders: `select 'order ' || order_id || ': captured ' || count(*) filter (kind = 'captured') || ' times, given back ' ||
                       count(*) filter (kind = 'refunded') as offender
                  from operations group by order_id
                having count(*) filter (kind = 'captured') - count(*) filter (kind = 'refunded') > 1 order by offender`,
  },
  {
    id: 'I11',
    says: 'orders and payments go legal ways, and end',
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
    says: 'the same Idempotency-Key gets the same answer: a key has one order, an order one key',
    needs: ['postgres'],
    figures: `select count(*) || ' keys' from answers`,
    offenders: `select 'key ' || key || ' promises order ' || order_id || coalesce(' of ' || a.amount_minor, '') as offender
                  from answers a left join stored e on e.stream_id = a.order_id and e.type = 'OrderPlaced'
                 where a.status = 201 and (e.event_id is null or e.amount_minor <> a.amount_minor)
                union all
                select 'order ' || e.stream_id || ' was placed under ' || count(a.key) || ' keys'
                  from stored e left join answers a on a.order_id = e.stream_id and a.status = 201
                 where e.type = 'OrderPlaced' group by e.stream_id having count(a.key) <> 1`,
  },
  {
    id: 'I14',
    says: 'what a group has passed was processed, skipped, or written aside',
    needs: ['postgres', 'kafka'],
    figures: `select (select count(*) from committed) || ' places of groups, ' || count(*) || ' letters' from letters`,
    offenders: groups.map(passedInVain).join(' union all '),
  },
]

function passedInVain({ group, topic, hasNoEffect }: (typeof groups)[number]): string {
  return `select '${group} has passed ' || r.type || ' of ' || r.stream_id || ' at ${topic}-' || r.partition || ' ' ||
                 r."offset" as offender
            from visible r join committed c on c.group_id = '${group}' and c.topic = r.topic and c.partition = r.partition
            left join letters l on l.group_id = '${group}' and l.topic = r.topic and l.partition = r.partition
                               and l."offset" = r."offset"
           where r.topic = '${topic}' and r."offset" < c.next_offset and l.topic is null and (${hasNoEffect})`
}
