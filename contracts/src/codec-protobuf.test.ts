import { UndecodableError } from '@tenseams/codec/errors'
import { protobufWire } from '@tenseams/codec/protobuf-wire'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import type { ShipmentEvent } from '../generated/fulfilment.shipment.v1.ts'
import { openCodec } from './codec.ts'
import { currentSchema } from './schemas.ts'

const topic = 'fulfilment.shipment.v1'
const { text } = currentSchema(topic)
const wire = protobufWire(text)

const dispatched: ShipmentEvent = {
  eventId: 'e-1',
  streamId: 'ø-1 – 注文 🚚',
  version: 1n,
  type: 'ShipmentDispatched',
  occurredAt: 1_700_000_000_123n,
  traceparent: null,
  dispatched: { shipmentId: 's-1', paymentId: '' },
  recalled: null,
}
const recalled: ShipmentEvent = {
  ...dispatched,
  type: 'ShipmentRecalled',
  traceparent: '',
  dispatched: null,
  recalled: { shipmentId: 's-1', reason: 'changed my mind' },
}

/** As Confluent's serialisers frame it: magic byte, schema id 7, message index, Protobuf. */
const framed = (body: Uint8Array, index: readonly number[] = [0]): Buffer =>
  Buffer.concat([Buffer.of(0, 0, 0, 0, 7, ...index), body])

async function decode(bytes: Buffer, writerText = text, format: 'avro' | 'protobuf' = 'protobuf') {
  // Nothing listens at this address, so only learned schemas are known.
  const codec = openCodec('http://127.0.0.1:1', 2_000)
  codec.learn(7, writerText, format)
  return (await codec.decode<ShipmentEvent>(topic, bytes)).value
}

const refusal = async (bytes: Buffer, writerText?: string, format?: 'avro' | 'protobuf') => {
  const error: unknown = await decode(bytes, writerText, format).then(
    (value) => value,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UndecodableError)
  return String(error)
}

describe('the codec, on a Protobuf topic', () => {
  test.each([2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n, 0n, 2n ** 32n, -(2n ** 31n)])(
    'keeps all 64 bits of %d',
    async (version) => {
      const event = { ...dispatched, version, occurredAt: -version - 1n }
      expect(await decode(framed(wire.toBuffer(event)))).toEqual(event)
    },
  )

  test('keeps unicode, empty strings, nulls, and each branch', async () => {
    expect(await decode(framed(wire.toBuffer(dispatched)))).toEqual(dispatched)
    expect(await decode(framed(wire.toBuffer(recalled)))).toEqual(recalled)
  })

  test('reads a record without its default values, as other languages write it', async () => {
    const envelope = protobuf.parse(text).root.lookupType('ShipmentEvent')
    const bytes = envelope.encode({ type: 'ShipmentRecalled', recalled: {} }).finish()
    expect(await decode(framed(bytes))).toEqual({
      eventId: '',
      streamId: '',
      version: 0n,
      type: 'ShipmentRecalled',
      occurredAt: 0n,
      traceparent: null,
      dispatched: null,
      recalled: { shipmentId: '', reason: '' },
    })
  })

  test('skips fields and branches of a newer contract', async () => {
    const newer = text
      .replace('ShipmentRecalled recalled = 8;', '$&\n  ShipmentLost lost = 9;\n  string by = 10;')
      .replace('message ShipmentRecalled {', '$&\n  repeated int64 weights = 3;')
      .concat('message ShipmentLost { string where = 1; }')
    const envelope = protobuf.parse(newer).root.lookupType('ShipmentEvent')
    const { traceparent: _, dispatched: __, ...known } = recalled
    const grown = { ...known, version: 2, occurredAt: 3, by: 'x', traceparent: '' }
    const more = { ...recalled.recalled, weights: [1, 2] }
    const bytes = envelope.encode({ ...grown, recalled: more }).finish()
    expect(await decode(framed(bytes), newer)).toEqual({ ...recalled, version: 2n, occurredAt: 3n })

    const lost = { ...grown, type: 'ShipmentLost', recalled: null, lost: { where: 'here' } }
    const value = await decode(framed(envelope.encode(lost).finish()), newer)
    expect(value).toMatchObject({ type: 'ShipmentLost', dispatched: null, recalled: null })
  })

  test('refuses every message index except that of the first message', async () => {
    const body = wire.toBuffer(dispatched)
    // None, as the registry's JavaScript client writes it; the second message; the first one in a longer encoding.
    for (const index of [[], [2, 2], [2, 0], [0x80, 0]]) {
      expect(await refusal(framed(body, index)), `${index}`).toContain('message index')
    }
  })

  test('refuses a payload that is truncated anywhere', async () => {
    const bytes = framed(wire.toBuffer(dispatched))
    for (let length = 0; length < bytes.length; length++) await refusal(bytes.subarray(0, length))
  })

  test('refuses a record of another contract', async () => {
    const bytes = framed(wire.toBuffer(dispatched))
    const foreign = text.replace('package tenseams.fulfilment', 'package tenseams.stock')
    expect(await refusal(bytes, foreign)).toContain('schema 7 is not of')
    const avro = currentSchema('orders.order.v1').text
    expect(await refusal(bytes, avro, 'avro')).toContain('schema 7 is not of')
  })

  test.each([
    ['version has wire type 2', '1a0131'],
    ['shipmentId has wire type 0', '3a020801'],
    ['eventId is not UTF-8', '0a02c328'],
    ['type is missing', '0a0131'],
    ['dispatched is missing', `2212${Buffer.from('ShipmentDispatched').toString('hex')}`],
    ['recalled is set', `2212${Buffer.from('ShipmentDispatched').toString('hex')}3a004200`],
    ['invalid wire type', '7f'],
  ])('refuses a record, because %s', async (mistake, hex) => {
    expect(await refusal(framed(Buffer.from(hex, 'hex')))).toContain(mistake)
  })

  test.each([
    ['ShipmentEvent.version: long', { version: 1 }],
    ['ShipmentEvent.version: long', { version: 2n ** 63n }],
    ['ShipmentEvent.eventId: string', { eventId: null }],
    ['ShipmentEvent.eventId: string', { eventId: '\ud800' }],
    ['ShipmentEvent.dispatched.paymentId: string', { dispatched: { shipmentId: '' } }],
    ['dispatched is missing', { dispatched: null }],
    ['recalled is set', { recalled: { shipmentId: '', reason: '' } }],
  ])('refuses to encode a value that does not fit: %s', (mistake, wrong) => {
    expect(() => wire.toBuffer({ ...dispatched, ...wrong })).toThrow(mistake)
  })
})
