import type { Check } from './check.ts'

/** Stored events are in their topics and the topics' records are in bronze, complete and in order. */
export const logChecks: readonly Check[] = [
  {
    id: 'I1',
    says: 'every stored event is in its topic',
    needs: ['postgres', 'kafka', 'pulse'],
    figures: `select count(*) || ' events before the barrier, of ' || count(distinct stream_id) || ' streams'
                from stored where must`,
    offenders: `select type || ' ' || event_id || ' of ' || stream_id || ' is not in ' || topic as offender
                  from stored where must and event_id not in (select event_id from visible)
                 order by stream_id, version`,
    inFlight: `select count(*) from stored
                where not must and event_id not in (select event_id from visible)`,
  },
  {
    id: 'I1.origin',
    says: 'every event in a topic is stored',
    needs: ['postgres', 'kafka'],
    figures: `select count(*) || ' records of stored events' from visible
               where topic in (select distinct topic from stored)`,
    offenders: `select type || ' ' || event_id || ' at ' || topic || '-' || partition || ' ' || "offset" as offender
                  from visible where topic in ('orders.order.v1', 'payments.payment.v1')
                   and event_id not in (select event_id from stored)
                 order by topic, partition, "offset"`,
  },
  {
    id: 'I1.bronze',
    says: 'every event in a topic is in bronze',
    needs: ['kafka', 'lake'],
    figures: `select count(distinct event_id) || ' events in bronze' from bronze where type <> 'barrier'`,
    offenders: `select type || ' ' || event_id || ' at ' || topic || '-' || partition || ' ' || "offset" as offender
                  from visible join bronze_ends on topic_partition = topic || '-' || partition
                 where "offset" < end_offset and event_id not in (select event_id from bronze)
                 order by topic, partition, "offset"`,
    inFlight: `select count(*) from visible left join bronze_ends on topic_partition = topic || '-' || partition
                where "offset" >= coalesce(end_offset, 0)`,
  },
  {
    id: 'I2',
    says: 'nothing aborted is visible',
    needs: ['kafka', 'lake'],
    figures: `select count(*) filter (fate = 'aborted') || ' aborted records, ' ||
                     count(*) filter (fate = 'open') || ' of open transactions' from records`,
    offenders: `select b.type || ' ' || b.event_id || ' in bronze, at ' || b.topic || '-' || b.partition || ' ' ||
                       b."offset" || ', is ' || coalesce(r.fate, 'not in the topic') as offender
                  from bronze b left join records r using (topic, partition, "offset")
                  join ends e on e.topic = b.topic and e.partition = b.partition
                 -- Negative offsets are of a log that no longer exists.
                 where b."offset" between 0 and e.next_offset - 1 and coalesce(r.fate, 'none') <> 'committed'
                 order by b.topic, b.partition, b."offset"`,
  },
  {
    id: 'I6',
    says: 'the versions of each stored stream are 1, 2, 3 …',
    needs: ['postgres'],
    figures: `select count(distinct stream_id) || ' streams' from stored`,
    offenders: `select store || ' ' || stream_id || ': ' || count(*) || ' events, versions ' || min(version) || ' to ' ||
                       max(version) as offender
                  from stored group by store, stream_id
                having count(*) <> max(version) or min(version) <> 1 order by offender`,
  },
  {
    id: 'I6.topic',
    says: 'the versions of each stream are 1, 2, 3 … in its partition',
    needs: ['kafka'],
    figures: `select count(distinct topic || stream_id) || ' streams in topics' from visible`,
    offenders: `with firsts as (
                  select topic, partition, stream_id, version, min("offset") as at_offset
                    from visible group by topic, partition, stream_id, version
                ), numbered as (
                  select *, row_number() over (partition by topic, partition, stream_id order by at_offset) as due from firsts
                )
                select topic || '-' || partition || ' ' || at_offset || ': version ' || version || ' of ' || stream_id ||
                       ' where ' || due || ' was expected' as offender
                  from numbered where version <> due order by topic, partition, at_offset`,
  },
  {
    id: 'I7',
    says: 'one partition for each key, and the key is the stream id',
    needs: ['kafka'],
    figures: `select count(distinct topic || key) || ' keys' from visible`,
    offenders: `select topic || ': ' || stream_id || ' in partitions ' ||
                       string_agg(distinct partition::varchar, ', ') || ' under ' || count(distinct key) || ' keys' as offender
                  from visible group by topic, stream_id
                having count(distinct partition) > 1 or bool_or(key is distinct from stream_id) order by offender`,
  },
  {
    id: 'I8',
    says: 'either all events of one append are in their topic, or none',
    needs: ['postgres', 'kafka', 'pulse'],
    figures: `select count(distinct (store, transaction_id, stream_id)) || ' appends' from stored where must`,
    offenders: `select store || ' transaction ' || transaction_id || ', ' || stream_id || ': ' ||
                       count(*) filter (event_id in (select event_id from visible)) || ' of ' || count(*) as offender
                  from stored where must group by store, transaction_id, stream_id
                having count(*) filter (event_id in (select event_id from visible)) not in (0, count(*))
                 order by offender`,
  },
  {
    id: 'I9',
    says: 'two readers agree on the event at an offset',
    needs: ['kafka', 'lake'],
    figures: `select count(*) || ' offsets read by both' from bronze join records using (topic, partition, "offset")`,
    offenders: `select b.topic || '-' || b.partition || ' ' || b."offset" || ': ' || b.event_id || ' and ' ||
                       coalesce(r.event_id, 'nothing') as offender
                  from bronze b join records r using (topic, partition, "offset")
                 where (b.event_id, b.stream_id, b.version, b.type) is distinct from
                       (r.event_id, r.stream_id, r.version, r.type)
                 order by offender`,
  },
  {
    id: 'I10',
    says: 'bronze skips no offset and has none twice',
    needs: ['kafka', 'lake'],
    figures: `select count(*) || ' partitions' from bronze_ends`,
    offenders: `select topic || '-' || partition || ' ' || "offset" || ' was skipped' as offender
                  from records join bronze_ends on topic_partition = topic || '-' || partition
                 where fate = 'committed' and unreadable is null and type <> 'tick'
                   and "offset" >= start_offset and "offset" < end_offset
                   and (topic, partition, "offset") not in (select (topic, partition, "offset") from bronze)
                union all
                select topic || '-' || partition || ' ' || "offset" || ' is in bronze ' || count(*) || ' times'
                  from bronze group by topic, partition, "offset" having count(*) > 1`,
  },
  {
    id: 'I16',
    says: 'each snapshot begins at the offset at which the previous one ended',
    needs: ['lake'],
    figures: `select count(distinct (table_name, sequence)) || ' snapshots of ' || count(distinct table_name) || ' tables'
                from chain`,
    offenders: `with linked as (
                  select *, lag(end_offset) over (partition by table_name, topic_partition order by sequence) as before from chain
                )
                select table_name || ' ' || topic_partition || ', snapshot ' || sequence || ': from ' || start_offset || ' to ' ||
                       end_offset || ' after ' || coalesce(before, start_offset) as offender
                  from linked where start_offset <> coalesce(before, start_offset) or end_offset < start_offset
                 order by offender`,
  },
  {
    id: 'I16.rows',
    says: 'the offsets in bronze account for each of its rows',
    needs: ['lake'],
    figures: `select count(distinct table_name) || ' tables' from snapshots`,
    offenders: `with linked as (
                  select *, row_number() over (partition by table_name order by sequence desc) as age,
                         last_value(accounted ignore nulls) over (partition by table_name order by sequence) as due
                    from snapshots
                ), changed as (
                  select *, case when operation = 'replace' then added <> removed
                                 else not has_offsets and added + removed > 0 and not is_repaired end as is_foreign from linked
                )
                select table_name || ', snapshot ' || sequence || ' (' || operation || '): added ' || added || ' and removed ' ||
                       removed || ' rows without offsets' as offender from changed where is_foreign
                union all
                select table_name || ' has ' || total || ' rows, its offsets account for ' || due
                  from changed where age = 1 and total <> due
                   and table_name not in (select table_name from changed where is_foreign)`,
  },
  {
    id: 'I16.topic',
    says: 'the offsets in bronze are of the topics as they are now',
    needs: ['kafka', 'lake'],
    figures: `select count(*) || ' topics' from topic_ids`,
    offenders: `select topic || ' was deleted and made again: its id is ' || in_kafka || ', bronze has offsets of ' || in_bronze as offender
                  from topic_ids where in_kafka <> in_bronze order by topic`,
  },
  {
    id: 'I17',
    says: 'every record is readable by the newest contract and the one before',
    needs: ['kafka', 'registry'],
    figures: `select count(*) || ' records read' from records where fate = 'committed'`,
    offenders: `select r.topic || '-' || r.partition || ' ' || r."offset" || ': ' || r.unreadable as offender
                  from records r left join dead_letters l on l.topic = r.topic and l.partition = r.partition
                                                    and r."offset" between l."offset" and l.last_offset
                 where r.fate = 'committed' and r.unreadable is not null and l.topic is null
                 order by offender`,
  },
]
