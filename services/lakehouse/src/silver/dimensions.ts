import type { CapturedColumn, CapturedTable } from './history-table.ts'

const text = (name: string): CapturedColumn => ({
  ...{ name, type: 'string', from: `image->>'${name}'` },
})

/** Bytes are base64 in the JSON of a row image (`raw-change-table.ts`). */
const bytes = (name: string): CapturedColumn => ({
  ...{ name, type: 'binary', from: `from_base64(image->>'${name}')` },
})

const long = (name: string): CapturedColumn => ({
  ...{ name, type: 'long', from: `(image->>'${name}')::BIGINT` },
})

const time = (name: string): CapturedColumn => ({
  ...{ name, type: 'timestamptz', from: `(image->>'${name}')::TIMESTAMPTZ` },
})

/** The captured tables whose history silver holds. Personal data arrives as ciphertext and stays ciphertext. */
export const capturedTables: readonly CapturedTable[] = [
  {
    name: 'customers',
    topic: 'cdc.shop.catalogue.customers',
    key: 'customer_id',
    columns: [text('segment'), bytes('name_cipher'), bytes('email_cipher'), time('updated_at')],
    gates: [{ reason: 'no-segment', rejects: `op <> 'd' AND coalesce(segment, '') = ''` }],
  },
  {
    name: 'products',
    topic: 'cdc.shop.catalogue.products',
    key: 'sku',
    columns: [text('name'), long('price_minor'), text('currency'), time('updated_at')],
    gates: [
      { reason: 'negative-money', rejects: 'price_minor < 0' },
      { reason: 'no-currency', rejects: `NOT regexp_full_match(currency, '[A-Z]{3}')` },
    ],
  },
]
