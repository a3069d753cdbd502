import type { AvroRecord } from '@tenseams/codec/avro'
import { describe, expect, it } from 'vitest'
import { staleFiles, typesOf } from './generate.ts'

const schema: AvroRecord = {
  type: 'record',
  name: 'Thing',
  doc: 'A thing.',
  fields: [
    { name: 'id', type: 'long', doc: 'Its number.' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'note', type: ['null', 'string'] },
    { name: 'marks', type: { type: 'array', items: ['null', 'int'] } },
    {
      name: 'made',
      type: [
        'null',
        { type: 'record', name: 'ThingMade', fields: [{ name: 'good', type: 'boolean' }] },
      ],
    },
  ],
}

describe('generated types', () => {
  it('give each record a named, readonly type', () => {
    const file = 'contracts/events/shop.thing.v1/3.avsc'
    expect(typesOf({ topic: '', version: 3, format: 'avro', file, text: '', schema })).toBe(
      `// Generated from contracts/events/shop.thing.v1/3.avsc by \`npm run contracts -- generate\`. Do not edit.

export type ThingMade = {
  readonly good: boolean
}

/** A thing. */
export type Thing = {
  /** Its number. */
  readonly id: bigint
  readonly at: number
  readonly note: string | null
  readonly marks: readonly (number | null)[]
  readonly made: ThingMade | null
}
`,
    )
  })

  it('are fresh in the repository', () => {
    expect(staleFiles()).toEqual([])
  })
})
