-- Database `vault`: one key per customer, nothing else. Deleting a row erases the customer everywhere.
create table if not exists customer_keys (
  customer_id uuid        primary key,
  key         bytea       not null check (length(key) = 32),
  created_at  timestamptz not null default clock_timestamp()
);
grant select, insert, delete on customer_keys to vault_service;
