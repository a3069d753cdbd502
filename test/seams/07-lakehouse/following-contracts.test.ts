import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'
import { OwnBronze } from './own-bronze.ts'

/** A contract gets a new version while the service runs: the table follows without a restart. */

const RECORDS = 40

let own: OwnBronze

beforeAll(async () => {
  own = await OwnBronze.open(await useStack())
})

afterAll(() => own.close())

type Field = Readonly<Record<string, unknown>> & { readonly name: string }

const eventId: Field = { name: 'eventId', type: 'string', doc: 'The id.' }
const size: Field = { name: 'size', type: 'int', doc: 'How large.' }
const colour: Field = { name: 'colour', type: ['null', 'string'], default: null, doc: 'Since 2.' }

function avro(...fields: readonly Field[]): string {
  const doc = 'Something that a test makes.'
  return JSON.stringify({ type: 'record', name: 'Thing', namespace: 'test', doc, fields })
}

/** Things with ids, and the given other fields. */
function things(from: number, besides: (number: number) => object): readonly object[] {
  return Array.from({ length: RECORDS }, (_, index) => ({
    eventId: `thing-${from + index}`,
    ...besides(from + index),
  }))
}

describe('a topic’s Avro contract', () => {
  test('gets a column: new rows have it, old ones are null, old writers continue', async () => {
    const topic = await own.topic('avro', avro(eventId, size))
    const first = await topic.publish(avro(eventId, size))
    const instance = own.start([topic])
    const old = things(0, (number) => ({ size: number }))
    await topic.send(old.map(first.encode))
    await topic.expectEachOnce(RECORDS)
    const second = await topic.publish(avro(eventId, size, colour))
    const grown = things(RECORDS, (number) => ({ size: number, colour: `colour-${number}` }))
    const late = things(2 * RECORDS, (number) => ({ size: number }))
    // Both in the same fetch: the batch is released and decoded again with the newer version.
    await topic.send(
      grown.flatMap((thing, index) => [second.encode(thing), first.encode(late[index])]),
    )
    await topic.expectEachOnce(3 * RECORDS)
    const rows = await topic.query(
      `SELECT colour IS NOT NULL AS grown, count(*)::INT AS rows, bool_and(colour IS NULL
         OR colour = 'colour-' || size) AS right_one FROM rows GROUP BY ALL ORDER BY 1`,
    )
    expect(rows).toEqual([
      { grown: false, rows: 2 * RECORDS, right_one: true },
      { grown: true, rows: RECORDS, right_one: true },
    ])
    expect(instance.hasEnded).toBe(false)
  })

  test('renames a column by alias and widens it: it is still the same column', async () => {
    const topic = await own.topic('avro', avro(eventId, size))
    const first = await topic.publish(avro(eventId, size))
    const instance = own.start([topic])
    await topic.send(things(0, (number) => ({ size: number })).map(first.encode))
    await topic.expectEachOnce(RECORDS)
    const sizeMm: Field = { ...size, name: 'sizeMm', type: 'long', aliases: ['size'] }
    const second = await topic.publish(avro(eventId, sizeMm))
    const large = 2n ** 40n
    const wide = things(RECORDS, (number) => ({ sizeMm: large + BigInt(number) }))
    await topic.send(wide.map(second.encode))
    await topic.expectEachOnce(2 * RECORDS)
    const rows = await topic.query('SELECT size_mm FROM rows ORDER BY size_mm')
    const number = (_: unknown, index: number) => BigInt(index)
    const expected = Array.from({ length: 2 * RECORDS }, number)
    expect(rows.map(({ size_mm }) => BigInt(String(size_mm)))).toEqual(
      expected.map((each) => (each < RECORDS ? each : large + each)),
    )
    expect(instance.hasEnded).toBe(false)
  })

  test('gets a new version unnoticed without a follower: the column is missing', async () => {
    const topic = await own.topic('avro', avro(eventId, size))
    own.start([topic], { followsNothing: true })
    const second = await topic.publish(avro(eventId, size, colour))
    await topic.send(things(0, (number) => ({ size: number, colour: 'red' })).map(second.encode))
    await topic.expectEachOnce(RECORDS)
    const [row] = await topic.query('SELECT * FROM rows LIMIT 1')
    expect(Object.keys(row ?? {})).not.toContain('colour')
  })
})

describe('a topic’s Protobuf contract', () => {
  test('gets a field: new rows have it, old ones are null', async () => {
    const proto = (...fields: readonly string[]) =>
      `syntax = "proto3";\n\npackage test.things;\n\nmessage Thing {\n  string event_id = 1;\n${fields.join('')}}\n`
    const sizeField = '  int64 size = 2;\n'
    const colourField = '  optional string colour = 3;\n'
    const topic = await own.topic('protobuf', proto(sizeField))
    const first = await topic.publish(proto(sizeField))
    const instance = own.start([topic])
    await topic.send(things(0, (number) => ({ size: BigInt(number) })).map(first.encode))
    await topic.expectEachOnce(RECORDS)
    const second = await topic.publish(proto(sizeField, colourField))
    const grown = things(RECORDS, (number) => ({
      size: BigInt(number),
      colour: `colour-${number}`,
    }))
    await topic.send(grown.map(second.encode))
    await topic.expectEachOnce(2 * RECORDS)
    const rows = await topic.query('SELECT colour FROM rows ORDER BY size')
    expect(rows.map((row) => row.colour)).toEqual(
      Array.from({ length: 2 * RECORDS }, (_, index) =>
        index < RECORDS ? null : `colour-${index}`,
      ),
    )
    expect(instance.hasEnded).toBe(false)
  })
})
