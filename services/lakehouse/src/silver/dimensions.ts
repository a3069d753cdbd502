import { capturedColumn } from './captured-column.ts'
import type { CapturedTable } from './history-table.ts'

/**
 * The captured tables whose history silver holds. Personal data arrives as ciphertext and stays ciphertext. The columns are a
 * contract with `deploy/postgres/shop.sql`: a change that breaks it is rejected by `captured-column.ts`.
 */
export const capturedTables: readonly CapturedTable[] = [
  {
    name: 'customers',
    topic: 'cdc.shop.catalogue.customers',
    key: 'customer_id',
    columns: [
      capturedColumn('segment', 'text'),
      capturedColumn('name_cipher', 'bytea'),
      capturedColumn('email_cipher', 'bytea'),
      capturedColumn('updated_at', 'timestamptz'),
    ],
    gates: [{ reason: 'no-segment', rejects: `op <> 'd' AND segment = ''` }],
  },
  {
    name: 'products',
    topic: 'cdc.shop.catalogue.products',
    key: 'sku',
    columns: [
      capturedColumn('name', 'text'),
      capturedColumn('price_minor', 'bigint'),
      capturedColumn('currency', 'text'),
      capturedColumn('updated_at', 'timestamptz'),
    ],
    gates: [
      { reason: 'negative-money', rejects: 'price_minor < 0' },
      { reason: 'no-currency', rejects: `NOT regexp_full_match(currency, '[A-Z]{3}')` },
    ],
  },
]
