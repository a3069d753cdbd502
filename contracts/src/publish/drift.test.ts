import { describe, expect, it } from 'vitest'
import { schemaVersions } from '../schemas.ts'
import { readTopic } from '../topics.ts'
import { wantedTopics } from './broker.ts'
import { driftOf, type Promised, type RunningSubject } from './drift.ts'
import { parseUngoverned, readUngoverned } from './ungoverned.ts'

const topic = readTopic('orders.order.v1')
const subject = `${topic.name}-value`
const schemas = schemaVersions(topic.name)
const promised: Promised = {
  topics: [topic],
  brokerTopics: wantedTopics([topic]),
  schemas,
  ungoverned: readUngoverned(),
}

const asPromised: RunningSubject = {
  subject,
  level: topic.compatibility,
  versions: schemas.map(({ version }) => version),
  found: new Map(schemas.map(({ version }) => [version, version])),
}

const drifts = ({
  topics = promised.brokerTopics,
  subjects = [asPromised],
}: {
  readonly topics?: Promised['brokerTopics']
  readonly subjects?: readonly RunningSubject[]
}) => driftOf(promised, { topics, subjects })

const whats = (running: Parameters<typeof drifts>[0]) => drifts(running).map(({ what }) => what)

describe('the running broker and registry', () => {
  it('have no drift when everything is as promised', () => {
    expect(drifts({})).toEqual([])
  })

  it('may have topics and subjects that tools create for themselves', () => {
    const [own] = promised.brokerTopics
    const tools = ['__consumer_offsets', 'connect.status', 'cdc.shop.catalogue.products'].map(
      (name) => ({ ...own, name, partitions: 50, configs: {} }),
    )
    const raw = { ...asPromised, subject: 'cdc.shop.catalogue.products-key', level: undefined }
    const topics = [...promised.brokerTopics, ...tools]
    expect(drifts({ topics, subjects: [asPromised, raw] })).toEqual([])
  })

  it('have a drift for each topic that differs, dead letter topics included', () => {
    const [first, second] = promised.brokerTopics
    if (first === undefined || second === undefined) expect.fail()
    const configs = { ...first.configs, 'retention.ms': '1' }
    const unknown = { ...first, name: 'orders.order.v2' }
    expect(whats({ topics: [{ ...first, partitions: 8, configs }, unknown] })).toEqual([
      'topic orders.order.v1: 4 partitions are promised, the broker has 8',
      'topic orders.order.v1: retention.ms -1 is promised, the broker has 1',
      'topic orders.order.v1.dead-letter: the broker does not have it',
      'topic orders.order.v2: no contract has it',
    ])
  })

  it('have a drift for each subject that differs', () => {
    const [, second] = schemas
    expect(whats({ subjects: [] })).toEqual([`subject ${subject}: not in the registry`])
    const found = new Map([[1, 1]])
    const lower = { ...asPromised, level: 'NONE', versions: [1], found }
    expect(whats({ subjects: [lower] })).toEqual([
      `subject ${subject}: level FULL_TRANSITIVE is promised, the registry has NONE`,
      `subject ${subject} version 2: ${second?.file} is not published`,
    ])
    expect(whats({ subjects: [{ ...asPromised, level: undefined }] })).toEqual([
      `subject ${subject}: level FULL_TRANSITIVE is promised, the registry has none`,
    ])
  })

  it('have a drift for each version and subject that publish did not register', () => {
    const more = [...asPromised.versions, 3]
    expect(whats({ subjects: [{ ...asPromised, versions: more }] })).toEqual([
      `subject ${subject} version 3: not registered by contracts publish`,
    ])
    const between = new Map([...asPromised.found, [2, 3]])
    expect(whats({ subjects: [{ ...asPromised, versions: more, found: between }] })).toEqual([
      `subject ${subject} version 2: the registry has ${schemas[1]?.file} as version 3`,
      `subject ${subject} version 2: not registered by contracts publish`,
    ])
    for (const name of [`${topic.name}-key`, 'orders.order.v2-value']) {
      expect(whats({ subjects: [asPromised, { ...asPromised, subject: name }] })).toEqual([
        `subject ${name}: belongs to no topic of the contracts`,
      ])
    }
  })

  it('have a next step for each drift', () => {
    const found = drifts({ topics: [], subjects: [] })
    expect(found.length).toBeGreaterThan(0)
    for (const { next } of found) expect(next.length).toBeGreaterThan(10)
  })
})

describe('names without a contract', () => {
  it('have a prefix, an owner and a reason', () => {
    expect(readUngoverned().map(({ prefix }) => prefix)).toContain('cdc.shop.')
    for (const entries of ['3', '[{ prefix: a }]', '[{ prefix: "", owner: b, reason: c }]']) {
      expect(() => parseUngoverned(`ungoverned: ${entries}`)).toThrow('has a prefix')
    }
  })
})
