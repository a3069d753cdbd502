import { host } from '@tenseams/cli/ports'
import { giveRights } from '@tenseams/contracts/publish/publish'
import { readCredentials } from '@tenseams/identities/credentials'
import { identities } from '@tenseams/identities/identities'
import { credentialsFileIn } from '@tenseams/identities/store'
import { loginIn } from '@tenseams/kafka/access/login'
import type { RawAccess } from '@tenseams/kafka/access/raw-connection'
import { putUsers } from '@tenseams/kafka/access/users'
import { kafkaAs } from '../launcher/plan/endpoints.ts'
import type { Context } from '../launcher/plan/part.ts'
import { brokerUser } from './kafka-node.ts'

const TIMEOUT_MS = 30_000

/**
 * Makes every identity's user with the password in its file, which holds whatever the brokers had before, and gives all users
 * their rights and quotas. It gets in by the brokers' own listener and login, since nobody else can before there is a user.
 * Idempotent, also after a crash.
 *
 * @throws KafkaUsersError when the broker does not let it in.
 */
export async function makeKafkaUsers(context: Context): Promise<void> {
  const { paths, endpoints } = context
  const files = identities
    .filter(({ name, kafka }) => kafka && name !== brokerUser)
    .map(({ name }) => credentialsFileIn({ folder: paths.secrets }, name))
  const credentials = await Promise.all(files.map(readCredentials))
  const users = credentials.flatMap(({ kafka }) => (kafka === undefined ? [] : [kafka]))
  await putUsers(brokersAccess(context), users).catch((cause: unknown) => {
    throw new KafkaUsersError(
      'the broker does not take the users: if it was started by an earlier version, run `npm run stack -- down` and start again',
      { cause },
    )
  })
  const { brokers, credentialsFile: admin } = kafkaAs(endpoints, 'admin')
  await giveRights({ brokers, admin, timeoutMs: TIMEOUT_MS })
}

/** The users of Kafka could not be made. */
class KafkaUsersError extends Error {
  readonly code = 'KAFKA_USERS'
  readonly retriable = true
}

/** Kafka by the brokers' own listener and login, which may do everything. */
export function brokersAccess(context: Context): RawAccess {
  const password = brokerPassword(context)
  return {
    brokers: `${host}:${context.ports.kafkaInternal}`,
    clientId: 'kafka-users',
    login: { username: brokerUser, password, mechanism: 'plain' },
  }
}

/** The password of the brokers' own user. */
export function brokerPassword({ paths }: Context): string {
  return loginIn(credentialsFileIn({ folder: paths.secrets }, brokerUser))().password
}
