import { describe, expect, it } from 'vitest'
import { parseTopics, readTopics } from '../topics.ts'
import { aclsOf, isAllowed, keyOf, writerOf } from './acls.ts'
import { kafkaCells } from './cells.ts'
import { strangeNames } from './names.ts'
import { parseUsers, readUsers } from './users.ts'

const quota =
  'quota: { producerBytesPerSecond: 1000000, consumerBytesPerSecond: 1000000, requestPercent: 100 }'

const topics = parseTopics(`
topics:
  shop.thing.v1: &thing
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
    consumers: [sum, lake]
`)

const users = parseUsers(`
users:
  shop:
    ${quota}
  flink:
    runs: [sum]
    deadLetters: false
    groups: { sum-*: [commit] }
    transactionalIds: [sum-*]
    ${quota}
  lake:
    topics: { raw.*: [read] }
    ${quota}
`)

const keys = (given = users) => aclsOf(topics, given).map(keyOf)

describe('the rights of users', () => {
  it('are that the owner of a topic writes it, and its consumers read it and write its dead letters', () => {
    expect(keys()).toEqual([
      'flink may read group sum-*',
      'flink may read topic shop.thing.v1',
      'flink may write transactional-id sum-*',
      'lake may read topic raw.*',
      'lake may read topic shop.thing.v1',
      'lake may write topic shop.thing.v1.dead-letter',
      'shop may write topic shop.thing.v1',
    ])
  })

  it('let the relay write instead of the owner, so that nobody goes around the outbox', () => {
    const relayed = users.map((user) =>
      user.name === 'lake' ? { ...user, relays: ['shop.thing.v1'] } : user,
    )
    expect(keys(relayed)).toContain('lake may write topic shop.thing.v1')
    expect(keys(relayed)).not.toContain('shop may write topic shop.thing.v1')
  })

  it('are decided as the broker decides: by name, by beginning, and what includes what', () => {
    const acls = aclsOf(topics, users)
    const may = (user: string, operation: 'read' | 'write' | 'describe', name: string) =>
      isAllowed(acls, { user, resource: 'topic', name, operation })
    expect(may('lake', 'read', 'raw.any.thing')).toBe(true)
    expect(may('lake', 'read', 'rawer')).toBe(false)
    expect(may('lake', 'describe', 'shop.thing.v1')).toBe(true)
    expect(may('lake', 'write', 'shop.thing.v1')).toBe(false)
    expect(may('nobody', 'read', 'shop.thing.v1')).toBe(false)
  })

  it('are asked of for every user, operation and target, allowed or not', () => {
    const cells = kafkaCells(topics, users, { topics: ['raw.thing'] })
    const of = (identity: string, operation: string, target: string) =>
      cells.find(
        (cell) =>
          cell.identity === identity && cell.operation === operation && cell.target === target,
      )?.allowed
    expect(of('shop', 'produce', 'shop.thing.v1')).toBe(true)
    expect(of('shop', 'consume', 'shop.thing.v1')).toBe(false)
    expect(of('lake', 'consume', 'raw.thing')).toBe(true)
    expect(of('flink', 'commit', 'sum-matrix')).toBe(true)
    expect(of('shop', 'transact', 'sum-matrix')).toBe(false)
    expect(of('shop', 'alter a topic', 'shop.thing.v1')).toBe(false)
    // Four topics with five operations, a group and a transactional id, of three users each.
    expect(cells).toHaveLength(3 * (4 * 5 + 1 + 1))
  })
})

describe('users.yaml', () => {
  it('fits topics.yaml: every owner and consumer is somebody', () => {
    expect(strangeNames(readTopics(), readUsers())).toEqual([])
  })

  it('gives every topic exactly one user that writes it', () => {
    const writers = readTopics().map((topic) => [topic.name, writerOf(topic, readUsers())?.name])
    expect(writers).toContainEqual(['orders.order.v1', 'connect'])
    expect(writers).toContainEqual(['fulfilment.shipment.v1', 'fulfilment'])
    expect(writers).toContainEqual(['analytics.revenue-per-minute.v1', 'flink'])
    expect(writers.every(([, writer]) => writer !== undefined)).toBe(true)
  })

  it.each([
    ['requestPercent: 100', 'requestPercent: "much"', 'shop.quota.requestPercent: a whole number'],
    ['requestPercent: 100', 'requestPercent: 0', 'shop.quota.requestPercent: a whole number'],
    ['producerBytesPerSecond: 1000000', 'producerBytesPerSecond: 10', 'from 100000 to'],
    ['producerBytesPerSecond: 1000000', 'producerBytesPerSecond: 1e99', 'from 100000 to'],
    ['producerBytesPerSecond', 'bytesPerSecond', 'shop.quota.bytesPerSecond: is not known'],
    [quota, 'cluster: [describe]', 'shop.quota: producerBytesPerSecond'],
    [quota, `${quota}\n    groups: [shop]`, 'shop.groups: names, each with a list of commit'],
    [
      quota,
      `${quota}\n    topics: { a*b: [read] }`,
      'shop.topics: names, each with a list of read',
    ],
    [quota, `${quota}\n    topics: { a: [reed] }`, 'shop.topics: names, each with a list of read'],
    [quota, `${quota}\n    rihgts: []`, 'shop.rihgts: is not known'],
    ['shop:', 'admin:', 'admin: may do everything'],
    ['shop:', 'The Shop:', 'The Shop: a name like orders is expected'],
    ['users:', 'usres:', '`users` is missing'],
  ])('is refused with what is wrong: %s as %s', (good, bad, message) => {
    const yaml = `users:\n  shop:\n    ${quota}\n`
    expect(() => parseUsers(yaml.replace(good, bad))).toThrow(message)
  })

  it('knows a consumer that nobody is, and says who there is', () => {
    const [thing] = topics
    if (thing === undefined) expect.fail()
    const [strange] = strangeNames([{ ...thing, consumers: ['lkae'] }], users)
    expect(strange).toMatchObject({
      where: 'contracts/topics.yaml: shop.thing.v1',
      what: 'the consumer lkae is no user of contracts/users.yaml, and no user runs it',
    })
    expect(strange?.todo).toContain('shop, flink, sum, lake')
  })

  it('gives a program to one user only, and relays only topics that there are', () => {
    const twice = users.map((user) => ({ ...user, runs: ['sum'], relays: ['shop.thing.v9'] }))
    const whats = strangeNames(topics, twice).map(({ what }) => what)
    expect(whats).toContain('sum is the name of two users, or is run by two')
    expect(whats).toContain('it relays shop.thing.v9, which is no topic of contracts/topics.yaml')
    expect(whats).toContain('shop.thing.v9 is relayed by two users')
  })
})
