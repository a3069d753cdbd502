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

-- A change of a row is one record with the row twice, before and after, and one record that is too large stops the connector
-- for all tables. So each captured text has a bound, far below what a record may have (deploy/debezium/src/record-size.ts).
-- `not valid`: rows of before are not checked, so that an existing database still starts.
do $bounds$
begin
  if not exists (select 1 from pg_constraint where conname = 'customers_fit_a_record') then
    alter table catalogue.customers add constraint customers_fit_a_record check (
      octet_length(segment) <= 200 and octet_length(name_cipher) <= 5000 and octet_length(email_cipher) <= 5000
    ) not valid;
  end if;
  if not exists (select 1 from pg_constraint where conname = 'products_fit_a_record') then
    alter table catalogue.products add constraint products_fit_a_record check (
      octet_length(sku) <= 200 and octet_length(name) <= 10000 and octet_length(currency) <= 100
    ) not valid;
  end if;
end
$bounds$;

-- Every price that a product has had, in each currency; the highest version is the one that is charged. Rows are only
-- added. The price in the product's own currency comes from its row, by the trigger below; those in other currencies are
-- written here.
create table if not exists catalogue.prices (
  sku           text        not null,
  currency      text        not null,
  price_version integer     not null check (price_version > 0),
  -- Null: not sold in this currency from then on.
  price_minor   bigint      check (price_minor >= 0),
  priced_at     timestamptz not null default clock_timestamp(),
  primary key (sku, currency, price_version)
);

-- Adds a version when the price differs from the newest one.
create or replace procedure catalogue.set_price(the_sku text, the_currency text, the_price bigint)
language sql as $set$
  insert into catalogue.prices (sku, currency, price_version, price_minor)
  select the_sku, the_currency, coalesce(max(price_version), 0) + 1, the_price
    from catalogue.prices where sku = the_sku and currency = the_currency
  having (array_agg(price_minor order by price_version desc))[1] is distinct from the_price
$set$;

-- The row is read as JSON, so that a column that is renamed or gets another type ends the price instead of every write. A
-- change of one product waits for the one before it, by the lock on its row, so versions have no gaps.
create or replace function catalogue.keep_prices() returns trigger language plpgsql security definer
set search_path = pg_catalog as $keep$
declare
  priced jsonb;
  sold_in record;
begin
  if tg_op <> 'INSERT' then
    for sold_in in
      select distinct currency from catalogue.prices
       where sku = old.sku and (tg_op = 'DELETE' or old.sku <> new.sku or currency = to_jsonb(old)->>'currency')
         and (tg_op = 'DELETE' or old.sku <> new.sku or currency is distinct from to_jsonb(new)->>'currency')
    loop
      call catalogue.set_price(old.sku, sold_in.currency, null);
    end loop;
  end if;
  if tg_op <> 'DELETE' then
    priced := to_jsonb(new)->'price_minor';
    call catalogue.set_price(new.sku, coalesce(to_jsonb(new)->>'currency', 'none'),
      case when priced::text ~ '^[0-9]{1,18}$' then priced::text::bigint end);
  end if;
  return null;
end
$keep$;

create or replace trigger prices_are_kept after insert or update or delete on catalogue.products
  for each row execute function catalogue.keep_prices();

insert into catalogue.products (sku, name, price_minor, currency)
values ('lamp-01', 'Reading lamp', 4900, 'EUR'), ('desk-02', 'Oak desk', 38900, 'EUR'),
       ('chair-03', 'Desk chair', 17900, 'EUR'), ('mug-04', 'Enamel mug', 1250, 'EUR')
on conflict do nothing;

-- Of products that were written before there were versions.
insert into catalogue.prices (sku, currency, price_version, price_minor)
select sku, currency, 1, price_minor from catalogue.products on conflict do nothing;

insert into catalogue.prices (sku, currency, price_version, price_minor)
values ('lamp-01', 'CHF', 1, 4700), ('lamp-01', 'GBP', 1, 4200), ('lamp-01', 'JPY', 1, 7900), ('lamp-01', 'USD', 1, 5300),
       ('desk-02', 'CHF', 1, 37200), ('desk-02', 'GBP', 1, 33400), ('desk-02', 'JPY', 1, 62900), ('desk-02', 'USD', 1, 42100),
       ('chair-03', 'CHF', 1, 17100), ('chair-03', 'GBP', 1, 15400), ('chair-03', 'JPY', 1, 28900), ('chair-03', 'USD', 1, 19400),
       ('mug-04', 'CHF', 1, 1190), ('mug-04', 'GBP', 1, 1070), ('mug-04', 'JPY', 1, 1990), ('mug-04', 'USD', 1, 1350)
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
do $bounds$
begin
  if not exists (select 1 from pg_constraint where conname = 'signals_fit_a_record') then
    alter table cdc.signal add constraint signals_fit_a_record check (
      octet_length(id) <= 200 and octet_length(type) <= 200 and octet_length(data) <= 10000
    ) not valid;
  end if;
end
$bounds$;

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

-- A partition with new events needs no tick (services/pulse/src/new-events.ts): where they are, not what they say. And it
-- removes old ticks and barriers, of which the newest of each partition stays.
grant usage on schema orders, payments to pulse_service;
grant select (position, topic, stream_id) on orders.events, payments.events to pulse_service;
grant delete on control.events to pulse_service;

grant usage on schema catalogue to orders_service;
grant select on catalogue.products, catalogue.prices to orders_service;
grant select, insert, update on catalogue.customers to orders_service;

-- The auditor may only read, and no personal data.
grant usage on schema orders, payments to auditor;
grant select on all tables in schema orders, payments to auditor;

grant usage on schema orders, payments, control, catalogue, cdc to debezium;
grant select on orders.events, payments.events, control.events, catalogue.customers, catalogue.products to debezium;
-- `on conflict` reads the existing row.
grant select, insert, update on cdc.heartbeat to debezium;
grant insert on cdc.signal to debezium;
