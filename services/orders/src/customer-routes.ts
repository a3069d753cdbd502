import { randomBytes } from 'node:crypto'
import { unavailable } from '@tenseams/event-store/errors'
import { problems } from '@tenseams/service/api'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { Type } from 'typebox'
import { v7 as uuidv7 } from 'uuid'
import { seal, unseal } from './customers.ts'

const customer = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  email: Type.String({ minLength: 3, maxLength: 200, pattern: '^[^@\\s]+@[^@\\s]+$' }),
  segment: Type.Union([Type.Literal('consumer'), Type.Literal('business')]),
}

const CustomerBody = Type.Object(customer, { additionalProperties: false })
const CustomerParams = Type.Object({ customerId: Type.String({ format: 'uuid' }) })
const CustomerAnswer = Type.Object({ ...CustomerParams.properties, ...customer })

const registering = {
  summary: 'Registers a customer',
  body: CustomerBody,
  response: { 201: CustomerParams, ...problems(400, 413, 415) },
}

const reading = {
  summary: 'Shows a customer',
  params: CustomerParams,
  response: { 200: CustomerAnswer, ...problems(400, 404, 410) },
}

const erasing = {
  summary: 'Erases a customer permanently',
  description: 'The key of the personal data is destroyed. Idempotent.',
  params: CustomerParams,
  response: { 204: Type.Null({ description: 'Erased.' }), ...problems(400) },
}

export type CustomerRoutes = { readonly shop: pg.Pool; readonly vault: pg.Pool }

/**
 * Customers: nothing else stores personal data. The key is written to the vault first; a crash before the row is written
 * leaves a key that decrypts nothing. Erasing destroys the key, which leaves ciphertext wherever a copy of it is.
 */
export function customerRoutes(server: Server, { shop, vault }: CustomerRoutes): void {
  server.post('/customers', { schema: registering }, async (request, reply) => {
    const customerId = uuidv7()
    const key = randomBytes(32)
    const { name, email, segment } = request.body
    await ask(vault, 'insert into customer_keys (customer_id, key) values ($1, $2)', [
      customerId,
      key,
    ])
    await ask(
      shop,
      `insert into catalogue.customers (customer_id, segment, name_cipher, email_cipher)
       values ($1, $2, $3, $4)`,
      [customerId, segment, seal(key, name), seal(key, email)],
    )
    return reply.code(201).header('location', `/customers/${customerId}`).send({ customerId })
  })

  server.get('/customers/:customerId', { schema: reading }, async (request, reply) => {
    const { customerId } = request.params
    const [row] = await ask<CustomerRow>(
      shop,
      'select segment, name_cipher, email_cipher from catalogue.customers where customer_id = $1',
      [customerId],
    )
    const [kept] = await ask<{ key: Buffer }>(
      vault,
      'select key from customer_keys where customer_id = $1',
      [customerId],
    )
    if (row === undefined) return sendProblem(reply, unknownCustomer(customerId))
    if (kept === undefined) return sendProblem(reply, erasedCustomer(customerId))
    const name = unseal(kept.key, row.name_cipher)
    const email = unseal(kept.key, row.email_cipher)
    return reply.send({ customerId, segment: row.segment, name, email })
  })

  server.delete('/customers/:customerId', { schema: erasing }, async (request, reply) => {
    await ask(vault, 'delete from customer_keys where customer_id = $1', [
      request.params.customerId,
    ])
    return reply.code(204).send(null)
  })
}

type CustomerRow = {
  readonly segment: 'consumer' | 'business'
  readonly name_cipher: Buffer
  readonly email_cipher: Buffer
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

const unknownCustomer = (customerId: string) =>
  problem('customer-unknown', 404, 'No such customer', `There is no customer ${customerId}.`)

const erasedCustomer = (customerId: string) =>
  problem('customer-erased', 410, 'The customer was erased', `The key of ${customerId} is gone.`)
