import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readTopics } from '../topics.ts'
import type { ContractSet } from './contract-set.ts'
import { userRefusals } from './users.ts'

const yaml = readFileSync(new URL('../../users.yaml', import.meta.url), 'utf8')

const set = (users: string | undefined, promises = readTopics()): ContractSet => ({
  ...{ name: '', commit: '', promises, names: new Set(), versions: [], records: [] },
  ...{ sinks: new Set(), ungoverned: [], undecided: [], decisions: new Map(), users },
  telemetry: undefined,
})

const whats = (users: string | undefined, promises = readTopics()) =>
  userRefusals(set(yaml), set(users, promises)).map(({ what }) => what)

describe('the users of Kafka in a change', () => {
  it('may stay as they are', () => {
    expect(whats(yaml)).toEqual([])
  })

  it('may not lose a quota, or get one that is no number', () => {
    const [quota = ''] = /quota:\s*\{[^}]*\}/.exec(yaml) ?? []
    expect(whats(yaml.replace(quota, 'cluster: [describe]'))).toEqual([
      'orders.quota: producerBytesPerSecond, consumerBytesPerSecond, requestPercent are expected',
    ])
    expect(whats(yaml.replace('requestPercent: 400', 'requestPercent: lots'))).toEqual([
      'orders.quota.requestPercent: a whole number from 1 to 10000 is expected',
    ])
  })

  it('must be whoever topics.yaml names', () => {
    const [first, ...others] = readTopics()
    if (first === undefined) expect.fail()
    const changed = [{ ...first, owner: 'ordres' }, ...others]
    const [refusal] = userRefusals(set(yaml), set(yaml, changed))
    expect(refusal).toMatchObject({
      where: 'contracts/topics.yaml: orders.order.v1',
      what: 'the owner ordres is no user of contracts/users.yaml, and no user runs it',
    })
    expect(refusal?.todo).toContain('write ordres as one of: orders, payments')
  })

  it('must be identities, and every identity that logs in to Kafka must be one', () => {
    expect(whats(yaml.replace('  exporter:\n', '  importer:\n'))).toEqual([
      'importer is no identity with a user of Kafka',
      'exporter has a user of Kafka and no entry',
    ])
  })

  it('may not be deleted with their file; a project without the file has none', () => {
    expect(whats(undefined)).toEqual(['the file is gone'])
    expect(userRefusals(set(undefined), set(undefined))).toEqual([])
  })
})
