import { describe, expect, it } from 'vitest'
import { currentSchema } from './schemas.ts'
import { parseTopics, readTopic, readTopics } from './topics.ts'

const good = `
topics:
  shop.thing.v1:
    owner: shop
    key: thing id
    keyField: thingId
    invariant: one thing, one order of events
    partitions: 4
    retentionMs: -1
    cleanup: delete
    format: avro
    compatibility: FULL_TRANSITIVE
    compatibilityReason: it is re-read
    deadLetter: shop.thing.v1.dead-letter
    control: true
    consumers: [other]
`

describe('topics.yaml', () => {
  it('is parsed to topics with their promises', () => {
    expect(parseTopics(good)).toEqual([
      {
        name: 'shop.thing.v1',
        owner: 'shop',
        key: 'thing id',
        keyField: 'thingId',
        invariant: 'one thing, one order of events',
        partitions: 4,
        retentionMs: -1,
        cleanup: 'delete',
        format: 'avro',
        compatibility: 'FULL_TRANSITIVE',
        compatibilityReason: 'it is re-read',
        deadLetter: 'shop.thing.v1.dead-letter',
        control: true,
        consumers: ['other'],
      },
    ])
  })

  it('is refused with every mistake at once', () => {
    const bad = good
      .replace('partitions: 4', 'partitions: 0')
      .replace('compatibility: FULL_TRANSITIVE', 'compatibility: NONE')
      .replace('owner: shop', 'ownr: shop')
    expect(() => parseTopics(bad)).toThrow(
      [
        'contracts/topics.yaml cannot be used:',
        '  shop.thing.v1.owner: text is expected',
        '  shop.thing.v1.partitions: a whole number from 1 to 1000 is expected',
        '  shop.thing.v1.compatibility: BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE is expected',
        '  shop.thing.v1.ownr: is not known',
      ].join('\n'),
    )
  })

  it.each(['', 'topics:', 'topics: {}', 'topics: [a]', '{'])('is refused when it is %j', (yaml) => {
    expect(() => parseTopics(yaml)).toThrow('contracts/topics.yaml')
  })

  it('is refused with a topic name without a version', () => {
    const named = good.replaceAll('shop.thing.v1', 'shop.thing')
    expect(() => parseTopics(named)).toThrow('shop.thing: a name like domain.thing.v1 is expected')
  })

  it('is refused with a name that Kafka has no room for with its dead letters', () => {
    const named = (length: number) =>
      good.replaceAll('shop.thing.v1', `shop.${'x'.repeat(length - 8)}.v1`)
    expect(parseTopics(named(237))).toHaveLength(1)
    expect(() => parseTopics(named(238))).toThrow('237 characters')
  })

  it('is refused with two topics whose table in the lake has the same name', () => {
    const entry = good.replace('\ntopics:\n', '')
    const both = `${good}${entry.replaceAll('shop.thing.v1', 'shop-thing.v1')}`
    const three = both
      .replaceAll('shop-thing.v1', 'shop-a.thing.v1')
      .replaceAll('shop.thing.v1', 'shop.a-thing.v1')
    expect(() => parseTopics(three)).toThrow(
      'shop-a.thing.v1: has the table shop_a_thing_v1 in the lake, like shop.a-thing.v1',
    )
  })

  it.each(['[""]', '["lakehouse "]', '[Lakehouse]', '["a, b"]', '[other, other]'])(
    'is refused with the consumers %s',
    (consumers) => {
      const named = good.replace('[other]', consumers)
      expect(() => parseTopics(named)).toThrow('shop.thing.v1.consumers: a list of')
    },
  )

  it('is refused with something beside topics that nobody reads', () => {
    expect(() => parseTopics(`${good}\nungovernd: []\n`)).toThrow('`ungovernd` is not known')
    expect(parseTopics(`${good}\nungoverned: []\n`)).toHaveLength(1)
  })

  it('refuses a lookup of an unknown topic', () => {
    expect(() => readTopic('no.such.v1')).toThrow('has no topic no.such.v1')
  })
})

describe.each(readTopics().map((topic) => [topic.name, topic] as const))('%s', (name, topic) => {
  it('has its key in its schema', () => {
    const fields = currentSchema(name).schema.fields.map((field) => field.name)
    expect(fields).toContain(topic.keyField)
  })
})
