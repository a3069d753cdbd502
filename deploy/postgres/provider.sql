-- Database `provider`: the ledger of the simulated payment provider. It stands for another company, which we only reach by HTTP.
create table if not exists payments (
  payment_id   uuid        primary key,
  -- What the payment is for, as we named it: the order's id.
  reference    text        not null,
  method       text        not null,
  currency     text        not null,
  amount_minor bigint      not null check (amount_minor > 0),
  recorded_at  timestamptz not null default clock_timestamp()
);
create index if not exists payments_by_reference on payments (reference);

-- The operations, one per Idempotency-Key. Rows never change: a payment is the sum of its operations.
create table if not exists operations (
  position        bigint      generated always as identity primary key,
  operation_id    uuid        not null unique,
  payment_id      uuid        not null references payments,
  idempotency_key text        not null unique,
  request_hash    bytea       not null,
  kind            text        not null check (kind in ('authorised', 'declined', 'captured', 'voided', 'refunded')),
  amount_minor    bigint      not null check (amount_minor > 0),
  reason          text,
  -- Readers order by (transaction_id, position) and stop below the oldest running transaction.
  transaction_id  xid8        not null default pg_current_xact_id(),
  recorded_at     timestamptz not null default clock_timestamp()
);
create index if not exists operations_of_a_payment on operations (payment_id);
create index if not exists operations_in_reading_order on operations (transaction_id, position);

grant select, insert on payments, operations to provider_service;

-- The auditor may read the provider's books.
grant select on all tables in schema public to auditor;
