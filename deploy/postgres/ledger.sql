-- The double-entry ledger of the payments, beside their event store; `{{schema}}` and `{{role}}` are replaced as there.
-- The statement that appends an event also writes its entries, so neither exists without the other.
create table if not exists {{schema}}.entries (
  transfer_id  uuid        not null,
  -- 1 is the account that is debited, 2 the one that is credited.
  entry_no     smallint    not null,
  order_id     text        not null,
  event_id     uuid        not null references {{schema}}.events (event_id),
  -- The provider's reference.
  payment_id   text        not null,
  account      text        not null check (account in ('customer', 'held', 'merchant')),
  side         text        not null check (side in ('debit', 'credit')),
  -- Integer minor units of the currency; never negative; a refund is a transfer of its own.
  amount_minor bigint      not null check (amount_minor > 0),
  currency     text        not null,
  recorded_at  timestamptz not null default clock_timestamp(),
  primary key (transfer_id, entry_no)
);
create index if not exists entries_of_an_order on {{schema}}.entries (order_id);
create index if not exists entries_of_an_event on {{schema}}.entries (event_id);

-- Every transfer debits what it credits. One statement writes both entries of a transfer, and the trigger checks it after that
-- statement: by the rows of the statement alone, so an append costs the same however long the ledger is. Joined to the table,
-- the statement's rows have no statistics, and the plan is a scan of all entries. Nothing older needs to be read: entries 1
-- and 2 are both new, and the primary key allows no second of either.
create or replace function {{schema}}.check_transfers() returns trigger language plpgsql as $check$
declare
  unbalanced uuid;
begin
  select f.transfer_id into unbalanced
    from fresh f
   group by f.transfer_id
  having array_agg(f.entry_no order by f.entry_no) <> array[1, 2]::smallint[]
      or count(distinct f.currency) <> 1
      or sum(case f.side when 'debit' then f.amount_minor else -f.amount_minor end) <> 0
   limit 1;
  if unbalanced is not null then
    raise exception 'transfer % does not debit what it credits', unbalanced using errcode = 'check_violation';
  end if;
  return null;
end
$check$;

create or replace trigger transfers_balance after insert on {{schema}}.entries
  referencing new table as fresh for each statement execute function {{schema}}.check_transfers();

-- How far the reconciler has compared the provider's books with ours: one row.
create table if not exists {{schema}}.reconciliation (
  only_row        boolean     primary key default true check (only_row),
  begun_at        timestamptz not null default clock_timestamp(),
  provider_cursor text,
  -- Of our events.
  transaction_id  xid8        not null default '0',
  position        bigint      not null default 0,
  compared_at     timestamptz not null default clock_timestamp()
);

-- Orders that it has passed because the provider, or orders, gave no answer about them; they are tried again.
create table if not exists {{schema}}.unsettled (
  order_id text        primary key,
  tried_at timestamptz not null default clock_timestamp()
);

-- The kill switch of captures. Each change is a row, and the newest is in force; none means that captures go on. Rows stay.
create table if not exists {{schema}}.capture_switch (
  change_no  bigint      primary key generated always as identity,
  frozen     boolean     not null,
  changed_at timestamptz not null default clock_timestamp(),
  -- The identity that has asked for it.
  changed_by text        not null,
  reason     text        not null
);

-- Least privileges, as for events.
grant select, insert on {{schema}}.capture_switch to {{role}};
grant select, insert on {{schema}}.entries to {{role}};
grant select, insert, update on {{schema}}.reconciliation to {{role}};
grant select, insert, update, delete on {{schema}}.unsettled to {{role}};
