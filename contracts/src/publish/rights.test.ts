import { describe, expect, it } from 'vitest'
import { aclsOf } from '../rights/acls.ts'
import { readUsers } from '../rights/users.ts'
import { readTopics } from '../topics.ts'
import { brokerAclOf } from './broker-acls.ts'
import { planRights, type RunningRights, rightsDrift } from './rights.ts'

const users = readUsers()
const promised = { users, acls: aclsOf(readTopics(), users) }

const asPromised: RunningRights = {
  users: users.map(({ name }) => name),
  acls: promised.acls.map(brokerAclOf),
  quotas: new Map(
    users.map(({ name, quota }) => [
      name,
      {
        producer_byte_rate: quota.producerBytesPerSecond,
        consumer_byte_rate: quota.consumerBytesPerSecond,
        request_percentage: quota.requestPercent,
      },
    ]),
  ),
}

const acl = (user: string, name: string) =>
  brokerAclOf({ user, resource: 'topic', name, pattern: 'literal', operation: 'write' })

const whats = (running: RunningRights) => rightsDrift(promised, running).map(({ what }) => what)

describe("the broker's rights", () => {
  it('have no drift when everything is as promised', () => {
    expect(rightsDrift(promised, asPromised)).toEqual([])
    expect(planRights(promised, asPromised)).toEqual({
      ...{ add: [], remove: [], quotas: [], strange: [] },
    })
  })

  it('have a drift for one that is missing and one too many, and publish corrects both', () => {
    const [missing, ...others] = asPromised.acls
    const surplus = acl('orders', 'payments.payment.v1')
    const running = { ...asPromised, acls: [...others, surplus] }
    expect(whats(running)).toEqual([
      `right ${missing?.key}: the broker does not have it`,
      'right orders may write topic payments.payment.v1: the broker has it, and contracts do not give it',
    ])
    expect(planRights(promised, running)).toMatchObject({ add: [missing], remove: [surplus] })
  })

  it("leave a stranger's alone, and tell of them", () => {
    const running = {
      ...asPromised,
      acls: [...asPromised.acls, acl('somebody', 'orders.order.v1')],
      quotas: new Map([...asPromised.quotas, ['somebody', { request_percentage: 1 }]]),
    }
    expect(planRights(promised, running)).toMatchObject({ remove: [], quotas: [] })
    expect(whats(running)).toEqual([
      'right somebody may write topic orders.order.v1: no user of contracts/users.yaml',
      'quota of somebody: no user of contracts/users.yaml',
    ])
  })

  it('have a drift for each quota that differs, and for a user that cannot log in', () => {
    const [first] = users
    if (first === undefined) expect.fail()
    const running = {
      ...asPromised,
      users: asPromised.users.filter((name) => name !== first.name),
      quotas: new Map([...asPromised.quotas, [first.name, { producer_byte_rate: 5 }]]),
    }
    expect(whats(running)).toEqual([
      'user orders: the broker does not have it, so it cannot log in',
      'quota of orders: producer_byte_rate 20000000 is promised, the broker has 5',
      'quota of orders: consumer_byte_rate 100000000 is promised, the broker has none',
      'quota of orders: request_percentage 400 is promised, the broker has none',
    ])
  })
})
