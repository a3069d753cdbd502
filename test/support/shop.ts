import { randomUUID } from 'node:crypto'
import { openPool } from '@tenseams/event-store/pool'
import { ownerOfRole, type PostgresRole } from '@tenseams/identities/identities'
import type pg from 'pg'
import type { TestStack } from './stack.ts'

/** An order as a client sends it, at the catalogue's price; `changes` replaces properties, also with nonsense. */
export function orderBody(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    customerId: '018f0000-0000-7000-8000-000000000001',
    currency: 'EUR',
    paymentMethod: 'card',
    lines: [{ sku: 'lamp-01', quantity: 2, priceMinor: 4_900 }],
    ...changes,
  }
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** `POST /orders`; a key of its own unless one is given, none at all for null. */
export async function postOrder(
  ordersUrl: string,
  body: unknown,
  key: string | null = randomUUID(),
): Promise<Answer> {
  const response = await fetch(`${ordersUrl}/orders`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === null ? {} : { 'idempotency-key': key }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  return { status: response.status, headers: response.headers, body: await jsonOf(response) }
}

export async function getOrder(ordersUrl: string, orderId: string): Promise<Answer> {
  const response = await fetch(`${ordersUrl}/orders/${orderId}`, {
    signal: AbortSignal.timeout(20_000),
  })
  return { status: response.status, headers: response.headers, body: await jsonOf(response) }
}

async function jsonOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  return (await response.json()) as Readonly<Record<string, unknown>>
}

/** The admin's view of a database, to look behind what services say. */
export function adminPool(stack: TestStack, database = 'shop'): pg.Pool {
  return rolePool(stack, 'postgres', { database })
}

type Reached = {
  readonly database?: string
  /** Postgres itself when left out, or a proxy before it. */
  readonly at?: { readonly host: string; readonly port: number }
  /** Settings of each session, as in `-c name=value`. */
  readonly options?: string
}

/** A database as a role sees it, logged in as its service does. */
export function rolePool(
  { endpoints, secrets }: Pick<TestStack, 'endpoints' | 'secrets'>,
  role: PostgresRole,
  { database = 'shop', at = endpoints.postgres, options }: Reached = {},
): pg.Pool {
  const query = options === undefined ? '' : `?options=${encodeURIComponent(options)}`
  const url = `postgres://${role}@${at.host}:${at.port}/${database}${query}`
  return openPool({ url, credentialsFile: secrets.fileOf(ownerOfRole(role)) }, 'test')
}

/** How many orders of a customer were placed, by the log. */
export async function placedBy(pool: pg.Pool, customerId: string): Promise<number> {
  const { rows } = await pool.query<{ orders: number }>(
    `select count(*)::int as orders from orders.events where type = 'OrderPlaced' and data->>'customerId' = $1`,
    [customerId],
  )
  return rows[0]?.orders ?? 0
}
