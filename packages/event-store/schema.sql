-- One event store in a schema of its own. `{{schema}}` and `{{role}}` are filled in by deploy/postgres.
-- The append-only events table is itself the outbox: Debezium reads it. Nothing else is written, and no event is deleted.

create table if not exists {{schema}}.events (
  position       bigint generated always as identity primary key,
  event_id       uuid        not null unique,
  stream_id      text        not null,
  version        bigint      not null check (version > 0),
  type           text        not null,
  topic          text        not null,
  -- Set in control rows only (ticks, barriers); null lets the key choose.
  partition      integer,
  -- For people: what `payload` says, as JSON.
  data           jsonb       not null,
  -- The bytes that consumers get: 0x00, schema id, Avro.
  payload        bytea       not null,
  -- Readers of all streams order by (transaction_id, position) and stop below the oldest running transaction; a reader of
  -- `position > n` skips rows of transactions that commit late.
  transaction_id xid8        not null default pg_current_xact_id(),
  recorded_at    timestamptz not null default clock_timestamp(),
  -- The trace in which it was decided, as headers of its record have it (https://www.w3.org/TR/trace-context/).
  traceparent    text,
  tracestate     text,
  -- The optimistic lock.
  unique (stream_id, version)
);
-- For a store that was made before events had them.
alter table {{schema}}.events add column if not exists traceparent text, add column if not exists tracestate text;

create index if not exists events_in_reading_order on {{schema}}.events (transaction_id, position);

-- Ids of consumed events whose effect is in this schema. Deduplication is by event id, never by offset.
create table if not exists {{schema}}.inbox (
  event_id    uuid        primary key,
  recorded_at timestamptz not null default clock_timestamp()
);
create index if not exists inbox_by_age on {{schema}}.inbox (recorded_at);

-- The first answer to each Idempotency-Key.
create table if not exists {{schema}}.idempotency (
  key          text        primary key,
  request_hash bytea       not null,
  status       integer     not null,
  -- json, not jsonb: a repeat gets the same text.
  answer       json        not null,
  recorded_at  timestamptz not null default clock_timestamp()
);
create index if not exists idempotency_by_age on {{schema}}.idempotency (recorded_at);

-- Of which age rows of the inbox and Idempotency-Keys have been removed (packages/event-store/src/guard-retention.ts): a row
-- that is missing and would be younger was never written.
create table if not exists {{schema}}.removals (
  what           text        primary key check (what in ('inbox', 'idempotency')),
  removed_before timestamptz not null
);

-- States of long streams, so that they need not be read from the first event. A missing row costs only time.
create table if not exists {{schema}}.snapshots (
  stream_id   text        not null,
  -- The state's format and how it was computed; a release with another one ignores the row.
  form        text        not null,
  version     bigint      not null check (version > 0),
  -- json, not jsonb: the reader gets the same text.
  state       json        not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (stream_id, form, version)
);

-- The text of every schema that `payload` bytes name by id, so that they outlive a lost registry.
create table if not exists {{schema}}.schemas (
  schema_id   integer     primary key,
  topic       text        not null,
  schema_text text        not null,
  recorded_at timestamptz not null default clock_timestamp()
);

-- Read models: how far each has read the log. A rebuild is a generation beside the current one, until it has caught up.
create table if not exists {{schema}}.projections (
  name           text    not null,
  generation     integer not null check (generation > 0),
  -- building: built from the log's start; current: the one that readers see; retired: its rows are being removed.
  state          text    not null check (state in ('building', 'current', 'retired')),
  -- The checkpoint: the position of the last event whose effect is in its rows.
  transaction_id xid8    not null default '0',
  position       bigint  not null default 0,
  primary key (name, generation)
);
create unique index if not exists one_current_generation on {{schema}}.projections (name) where state = 'current';
create unique index if not exists one_generation_building on {{schema}}.projections (name) where state = 'building';

-- Appends the events of many callers in one statement. Each caller's append is all or nothing, and none fails another.
--
-- appends:  one element for each caller: the stream, the version it was decided on, and at most one guard
--           (an inbox id, or an idempotency key with the answer that a repeat will get).
-- events:   each with `append_no`, the number of its caller from 1.
-- outcome:  `appended`; `conflict` (the stream is not at the expected version but at `actual_version`);
--           `repeated` (the guard is there already: nothing is written).
--
-- Locks are taken in one order (streams sorted, then guards sorted), so that concurrent batches never deadlock. The
-- versions are read by a separate statement that begins when the locks are held, so that it sees what their last holder
-- committed. All of it is one transaction: a crash leaves all of a batch or none of it.
drop function if exists {{schema}}.append(
  text[], bigint[], uuid[], text[], bytea[], integer[], text[], integer[], uuid[], bigint[], text[], text[], integer[],
  text[], bytea[]);
create or replace function {{schema}}.append(
  stream_ids text[], expected_versions bigint[], inbox_ids uuid[],
  idempotency_keys text[], request_hashes bytea[], statuses integer[], answers text[],
  event_append_nos integer[], event_ids uuid[], event_versions bigint[], event_types text[],
  event_topics text[], event_partitions integer[], event_data text[], event_payloads bytea[],
  event_traceparents text[], event_tracestates text[]
) returns table (append_no integer, outcome text, actual_version bigint)
language plpgsql as $append$
begin
  perform pg_advisory_xact_lock(lock_key)
     from (select distinct hashtextextended('{{schema}}.' || stream_id, 0) as lock_key
             from unnest(stream_ids) as stream_id order by 1) as locks;

  return query
  with appends as (
    select a.no::integer as no, a.stream_id, a.expected_version, a.inbox_id, a.key, a.request_hash, a.status, a.answer,
           coalesce((select max(e.version) from {{schema}}.events e where e.stream_id = a.stream_id), 0) as found_version
      from unnest(stream_ids, expected_versions, inbox_ids, idempotency_keys, request_hashes, statuses, answers)
           with ordinality as a(stream_id, expected_version, inbox_id, key, request_hash, status, answer, no)
  ), fitting as (
    select * from appends where found_version = expected_version
  ), boxed as (
    insert into {{schema}}.inbox (event_id)
    select inbox_id from fitting where inbox_id is not null order by inbox_id
    on conflict do nothing returning event_id
  ), keyed as (
    insert into {{schema}}.idempotency (key, request_hash, status, answer)
    select key, request_hash, status, answer::json from fitting where key is not null order by key
    on conflict do nothing returning key
  ), passed as (
    select * from fitting f
     where (f.inbox_id is null or f.inbox_id in (select b.event_id from boxed b))
       and (f.key is null or f.key in (select k.key from keyed k))
  ), written as (
    insert into {{schema}}.events (event_id, stream_id, version, type, topic, partition, data, payload, traceparent,
                                     tracestate)
    select e.event_id, p.stream_id, e.version, e.type, e.topic, e.partition, e.data::jsonb, e.payload, e.traceparent,
           e.tracestate
      from unnest(event_append_nos, event_ids, event_versions, event_types, event_topics, event_partitions,
                  event_data, event_payloads, event_traceparents, event_tracestates)
           as e(append_no, event_id, version, type, topic, partition, data, payload, traceparent, tracestate)
      join passed p on p.no = e.append_no
     order by p.stream_id, e.version
    returning 1
  )
  select a.no,
         case when a.found_version <> a.expected_version then 'conflict'
              when p.no is null then 'repeated'
              else 'appended' end,
         a.found_version
    from appends a left join passed p on p.no = a.no
   order by a.no;
end
$append$;

-- Least privilege: stored events are never changed, so the service may only insert and read. It may change and remove
-- rows of a read model, because that can be rebuilt, and remove guards that have served their time (docs/retention.md),
-- never younger ones.
grant usage on schema {{schema}} to {{role}};
grant select, insert on {{schema}}.events, {{schema}}.inbox, {{schema}}.idempotency, {{schema}}.schemas,
  {{schema}}.snapshots to {{role}};
grant delete on {{schema}}.inbox, {{schema}}.idempotency to {{role}};
create or replace function {{schema}}.refuse_young_guard() returns trigger language plpgsql as $refuse$
begin
  raise insufficient_privilege using message = 'permission denied: a guard stays for a day at least';
end
$refuse$;
create or replace trigger young_guards_stay before delete on {{schema}}.inbox for each row
  when (current_user = '{{role}}' and old.recorded_at > clock_timestamp() - interval '1 day')
  execute function {{schema}}.refuse_young_guard();
create or replace trigger young_guards_stay before delete on {{schema}}.idempotency for each row
  when (current_user = '{{role}}' and old.recorded_at > clock_timestamp() - interval '1 day')
  execute function {{schema}}.refuse_young_guard();
grant select, insert, update on {{schema}}.removals to {{role}};
grant select, insert, update, delete on {{schema}}.projections to {{role}};
