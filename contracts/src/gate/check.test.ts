import { afterEach, describe, expect, it } from 'vitest'
import {
  checkoutsOfATest,
  events,
  note,
  schema,
  TIMEOUT_MS,
  topic,
  topicsYaml,
} from './cases/checkout.ts'

const { empty, merged } = checkoutsOfATest(afterEach)

describe('what the rest of the system cannot carry is refused', { timeout: TIMEOUT_MS }, () => {
  const optional = (name: string, type: unknown = 'string') => ({
    ...{ name, type: ['null', type], default: null },
  })
  const amount = (type: string, value: unknown) => ({ name: 'amount', type, default: value })
  const backward = {
    'contracts/topics.yaml': topicsYaml({ [topic]: { compatibility: 'BACKWARD' } }),
  }

  it.each([
    [
      'a record without fields',
      schema(note, optional('lost', { type: 'record', name: 'Lost', fields: [] })),
      'lost: Lost has no fields',
    ],
    ['a column of bronze', schema(note, optional('kafkaOffset')), 'the column kafka_offset'],
    ['a column of another field', schema(note, optional('parcel_id')), 'the column parcel_id'],
    ['an old text as the newest version', schema(), 'version 3 is the same schema as version 1'],
  ])('%s', async (_name, text, refusal) => {
    const checkout = merged().write({ [`${events}/3.avsc`]: text })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain(refusal)
    expect(code).toBe(1)
  })

  it('a field that comes back with another type, where the level compares neighbours only', async () => {
    const checkout = empty().write({
      ...backward,
      [`${events}/1.avsc`]: schema(amount('long', 0)),
      [`${events}/2.avsc`]: schema(),
      'adr/0001-levels.md': '',
    })
    checkout.commit('contracts').write({ [`${events}/3.avsc`]: schema(amount('string', '')) })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('column amount cannot change from long to string')
    expect(code).toBe(1)
  })

  it('a key that may be null', async () => {
    const file = { name: 'parcelId', type: ['null', 'string'], default: null }
    const text = JSON.stringify({ ...JSON.parse(schema()), fields: [file] })
    const checkout = merged().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {}, 'parcels.damage.v1': {} }),
      'contracts/events/parcels.damage.v1/1.avsc': text,
    })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('`parcelId` may be null')
    expect(code).toBe(1)
  })

  it('a message without fields as a branch', async () => {
    const file = (rest: string) =>
      `syntax = "proto3";\npackage parcels.v1;\nmessage Parcel { string parcel_id = 1; ${rest}`
    const checkout = empty().write({
      'contracts/topics.yaml': topicsYaml({
        [topic]: { format: 'protobuf', compatibility: 'BACKWARD' },
      }),
      [`${events}/1.proto`]: file('}'),
      'adr/0001-levels.md': '',
    })
    checkout
      .commit('contracts')
      .write({ [`${events}/2.proto`]: file('Lost lost = 2; } message Lost {}') })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('Lost has no fields')
    expect(code).toBe(1)
  })

  it.each([
    [
      'the lakehouse, which has such a column itself',
      { consumers: ['billing', 'lakehouse'] },
      'the column kafka_offset',
    ],
    [
      'control rows, for which they have no place',
      { control: true },
      'ticks and barriers cannot be written',
    ],
  ])('published versions that get %s', async (_name, change, refusal) => {
    const job = JSON.stringify({ reads: [], writes: [topic], gold: [] })
    const checkout = empty().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {} }),
      [`${events}/1.avsc`]: schema(optional('kafkaOffset')),
      'adr/0001-levels.md': '',
      'flink-jobs/parcels/job.json': job,
    })
    expect(await checkout.commit('contracts').check('--base', 'main')).toMatchObject({ code: 0 })
    checkout.write({ 'contracts/topics.yaml': topicsYaml({ [topic]: change }) })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain(refusal)
    expect(code).toBe(1)
  })

  it('but not a default that only 64 bits hold', async () => {
    const text = schema(note, amount('long', 1)).replace(
      '"default":1',
      '"default":9007199254740993',
    )
    const checkout = merged().write({ [`${events}/3.avsc`]: text })
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 0 })
  })
})

describe('one file that is not understood hides nothing', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['a schema that is not JSON', { 'contracts/events/parcels.damage.v1/1.avsc': '{' }],
    ['a schema of the same topic', { [`${events}/3.avsc`]: '{' }],
    ['a file that is no version', { [`${events}/next.avsc`]: '{}' }],
    [
      'an entry',
      {
        'contracts/topics.yaml': topicsYaml({
          [topic]: {},
          'parcels.damage.v1': { compatibility: 'NONE' },
        }),
      },
    ],
    ['topics.yaml', { 'contracts/topics.yaml': 'topics: [' }],
  ])('%s', async (_name, files) => {
    const checkout = merged().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {}, 'parcels.damage.v1': {} }),
      'contracts/events/parcels.damage.v1/1.avsc': schema(),
      [`${events}/2.avsc`]: schema(note, { ...note, name: 'door' }),
      ...files,
    })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('Undecided: ')
    expect(said).toContain('version 2 is edited')
    expect(code).toBe(1)
  })

  it('and it is said what NONE is, and what would be possible', async () => {
    const yaml = topicsYaml({ [topic]: { compatibility: 'NONE' } })
    const { said } = await merged().write({ 'contracts/topics.yaml': yaml }).check('--base', 'main')
    expect(said).toContain('NONE promises nothing')
    expect(said).toContain('BACKWARD, BACKWARD_TRANSITIVE')
  })
})
