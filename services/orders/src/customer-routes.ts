import { randomBytes } from 'node:crypto'
import { type KeptAnswer, readAnswer } from '@tenseams/event-store/read'
import { problems } from '@tenseams/service/api'
import {
  IdempotencyHeaders,
  idempotencyPromise,
  replayAnswer,
  requireIdempotencyKey,
} from '@tenseams/service/idempotency'
import { Id } from '@tenseams/service/ids'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type { FastifyReply } from 'fastify'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { v7 as uuidv7 } from 'uuid'
import { destroyKey, hashOf, keepKey, readCustomer, readKey, register } from './customer-store.ts'
import { unseal } from './customers.ts'
import { SCHEMA } from './log.ts'

const customer = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  email: Type.String({ minLength: 3, maxLength: 200, pattern: '^[^@\\s]+@[^@\\s]+$' }),
  segment: Type.Union([Type.Literal('consumer'), Type.Literal('business')]),
}

const CustomerBody = Type.Object(customer, { additionalProperties: false })
type CustomerBody = Static<typeof CustomerBody>
const CustomerParams = Type.Object({ customerId: Id() })
type CustomerParams = Static<typeof CustomerParams>
const CustomerAnswer = Type.Object({ ...CustomerParams.properties, ...customer })

const registering = {
  summary: 'Registers a customer',
  description: idempotencyPromise,
  headers: IdempotencyHeaders,
  body: CustomerBody,
  response: { 201: CustomerParams, ...problems(400, 410, 413, 415, 422) },
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
  server.post(
    '/customers',
    { schema: registering, preValidation: requireIdempotencyKey },
    async (request, reply) => {
      const idempotencyKey = request.headers['idempotency-key']
      const earlier = await readAnswer(shop, SCHEMA, idempotencyKey)
      if (earlier !== undefined) return replay(vault, reply, request.body, earlier)
      const customerId = uuidv7()
      const key = randomBytes(32)
      await keepKey(vault, customerId, key)
      if (await register(shop, { customerId, key, idempotencyKey }, request.body)) {
        return sendRegistered(reply, { customerId })
      }
      // A concurrent request with the same Idempotency-Key was first.
      await destroyKey(vault, customerId)
      return replay(vault, reply, request.body, await readAnswer(shop, SCHEMA, idempotencyKey))
    },
  )

  server.get('/customers/:customerId', { schema: reading }, async (request, reply) => {
    const { customerId } = request.params
    const row = await readCustomer(shop, customerId)
    const key = await readKey(vault, customerId)
    if (row === undefined) return sendProblem(reply, unknownCustomer(customerId))
    if (key === undefined) return sendProblem(reply, erasedCustomer(customerId))
    const name = unseal(key, row.name_cipher)
    const email = unseal(key, row.email_cipher)
    return reply.send({ customerId, segment: row.segment, name, email })
  })

  server.delete('/customers/:customerId', { schema: erasing }, async (request, reply) => {
    await destroyKey(vault, request.params.customerId)
    return reply.code(204).send(null)
  })
}

async function replay(
  vault: pg.Pool,
  reply: FastifyReply,
  body: CustomerBody,
  kept: KeptAnswer | undefined,
): Promise<FastifyReply> {
  if (kept === undefined || !Value.Check(CustomerParams, kept.answer)) {
    // The key was used for something else, to which no customer's hash is equal.
    return replayAnswer(reply, kept, Buffer.alloc(0), sendRegistered)
  }
  const { customerId } = kept.answer
  const key = await readKey(vault, customerId)
  if (key === undefined) return sendProblem(reply, erasedCustomer(customerId))
  return replayAnswer(reply, kept, hashOf(key, body), sendRegistered)
}

function sendRegistered(reply: FastifyReply, { customerId }: CustomerParams): FastifyReply {
  return reply.code(201).header('location', `/customers/${customerId}`).send({ customerId })
}

const unknownCustomer = (customerId: string) =>
  problem('customer-unknown', 404, 'No such customer', `There is no customer ${customerId}.`)

const erasedCustomer = (customerId: string) =>
  problem('customer-erased', 410, 'The customer was erased', `The key of ${customerId} is gone.`)
