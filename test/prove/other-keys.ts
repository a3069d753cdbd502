import type { Stack } from '@tenseams/local/stack'
import { eventually } from '@tenseams/local/wait'
import type pg from 'pg'

const CONNECTOR = 'outbox'
const EVENT_TABLES = ['orders.events', 'payments.events', 'control.events'] as const
const COLUMNS = 'position, event_id, stream_id, version, type, topic, partition, payload'

/** Lets the router take its keys from another column. Events that are written from now on have them. */
export async function keyByColumn(stack: Stack, column: string): Promise<void> {
  await whileStopped(stack, async () => undefined, column)
}

/**
 * Keys by the customer's account: a column that a trigger fills when an event is written, with the account that the
 * order's customer has at that moment.
 */
export async function keyByAccount(stack: Stack, pool: pg.Pool): Promise<void> {
  await whileStopped(stack, () => addAccountKey(pool), 'account_key')
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

/** No event must be on its way while tables and settings change. */
async function whileStopped(
  { endpoints: { connectUrl } }: Stack,
  change: () => Promise<void>,
  column: string,
): Promise<void> {
  const url = `${connectUrl}/connectors/${CONNECTOR}`
  await ask(`${url}/stop`, 'PUT')
  await untilState(url, 'STOPPED')
  await change()
  const configuration = (await ask(`${url}/config`, 'GET')) as Readonly<Record<string, string>>
  await ask(`${url}/config`, 'PUT', {
    ...configuration,
    'transforms.outbox.table.field.event.key': column,
  })
  await ask(`${url}/resume`, 'PUT')
  await untilState(url, 'RUNNING')
}

async function untilState(url: string, state: string): Promise<void> {
  const isThere = async () => {
    const status = (await ask(`${url}/status`, 'GET')) as {
      readonly connector: { readonly state: string }
      readonly tasks: readonly { readonly state: string }[]
    }
    const tasks = status.tasks.map((task) => task.state)
    if (status.connector.state !== state) return false
    return state === 'STOPPED' ? tasks.length === 0 : tasks.length > 0 && tasks[0] === state
  }
  await eventually(isThere, { timeoutMs: 60_000, what: `the connector to be ${state}` })
}

async function ask(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answers ${response.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
