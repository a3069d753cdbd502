-- Database `shop`: everything but the event stores. Applied by src/prepare.ts after them; idempotent.

-- Personal data exists once, here, and only as ciphertext: the key of each customer is in database `vault`, which no
-- connector captures. Erasing a customer is destroying the key, so raw change data and history need no clean-up.
create table if not exists catalogue.customers (
  customer_id  uuid        primary key,
  segment      text        not null,
  name_cipher  bytea       not null,
  email_cipher bytea       not null,
  updated_at   timestamptz not null default clock_timestamp()
);
-- Complete old rows in the WAL: the history needs the row that was deleted, and without them, a large value that an update
-- did not change would be replaced by Debezium's placeholder.
alter table catalogue.customers replica identity full;

create table if not exists catalogue.products (
  sku         text        primary key,
  name        text        not null,
  price_minor bigint      not null check (price_minor >= 0),
  currency    text        not null,
  updated_at  timestamptz not null default clock_timestamp()
);
alter table catalogue.products replica identity full;

insert into catalogue.products (sku, name, price_minor, currency)
values ('lamp-01', 'Reading lamp', 4900, 'EUR'), ('desk-02', 'Oak desk', 38900, 'EUR'),
       ('chair-03', 'Desk chair', 17900, 'EUR'), ('mug-04', 'Enamel mug', 1250, 'EUR')
on conflict do nothing;

-- Orders as lists show them, derived from orders.events (services/orders/src/order-list.ts).
create table if not exists orders.order_list (
  generation  integer not null,
  order_id    text    not null,
  customer_id text    not null,
  status      text    not null,
  currency    text    not null,
  total_minor bigint  not null,
  version     bigint  not null,
  primary key (generation, order_id)
);
create index if not exists orders_of_a_customer on orders.order_list (generation, customer_id, order_id);
create index if not exists orders_in_a_state on orders.order_list (generation, status, order_id);
grant select, insert, update, delete on orders.order_list to orders_service;

-- One row per connector. Writing it lets a slot advance while the captured tables do not change but others fill the WAL.
create table if not exists cdc.heartbeat (
  connector text        primary key,
  beat_at   timestamptz not null
);

-- Signals to the running raw connector, one row each. The connector writes here too: the two watermarks around each chunk of
-- an incremental snapshot, which separate its rows from concurrent changes.
create table if not exists cdc.signal (
  id   text primary key,
  type text not null,
  data text
);

-- What the watchdog of the connectors (services/pulse) did about each that has failed.
create table if not exists cdc.watchdog (
  connector     text        primary key,
  -- Since it last ran for ten minutes.
  restarts      integer     not null,
  reason        text        not null,
  -- When it was first seen failed, or last restarted.
  since         timestamptz,
  running_since timestamptz,
  given_up      boolean     not null
);
grant usage on schema cdc to pulse_service;
grant select, insert, update on cdc.watchdog to pulse_service;

grant usage on schema catalogue to orders_service;
grant select on catalogue.products to orders_service;
grant select, insert, update on catalogue.customers to orders_service;

-- The auditor may only read, and no personal data.
grant usage on schema orders, payments to auditor;
grant select on all tables in schema orders, payments to auditor;

grant usage on schema orders, payments, control, catalogue, cdc to debezium;
grant select on orders.events, payments.events, control.events, catalogue.customers, catalogue.products to debezium;
-- `on conflict` reads the existing row.
grant select, insert, update on cdc.heartbeat to debezium;
grant insert on cdc.signal to debezium;
