-- Schema `legacy` of database `shop`: the system before, in which an order is one row that is updated (services/legacy). In
-- the same database as the event stores, so that one transaction can write a row and append its event while the one system
-- replaces the other.
create table if not exists legacy.orders (
  order_id       uuid        primary key,
  customer_id    uuid        not null,
  status         text        not null check (status in ('placed', 'confirmed', 'rejected', 'cancelled', 'completed')),
  currency       text        not null,
  total_minor    bigint      not null check (total_minor > 0),
  payment_method text        not null,
  lines          jsonb       not null,
  payment_id     text,
  reason         text,
  refunded_minor bigint      not null default 0,
  shipment_id    text,
  -- How often it was written: the optimistic lock, and what the ETag says.
  version        bigint      not null default 1,
  created_at     timestamptz not null,
  -- By the clock of whoever writes, as most object-relational mappers set it.
  updated_at     timestamptz not null
);
create index if not exists orders_by_change on legacy.orders (updated_at, order_id);
create index if not exists orders_of_a_customer on legacy.orders (customer_id, order_id);
create index if not exists orders_in_a_state on legacy.orders (status, order_id);
create index if not exists orders_to_ship on legacy.orders (updated_at) where status = 'confirmed';

-- One payment an order. The worker polls for those that are due: to be authorised, captured or returned.
create table if not exists legacy.payments (
  order_id     uuid        primary key references legacy.orders,
  state        text        not null check (state in ('authorise-due', 'declined', 'authorised', 'capture-due', 'captured',
                                                     'return-due', 'voided', 'refunded')),
  payment_id   text,
  method       text        not null,
  currency     text        not null,
  amount_minor bigint      not null check (amount_minor > 0),
  -- Of the state it is in.
  attempts     integer     not null default 0,
  -- By Postgres' clock. Whoever claims the row moves it on by the length of a lease, so a worker that dies is replaced then.
  not_before   timestamptz not null default clock_timestamp()
);
create index if not exists payments_due on legacy.payments (not_before)
  where state in ('authorise-due', 'capture-due', 'return-due');

-- The first answer to each Idempotency-Key, and of which age keys have been removed: as in an event store.
create table if not exists legacy.idempotency (
  key          text        primary key,
  request_hash bytea       not null,
  status       integer     not null,
  answer       json        not null,
  recorded_at  timestamptz not null default clock_timestamp()
);
create index if not exists idempotency_by_age on legacy.idempotency (recorded_at);
create table if not exists legacy.removals (
  what           text        primary key check (what = 'idempotency'),
  removed_before timestamptz not null
);

-- Orders and payments are never deleted.
grant usage on schema legacy, catalogue to legacy_service;
grant select, insert, update on legacy.orders, legacy.payments, legacy.removals to legacy_service;
grant select, insert, delete on legacy.idempotency to legacy_service;
grant select on catalogue.products, catalogue.prices to legacy_service;
grant usage on schema legacy to auditor;
grant select on legacy.orders, legacy.payments to auditor;
