import { createServer, type RequestListener } from 'node:http'
import { avroType } from '@tenseams/codec/avro-long'
import { Codec } from '@tenseams/codec/codec'
import {
  ContractNotPublishedError,
  RegistryUnavailableError,
  UndecodableError,
} from '@tenseams/codec/errors'
import { schemaIdOf } from '@tenseams/codec/frame'
import { describe, expect, test } from 'vitest'
import type { OrderEvent } from '../generated/orders.order.v1.ts'
import { currentSchema } from './schemas.ts'

const topic = 'orders.order.v1'
const { text } = currentSchema(topic)
// Nothing listens at this address, so only learned schemas are known.
const nowhere = { registryUrl: 'http://127.0.0.1:1', timeoutMs: 2_000, contractOf: currentSchema }

const event: OrderEvent = {
  eventId: 'e-1',
  streamId: 'ø-1',
  version: 2n ** 53n + 1n,
  type: 'OrderConfirmed',
  occurredAt: 1_700_000_000_123,
  traceparent: null,
  placed: null,
  confirmed: { paymentId: '', amountMinor: -(2n ** 63n), currency: 'EUR' },
  rejected: null,
  cancelled: null,
  completed: null,
  refunded: null,
}

const framed = (schemaId: number, value: OrderEvent): Buffer => {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(schemaId, 1)
  return Buffer.concat([header, avroType(text).toBuffer(value)])
}

describe('the codec', () => {
  test('keeps all 64 bits of a long, milliseconds, unicode, empty strings and nulls', async () => {
    const codec = new Codec(nowhere)
    codec.learn(7, text)
    const bytes = framed(7, event)
    expect(schemaIdOf(bytes)).toBe(7)
    expect(await codec.decode<OrderEvent>(topic, bytes)).toEqual({ schemaId: 7, value: event })
  })

  test('reads a record of an older version: a branch that the older version lacks is null', async () => {
    const older = JSON.parse(text) as { fields: { name: string }[] }
    const fields = older.fields.filter((field) => field.name !== 'rejected')
    const olderText = JSON.stringify({ ...older, fields })
    const { rejected: _, ...known } = event
    const codec = new Codec(nowhere)
    codec.learn(3, olderText)
    const bytes = Buffer.concat([
      framed(3, event).subarray(0, 5),
      avroType(olderText).toBuffer(known),
    ])
    expect((await codec.decode<OrderEvent>(topic, bytes)).value).toEqual(event)
  })

  test('refuses undecodable bytes, so that they become a dead letter', async () => {
    const codec = new Codec(nowhere)
    codec.learn(7, text)
    const undecodable = [
      null,
      Buffer.alloc(0),
      Buffer.from('{"json":true}'),
      framed(7, event).subarray(0, 12),
    ]
    for (const bytes of undecodable) {
      await expect(codec.decode(topic, bytes)).rejects.toThrow(UndecodableError)
    }
  })

  test('reports an outage of the registry as an outage, not as an undecodable record', async () => {
    const codec = new Codec(nowhere)
    await expect(codec.decode(topic, framed(8, event))).rejects.toThrow(RegistryUnavailableError)
  })

  test.each([topic, 'fulfilment.shipment.v1'])(
    'distinguishes a contract of %s that is not published from a registry that fails',
    async (name) => {
      const absent = await answering(404, { error_code: 40_401 }, (codec) => codec.encoder(name))
      expect(absent).toBeInstanceOf(ContractNotPublishedError)
      const failing = await answering(500, { error_code: 50_001 }, (codec) => codec.encoder(name))
      expect(failing).toBeInstanceOf(RegistryUnavailableError)
    },
  )

  test('refuses a record whose schema id the registry does not know', async () => {
    const decode = (codec: Codec) => codec.decode(topic, framed(8, event))
    expect(await answering(404, { error_code: 40_403 }, decode)).toBeInstanceOf(UndecodableError)
  })
})

/** The error with which the work fails when the registry always gives this answer. */
async function answering(
  status: number,
  body: object,
  work: (codec: Codec) => Promise<unknown>,
): Promise<unknown> {
  const answer: RequestListener = (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = Object(server.address())
  try {
    const codec = new Codec({
      registryUrl: `http://127.0.0.1:${port}`,
      timeoutMs: 2_000,
      contractOf: currentSchema,
    })
    return await work(codec).catch((error: unknown) => error)
  } finally {
    server.close()
  }
}
