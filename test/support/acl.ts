import {
  addAcls as add,
  brokerAclOf,
  removeAcls as remove,
} from '@tenseams/contracts/publish/broker-acls'
import type { Acl } from '@tenseams/contracts/rights/acls'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { openKafka } from './login.ts'

type Right = readonly [
  user: string,
  resource: Acl['resource'],
  name: string,
  operation: Acl['operation'],
]

export const literal = (...[user, resource, name, operation]: Right): Acl => ({
  ...{ user, resource, name, operation, pattern: 'literal' },
})

export const prefixed = (...[user, resource, name, operation]: Right): Acl => ({
  ...{ user, resource, name, operation, pattern: 'prefixed' },
})

/** Gives rights that the contracts do not have. `contracts publish` takes them away again. */
export async function addAcls(
  { kafkaBrokers }: Pick<Endpoints, 'kafkaBrokers'>,
  acls: readonly Acl[],
): Promise<void> {
  await asAdmin(kafkaBrokers, (admin) => add(admin, acls.map(brokerAclOf)))
}

/** Gives a user the right to read a topic, or takes it away. Idempotent. */
export async function changeAcl(
  { kafkaBrokers }: Pick<Endpoints, 'kafkaBrokers'>,
  change: 'add' | 'remove',
  user: string,
  topic: string,
): Promise<void> {
  const acls = [brokerAclOf(literal(user, 'topic', topic, 'read'))]
  await asAdmin(kafkaBrokers, (admin) =>
    change === 'add' ? add(admin, acls) : remove(admin, acls),
  )
}

async function asAdmin(
  brokers: string,
  work: (admin: ReturnType<ReturnType<typeof openKafka>['admin']>) => Promise<void>,
): Promise<void> {
  const admin = openKafka({ brokers, clientId: 'test-rights' }).admin()
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.disconnect()
  }
}
