import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import type pg from 'pg'
import { changeOutbox } from './outbox-connector.ts'

const KEY = 'transforms.outbox.table.field.event.key'
const EVENT_TABLES = ['orders.events', 'payments.events', 'control.events'] as const
const COLUMNS = 'position, event_id, stream_id, version, type, topic, partition, payload'

/** Makes the router take its keys from another column, for events that are written from now on. */
export async function keyByColumn(stack: Stack, column: string): Promise<void> {
  await changeOutbox(stack, { settings: { [KEY]: column } })
}

/**
 * Keys by the customer's account: a trigger fills a column when an event is written, with the account that the order's
 * customer has at that moment.
 */
export async function keyByAccount(stack: Stack, pool: pg.Pool): Promise<void> {
  await changeOutbox(stack, {
    settings: { [KEY]: 'account_key' },
    meanwhile: () => addAccountKey(pool),
  })
}

async function addAccountKey(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create function cdc.account_key() returns trigger language plpgsql security definer as $$
    declare customer text := coalesce(new.data->>'customerId',
      (select data->>'customerId' from orders.events where stream_id = new.stream_id and version = 1));
    begin
      new.account_key := coalesce((select account from cdc.account_of where customer_id = customer),
                                  customer, new.stream_id);
      return new;
    end $$;`)
  for (const table of EVENT_TABLES) {
    await pool.query(`
      alter table ${table} add column account_key text;
      create trigger account_key before insert on ${table}
        for each row execute function cdc.account_key();`)
  }
  const tables = EVENT_TABLES.map((table) => `${table} (${COLUMNS}, account_key)`)
  await pool.query(`alter publication outbox set table ${tables.join(', ')}, cdc.heartbeat`)
}
