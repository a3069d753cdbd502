import { type Check, ORDERS, PAYMENTS, stateTypes } from './check.ts'

/** What silver must have, by what bronze held at the snapshot that silver has recorded. */
export const silverViews = `
  create or replace view read_by_silver as
    select b.*, "offset" >= quarantine_end as is_unsettled,
           (topic, partition, "offset") in (select (topic, partition, "offset") from quarantine) as is_rejected
      from (select topic, partition, "offset", stream_id as key, version, type, null as op, null as image from bronze
             where type not in ('tick', 'barrier')
            union all
            select topic, partition, "offset", key, null, null, op, image from changes
             where op in ('c', 'u', 'r', 'd')) b
      join progress using (topic, partition) where "offset" < silver_end;
  -- A gate may have rejected these events without the quarantine having listed them yet: judged by a later audit.
  create or replace view unsettled as
    select distinct topic, key from read_by_silver where is_unsettled;
  create or replace view silver_due as
    select topic, key as stream_id, max(version) as version,
           ${statusOf(`arg_max(type, version) filter (type in (${stateTypes}))`)} as status
      from read_by_silver where type is not null and not is_rejected group by topic, key;
  create or replace view changes_due as
    select topic, key, max("offset") as "offset", arg_max(op, "offset") as op, arg_max(coalesce(image, ''), "offset") as image
      from read_by_silver where op is not null and key is not null and not is_rejected group by topic, key;
`

/** What is in bronze is in silver as of the snapshot that silver has recorded; what came to bronze later is in flight. */
export const silverChecks: readonly Check[] = [
  {
    id: 'I1.silver',
    says: 'silver has the latest state of every stream in bronze',
    needs: ['lake', 'silver'],
    figures: `select count(*) || ' streams in silver, ' || (select count(*) from quarantine) || ' rows in quarantine' from silver`,
    offenders: `select topic || ' ' || stream_id || ': ' || coalesce('version ' || s.version || ' ' || coalesce(s.status, 'without status'), 'nothing') ||
                       ' in silver, ' || coalesce('version ' || d.version || ' ' || coalesce(d.status, 'without status'), 'nothing') || ' in bronze' as offender
                  from silver_due d full join silver s using (topic, stream_id)
                 where (s.version, s.status) is distinct from (d.version, d.status)
                   and (topic, stream_id) not in (select (topic, key) from unsettled)
                union all
                select topic || ' ' || stream_id || ' is in silver ' || count(*) || ' times'
                  from silver group by topic, stream_id having count(*) > 1`,
    inFlight: `select count(*) from bronze join progress using (topic, partition)
                where "offset" >= silver_end and type not in ('tick', 'barrier')`,
  },
  {
    id: 'I1.quarantine',
    says: 'silver’s quarantine has rows of bronze only, each once',
    needs: ['lake', 'silver'],
    figures: `select count(*) || ' rows in quarantine' from quarantine`,
    offenders: `select topic || '-' || partition || ' ' || "offset" || ' is in quarantine ' || count(*) || ' times' as offender
                  from quarantine group by topic, partition, "offset" having count(*) > 1
                union all
                select topic || '-' || partition || ' ' || "offset" || ' is in quarantine and not in bronze'
                  from quarantine where (topic, partition, "offset") not in (select (topic, partition, "offset") from bronze)
                                    and (topic, partition, "offset") not in (select (topic, partition, "offset") from changes)`,
  },
  {
    id: 'I1.history',
    says: 'silver’s histories end with the newest change in bronze, and their versions have no gaps',
    needs: ['lake', 'silver'],
    figures: `select count(*) || ' versions of ' || count(distinct (topic, key)) || ' rows' from versions where key is not null`,
    offenders: `with newest as (
                  select * from versions where key is not null and valid_to_us is null
                ), compared as (
                  select topic, key, d.op, d.image, d."offset", v.op as version_op, v.is_deleted, v.image as version_image,
                         v.last_offset, d.key is not null as is_due, v.key is not null as is_there
                    from changes_due d full join newest v using (topic, key)
                   where (topic, key) not in (select (topic, key) from unsettled)
                )
                select topic || ' ' || key || case when not is_there then ': no current version in silver'
                                                   when not is_due then ': a version in silver, no change in bronze'
                                                   when is_deleted then ': deleted in silver only'
                                                   when op = 'd' then ': deleted in bronze only'
                                                   else ': the version in silver is not that of offset ' || "offset" end as offender
                  from compared
                 where not is_there or not is_due
                    or case when is_deleted then op <> 'd' and version_op <> 'mark'
                            else op = 'd' or image <> version_image or last_offset <> "offset" end
                union all
                select topic || ' ' || key || ' has ' || count(*) || ' current versions in silver'
                  from newest group by topic, key having count(*) > 1
                union all
                select topic || ' ' || key || ': the version of offset ' || first_offset || ' does not end where the next begins'
                  from (select *, lead(valid_from_us) over (partition by topic, key
                                                            order by first_offset, op = 'mark', valid_from_us) as next_from_us
                          from versions where key is not null)
                 where valid_to_us is distinct from next_from_us`,
  },
  {
    id: 'I15',
    says: 'silver’s orders and payments equal the event stores',
    needs: ['postgres', 'lake', 'silver'],
    figures: `select count(*) || ' orders and payments' from silver where topic in ('${ORDERS}', '${PAYMENTS}')`,
    offenders: `with compared as (
                  select s.*, max(e.version) as stored_version,
                         ${statusOf(`arg_max(e.type, e.version) filter (e.type in (${stateTypes}))`)} as stored_status,
                         max(e.amount_minor) filter (e.type in ('OrderPlaced', 'PaymentCaptured')) as stored_minor,
                         max(e.currency) filter (e.type in ('OrderPlaced', 'PaymentCaptured')) as stored_currency
                    from silver s left join stored e on e.topic = s.topic and e.stream_id = s.stream_id and e.version <= s.version
                   where s.topic in ('${ORDERS}', '${PAYMENTS}')
                     and (s.topic, s.stream_id) not in (select (topic, key) from unsettled)
                     and (s.topic, s.stream_id) not in (select (topic, key) from read_by_silver where is_rejected)
                   group by all
                )
                select topic || ' ' || stream_id || ': ' || concat_ws(' ', version, status, amount_minor, currency) || ' in silver, ' ||
                       concat_ws(' ', stored_version, stored_status, stored_minor, stored_currency) || ' in the store' as offender
                  from compared where (version, status, amount_minor, currency) is distinct from
                                      (stored_version, stored_status, stored_minor, stored_currency)
                 order by offender`,
  },
]

/** The state that an event of this type leads to, as silver calls it. */
function statusOf(type: string): string {
  return `lower(regexp_replace(${type}, '^(Order|Payment|Shipment)', ''))`
}
