import { describe, expect, test } from 'vitest'
import type { OrderEvent } from '../generated/orders.order.v1.ts'
import { Codec, RegistryUnavailableError, schemaIdOf, UndecodableError } from './codec.ts'
import { avroType } from './long.ts'
import { currentSchema } from './schemas.ts'

const topic = 'orders.order.v1'
const { text } = currentSchema(topic)
// Nothing listens there: whatever is not known by now is unknown.
const nowhere = { registryUrl: 'http://127.0.0.1:1', timeoutMs: 2_000 }

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

  test('reads what an older version wrote: a branch that it did not know is null', async () => {
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

  test('says that bytes are undecodable, so that they become a dead letter', async () => {
    const codec = new Codec(nowhere)
    codec.learn(7, text)
    const broken = [
      null,
      Buffer.alloc(0),
      Buffer.from('{"json":true}'),
      framed(7, event).subarray(0, 12),
    ]
    for (const bytes of broken) {
      await expect(codec.decode(topic, bytes)).rejects.toThrow(UndecodableError)
    }
  })

  test('never takes an outage of the registry for a broken record', async () => {
    const codec = new Codec(nowhere)
    await expect(codec.decode(topic, framed(8, event))).rejects.toThrow(RegistryUnavailableError)
  })
})
