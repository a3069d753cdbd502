-- Database `provider`: the ledger of the simulated payment provider, another company's, which we only reach by HTTP.
create table if not exists charges (
  payment_id      uuid        primary key,
  idempotency_key text        not null unique,
  request_hash    bytea       not null,
  reference       text        not null,
  amount_minor    bigint      not null check (amount_minor > 0),
  currency        text        not null,
  method          text        not null,
  outcome         text        not null check (outcome in ('captured', 'declined')),
  reason          text,
  recorded_at     timestamptz not null default clock_timestamp()
);
grant select, insert on charges to provider_service;
