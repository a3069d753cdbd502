import { createHmac } from 'node:crypto'
import { unavailable } from '@tenseams/event-store/errors'
import type pg from 'pg'
import { seal } from './customers.ts'
import { SCHEMA } from './log.ts'

type Segment = 'consumer' | 'business'

export type NewCustomer = {
  readonly name: string
  readonly email: string
  readonly segment: Segment
}

export type Registration = {
  readonly customerId: string
  /** The customer's own key, which is in the vault already. */
  readonly key: Buffer
  readonly idempotencyKey: string
}

/**
 * Writes the customer and the answer in one transaction. False when the Idempotency-Key was used before.
 *
 * @throws StoreUnavailableError, like all functions here.
 */
export async function register(
  shop: pg.Pool,
  { customerId, key, idempotencyKey }: Registration,
  customer: NewCustomer,
): Promise<boolean> {
  const written = await ask(
    shop,
    `with first as (
       insert into ${SCHEMA}.idempotency (key, request_hash, status, answer) values ($1, $2, 201, $3)
       on conflict do nothing returning key)
     insert into catalogue.customers (customer_id, segment, name_cipher, email_cipher)
     select $4, $5, $6, $7 from first returning customer_id`,
    [
      ...[idempotencyKey, hashOf(key, customer), JSON.stringify({ customerId })],
      ...[customerId, customer.segment, seal(key, customer.name), seal(key, customer.email)],
    ],
  )
  return written.length === 1
}

/**
 * Identifies what was registered. It is keyed with the customer's own key: when that is destroyed, nobody can find out
 * by trying whose data it was made of.
 */
export function hashOf(key: Buffer, { name, email, segment }: NewCustomer): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([name, email, segment]))
    .digest()
}

export type CustomerRow = {
  readonly segment: Segment
  readonly name_cipher: Buffer
  readonly email_cipher: Buffer
}

export async function readCustomer(
  shop: pg.Pool,
  customerId: string,
): Promise<CustomerRow | undefined> {
  const text =
    'select segment, name_cipher, email_cipher from catalogue.customers where customer_id = $1'
  return (await ask<CustomerRow>(shop, text, [customerId]))[0]
}

export async function keepKey(vault: pg.Pool, customerId: string, key: Buffer): Promise<void> {
  await ask(vault, 'insert into customer_keys (customer_id, key) values ($1, $2)', [
    customerId,
    key,
  ])
}

/** Undefined when it was destroyed. */
export async function readKey(vault: pg.Pool, customerId: string): Promise<Buffer | undefined> {
  const text = 'select key from customer_keys where customer_id = $1'
  return (await ask<{ key: Buffer }>(vault, text, [customerId]))[0]?.key
}

/** Erases the customer: what is stored of it anywhere cannot be read any more. Idempotent. */
export async function destroyKey(vault: pg.Pool, customerId: string): Promise<void> {
  await ask(vault, 'delete from customer_keys where customer_id = $1', [customerId])
}

async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: unknown[],
): Promise<readonly Row[]> {
  try {
    return (await pool.query<Row>(text, values)).rows
  } catch (error) {
    throw unavailable(error)
  }
}
