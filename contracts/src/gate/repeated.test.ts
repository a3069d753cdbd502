import { describe, expect, it } from 'vitest'
import { note, schema, topic } from './cases/checkout.ts'
import { repeatedVersions } from './repeated.ts'

const parcels = {
  ...({ name: topic, compatibility: 'BACKWARD', keyField: 'parcelId' } as const),
  ...{ control: false, consumers: [] },
}

function repeated(format: 'avro' | 'protobuf', ...texts: readonly string[]): readonly string[] {
  const versions = texts.map((text, index) => {
    return { topic, version: index + 1, file: `${index + 1}`, text }
  })
  return repeatedVersions({ ...parcels, format }, versions, () => false).map(({ what }) => what)
}

const sameAs = (version: number, earlier: number) =>
  `version ${version} is the same schema as version ${earlier}`

describe('a schema that an earlier version has', () => {
  it.each([
    ['in the same bytes', schema()],
    ['with other white space', JSON.stringify(JSON.parse(schema()), undefined, 4)],
    [
      'with its members in another order',
      '{"fields":[{"type":"string","name":"parcelId"}],"namespace":"tenseams.parcels","name":"Parcel","type":"record"}',
    ],
    [
      'with a full name',
      '{"type":"record","name":"tenseams.parcels.Parcel","fields":[{"name":"parcelId","type":{"type":"string"}}]}',
    ],
  ])('is refused %s', (_how, text) => {
    expect(repeated('avro', schema(), schema(note), text)).toEqual([sameAs(3, 1)])
  })

  it.each([
    ['documentation', { ...note, doc: 'for the carrier' }],
    ['an alias', { ...note, aliases: ['remark'] }],
    ['another default', { ...note, type: 'string', default: '' }],
    ['another name', { ...note, name: 'door' }],
  ])('is another one with %s', (_what, field) => {
    expect(repeated('avro', schema(note), schema(field))).toEqual([])
  })

  it('is another one with another large default', () => {
    const count = (value: string) =>
      schema({ name: 'count', type: 'long', default: 1 }).replace(
        '"default":1',
        `"default":${value}`,
      )
    expect(repeated('avro', count('9007199254740992'), count('9007199254740993'))).toEqual([])
  })

  it('is refused in Protobuf, too, but not with another comment', () => {
    const file = (fields: string) =>
      `syntax = "proto3";\npackage parcels.v1;\nmessage Parcel {\n${fields}\n}`
    const older = file('string parcel_id = 1;')
    expect(repeated('protobuf', older, file('  string   parcel_id=1 ;'))).toEqual([sameAs(2, 1)])
    expect(repeated('protobuf', older, file('// Its number.\nstring parcel_id = 1;'))).toEqual([])
  })

  it('is left alone where both are published', () => {
    const versions = [1, 2].map((version) => ({
      topic,
      version,
      file: `${version}`,
      text: schema(),
    }))
    expect(repeatedVersions({ ...parcels, format: 'avro' }, versions, () => true)).toEqual([])
  })
})
