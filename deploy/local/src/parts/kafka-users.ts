import { host } from '@tenseams/cli/ports'
import { giveRights } from '@tenseams/contracts/publish/publish'
import { readCredentials } from '@tenseams/identities/credentials'
import { identities } from '@tenseams/identities/identities'
import { credentialsFileIn } from '@tenseams/identities/store'
import { loginIn } from '@tenseams/kafka/access/login'
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
  const { ports, paths, endpoints } = context
  const files = identities
    .filter(({ name, kafka }) => kafka && name !== brokerUser)
    .map(({ name }) => credentialsFileIn({ folder: paths.secrets }, name))
  const credentials = await Promise.all(files.map(readCredentials))
  const users = credentials.flatMap(({ kafka }) => (kafka === undefined ? [] : [kafka]))
  const login = {
    username: brokerUser,
    password: brokerPassword(context),
    mechanism: 'plain',
  } as const
  const access = { brokers: `${host}:${ports.kafkaInternal}`, clientId: 'kafka-users', login }
  await putUsers(access, users).catch((cause: unknown) => {
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

/** The password of the brokers' own user. */
export function brokerPassword({ paths }: Context): string {
  return loginIn(credentialsFileIn({ folder: paths.secrets }, brokerUser))().password
}
