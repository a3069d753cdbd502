import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import {
  checkoutsOfATest,
  events,
  note,
  records,
  schema,
  TIMEOUT_MS,
  topic,
  topicsYaml,
} from './cases/checkout.ts'

const refused = fileURLToPath(new URL('./cases/refused', import.meta.url))

const { empty, merged } = checkoutsOfATest(afterEach)

describe('a breaking change is refused', { timeout: TIMEOUT_MS }, () => {
  const fixtures = readdirSync(refused, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  const read = (name: string, file: string) => readFileSync(`${refused}/${name}/${file}`, 'utf8')

  it('with at least one case for each level and format', () => {
    const levels = ['backward', 'forward', 'full'].flatMap((level) => [
      level,
      `${level}-transitive`,
    ])
    const wanted = ['avro', 'protobuf'].flatMap((format) =>
      levels.map((level) => `${format}-${level}`),
    )
    expect(fixtures.map(({ name }) => name.split('.')[0])).toEqual(expect.arrayContaining(wanted))
  })

  it.each(fixtures.map(({ name }) => name))('%s', async (name) => {
    const [format = '', ...level] = (name.split('.')[0] ?? '').split('-')
    const compatibility = level.join('_').toUpperCase()
    const versions = readdirSync(`${refused}/${name}`)
      .filter((file) => /^\d/.test(file))
      .sort()
    const last = versions.at(-1) ?? ''
    const earlier = versions.slice(0, -1).map((file) => [`${events}/${file}`, read(name, file)])
    const checkout = empty().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: { format, compatibility } }),
      'adr/0001-levels.md': '',
      ...Object.fromEntries(earlier),
    })
    checkout.commit('the published versions')
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 0 })
    checkout.write({ [`${events}/${last}`]: read(name, last) })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain(read(name, 'refused.txt').trim())
    expect(said).toContain('billing (consumers of parcels.parcel.v1)')
    expect(said).toContain('npm run contracts -- rollout ')
    expect(code).toBe(1)
  })
})

describe('a compatible change passes', { timeout: TIMEOUT_MS }, () => {
  it('committed or not', async () => {
    const checkout = merged().write({
      [`${events}/3.avsc`]: schema(note, { ...note, name: 'door' }),
    })
    const uncommitted = await checkout.check('--base', 'main')
    expect(uncommitted).toMatchObject({ code: 0 })
    expect(uncommitted.said).toContain('3 versions, 3 pairs compared')
    expect(await checkout.commit('a third version').check('--base', 'main')).toMatchObject({
      code: 0,
    })
  })

  it('and so does a new topic', async () => {
    const checkout = merged().write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {}, 'parcels.damage.v1': {} }),
      'contracts/events/parcels.damage.v1/1.avsc': schema(),
    })
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 0 })
  })
})

describe('a withdrawn promise is refused', { timeout: TIMEOUT_MS }, () => {
  const entry = (change: Readonly<Record<string, unknown>>) => ({
    'contracts/topics.yaml': topicsYaml({ [topic]: change }),
  })

  it.each([
    [
      'an edited past version',
      { [`${events}/1.avsc`]: schema({ ...note, name: 'door' }) },
      'version 1 is edited',
    ],
    [
      'an edited newest version',
      { [`${events}/2.avsc`]: schema(note, { ...note, name: 'door' }) },
      'version 2 is edited',
    ],
    ['a deleted newest version', { [`${events}/2.avsc`]: undefined }, 'version 2 is deleted'],
    ['a deleted past version', { [`${events}/1.avsc`]: undefined }, 'version 1 is deleted'],
    [
      'a renamed topic',
      { 'contracts/topics.yaml': topicsYaml({ 'parcels.parcel.v2': {} }) },
      'the topic is deleted',
    ],
    [
      'a schema of no topic',
      { 'contracts/events/parcels.lost.v1/1.avsc': schema() },
      'belongs to no topic',
    ],
    ['a skipped version', { [`${events}/4.avsc`]: schema(note) }, 'has 1.avsc, 2.avsc, 4.avsc'],
    ['edited records', { [`${records}/1.json`]: '[1]' }, 'records of version 1 are edited'],
    ['deleted records', { [`${records}/1.json`]: undefined }, 'records of version 1 are deleted'],
    ['another format', entry({ format: 'protobuf' }), '`format` changes from avro to protobuf'],
    ['another key', entry({ key: 'sender id' }), '`key` changes from parcel id to sender id'],
    [
      'another field of the key',
      entry({ keyField: 'note' }),
      '`keyField` changes from parcelId to note',
    ],
    ['fewer partitions', entry({ partitions: 3 }), '`partitions` changes from 4 to 3'],
    ['more partitions', entry({ partitions: 8 }), '`partitions` changes from 4 to 8'],
    ['a lowered level', entry({ compatibility: 'FULL' }), 'lowered from FULL_TRANSITIVE to FULL'],
    ['less history', entry({ retentionMs: 3_600_000 }), '`retentionMs` changes from -1 to 3600000'],
    ['compaction', entry({ cleanup: 'compact' }), '`cleanup` changes from delete to compact'],
    [
      'a prefix that hides topics',
      {
        'contracts/topics.yaml': JSON.stringify({
          ...JSON.parse(topicsYaml({ [topic]: {} })),
          ungoverned: [{ prefix: 'parcels.', owner: 'a tool', reason: 'it makes topics' }],
        }),
      },
      'the prefix `parcels.` covers parcels.parcel.v1',
    ],
    [
      'an acknowledgement in the entry of a new topic',
      {
        'contracts/topics.yaml': topicsYaml({
          [topic]: {},
          'parcels.damage.v1': {
            acknowledged: [
              { property: 'retentionMs', from: 1, to: -1, reason: 'new', date: '2026-11-30' },
            ],
          },
        }),
        'contracts/events/parcels.damage.v1/1.avsc': schema(),
      },
      'does not fit the change: `retentionMs` was not promised and is -1',
    ],
    ['other control rows', entry({ control: true }), '`control` changes from false to true'],
    [
      'a type that Flink reads wrongly',
      {
        [`${events}/3.avsc`]: schema(note, {
          name: 'at',
          type: ['null', { type: 'long', logicalType: 'timestamp-micros' }],
          default: null,
        }),
      },
      'at: type timestamp-micros',
    ],
    [
      'a type that Flink cannot write',
      {
        [`${events}/3.avsc`]: schema(note, {
          name: 'kind',
          type: { type: 'enum', name: 'Kind', symbols: ['A'] },
          default: 'A',
        }),
      },
      'kind: type enum',
    ],
  ])('%s', async (_name, files, refusal) => {
    const { code, said } = await merged().write(files).check('--base', 'main')
    expect(said).toContain(refusal)
    expect(code).toBe(1)
  })

  it('an edit that would be refused as a new version is reported at once', async () => {
    const files = { [`${events}/2.avsc`]: schema({ name: 'note', type: 'string' }) }
    const { said } = await merged().write(files).check('--base', 'main')
    expect(said).toContain('put the change into version 3')
    expect(said).toContain(
      'also as version 3: `note` is new and has no default (version 3 against 1',
    )
  })

  it('but a level may be lowered by a new decision that the entry names', async () => {
    const reason = 'its readers were asked: adr/0002'
    const lowered = entry({ compatibility: 'BACKWARD', compatibilityReason: reason })
    const checkout = merged().write(lowered)
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 1 })
    checkout.write({
      'adr/0002-parcels-are-read-forward.md': 'Who reads them, and why it is enough.',
    })
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 0 })
  })

  it('and not by a decision that existed before', async () => {
    const lowered = entry({ compatibility: 'BACKWARD', compatibilityReason: 'see adr/0001' })
    expect(await merged().write(lowered).check('--base', 'main')).toMatchObject({ code: 1 })
  })

  it('nor by an old decision in which one blank line changed', async () => {
    const lowered = entry({ compatibility: 'BACKWARD', compatibilityReason: 'see adr/0001' })
    const checkout = merged().write({
      ...lowered,
      'adr/0001-levels.md': 'FULL_TRANSITIVE everywhere\n',
    })
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 1 })
  })

  it('and the readers of the base are named, though the entry names none any more', async () => {
    const checkout = merged().write({
      ...entry({ consumers: [] }),
      [`${events}/3.avsc`]: schema(note, { name: 'weight', type: 'string' }),
    })
    const { said } = await checkout.check('--base', 'main')
    expect(said).toContain('billing (consumers of parcels.parcel.v1)')
  })

  it('but what a new entry acknowledges passes, once', async () => {
    const day = new Date().toISOString().slice(0, 10)
    const change = { property: 'retentionMs', from: -1, to: 3_600_000 }
    const acknowledged = [{ ...change, reason: 'billing was asked', date: day }]
    const shorter = entry({ retentionMs: 3_600_000, acknowledged })
    const checkout = merged().write(shorter)
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 0 })
    checkout.commit('a shorter history').git('branch', '--force', 'main')
    checkout.write(entry({ acknowledged })).commit('the whole history')
    checkout.git('branch', '--force', 'main')
    expect(await checkout.write(shorter).check('--base', 'main')).toMatchObject({ code: 1 })
  })
})
