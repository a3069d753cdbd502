import type { Check, Moment } from './check.ts'

/** Money is what was captured less what was refunded, in integer minor units per currency, tolerance 0. */
export const moneyChecks = ({ now, graceMs }: Moment): readonly Check[] => [
  {
    id: 'I4.ledger',
    says: 'the ledger equals the events',
    needs: ['postgres'],
    figures: perCurrency(
      `select currency, sum(case side when 'credit' then amount_minor else -amount_minor end) as amount_minor
         from entries where account = 'merchant' group by currency`,
    ),
    offenders: `with said as (
                  select stream_id as order_id, currency,
                         sum(case type when 'PaymentCaptured' then amount_minor when 'PaymentRefunded' then -amount_minor end) as minor
                    from stored where type in ('PaymentCaptured', 'PaymentRefunded') and must group by all
                ), booked as (
                  select order_id, currency, sum(case side when 'credit' then amount_minor else -amount_minor end) as minor
                    from entries where account = 'merchant' group by all
                )
                select 'order ' || order_id || ': events say ' || coalesce(said.minor, 0) || ' ' || currency ||
                       ', the ledger ' || coalesce(booked.minor, 0) as offender
                  from said full join booked using (order_id, currency)
                 where coalesce(said.minor, 0) <> coalesce(booked.minor, 0) order by offender`,
  },
  {
    id: 'I4.provider',
    says: 'the payment provider’s books equal the events',
    needs: ['postgres', 'provider'],
    figures: perCurrency(
      `select currency, sum(case kind when 'captured' then amount_minor when 'refunded' then -amount_minor else 0 end)
              as amount_minor from operations group by currency`,
    ),
    offenders: providerDiffers(`last_at < ${now} - ${graceMs}`),
    inFlight: `select count(*) from (${providerDiffers(`last_at >= ${now} - ${graceMs}`)})`,
  },
  {
    id: 'I4.gold',
    says: 'closed windows and late payments together equal what was captured',
    needs: ['postgres', 'kafka', 'gold'],
    figures: withAhead(
      perCurrency(`select currency, sum(amount_minor) as amount_minor from gold group by currency`),
    ),
    offenders: goldDiffers(`missing < 0 or newest < ${now} - ${graceMs}`),
    inFlight: `select count(*) from (${goldDiffers(`missing > 0 and newest >= ${now} - ${graceMs}`)})`,
  },
  {
    id: 'I5',
    says: 'every transfer debits as much as it credits',
    needs: ['postgres'],
    figures: `select count(distinct transfer_id) || ' transfers' from entries`,
    offenders: `select 'transfer ' || transfer_id || ' of order ' || any_value(order_id) || ': debits ' ||
                       coalesce(sum(amount_minor) filter (side = 'debit'), 0) || ', credits ' ||
                       coalesce(sum(amount_minor) filter (side = 'credit'), 0) as offender
                  from entries group by transfer_id
                having coalesce(sum(amount_minor) filter (side = 'debit'), 0) <>
                       coalesce(sum(amount_minor) filter (side = 'credit'), 0)
                    or count(distinct currency) <> 1 order by offender`,
  },
]

function perCurrency(sums: string): string {
  return `select coalesce(string_agg(amount_minor || ' ' || currency, ', ' order by currency), 'nothing') from (${sums})`
}

/** Flink sends an event to its late output when it is dated more than a minute ahead of the log (adr/0039). */
function withAhead(figures: string): string {
  const ahead = 'select count(*) from visible where occurred_at > written_at + 60000'
  return `select (${figures}) || case when (${ahead}) = 0 then ''
                 else '; ' || (${ahead}) || ' events are dated ahead of the log' end`
}

function providerDiffers(condition: string): string {
  return `with said as (
            select stream_id as order_id,
                   sum(case type when 'PaymentCaptured' then amount_minor when 'PaymentRefunded' then -amount_minor end) as minor,
                   max(recorded_at) as moved_at
              from stored where type in ('PaymentCaptured', 'PaymentRefunded') group by all
          ), done as (
            select order_id,
                   sum(case kind when 'captured' then amount_minor when 'refunded' then -amount_minor else 0 end) as minor,
                   max(recorded_at) as moved_at
              from operations group by all
          ), both_sides as (
            select order_id, coalesce(said.minor, 0) as ours, coalesce(done.minor, 0) as theirs,
                   greatest(coalesce(said.moved_at, 0), coalesce(done.moved_at, 0)) as last_at
              from said full join done using (order_id)
          )
          select 'order ' || order_id || ': our events say ' || ours || ', the provider ' || theirs as offender
            from both_sides where ours <> theirs and (${condition}) order by offender`
}

/**
 * Windows close in order, so each capture before the end of the newest is in a window, or came late. A late record counts if it
 * is the first of its event: the first of one that was sent again is in its window, or was late itself (adr/0024).
 */
function goldDiffers(condition: string): string {
  return `with closed as (
            select coalesce(max(window_end), 0) as until from gold where kind = 'window'
          ), captured as (
            select e.currency, sum(e.amount_minor) as minor, max(r.written_at) as newest
              from (select event_id, min(occurred_at) as occurred_at, min(written_at) as written_at
                      from visible where type = 'PaymentCaptured' group by event_id) r
              join stored e using (event_id)
             where r.occurred_at < (select until from closed)
               and r.event_id not in (
                     select l.event_id from gold l where l.kind = 'late' and not exists (
                       select 1 from visible f where f.topic = 'payments.payment.v1' and f.event_id = l.event_id
                                                 and f.offset < l.offset))
             group by e.currency
          ), windows as (
            select currency, sum(amount_minor) as minor from gold where kind = 'window' group by currency
          ), compared as (
            select currency, coalesce(captured.minor, 0) - coalesce(windows.minor, 0) as missing,
                   coalesce(newest, 0) as newest
              from captured full join windows using (currency)
          )
          select currency || ': ' || missing || ' captured, but in no window' as offender
            from compared where missing <> 0 and (${condition}) order by offender`
}
