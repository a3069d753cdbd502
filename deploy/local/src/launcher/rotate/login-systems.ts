import { postgresPasswords } from '@tenseams/identities/postgres-password'
import type { LoginSystem } from '@tenseams/identities/rotation'
import { allowOnly } from '@tenseams/kafka/access/users'
import { setPasswords } from '@tenseams/postgres/passwords'
import { brokerUser } from '../../parts/kafka-node.ts'
import { brokersAccess } from '../../parts/kafka-users.ts'
import { updateMonitoringLogins } from '../install/monitoring-files.ts'
import { writeAllLogins } from '../install/server-logins.ts'
import type { Context } from '../plan/part.ts'

/** Where the identities of an instance log in, each with how it learns of a rotation. */
export function loginSystems(context: Context): readonly LoginSystem[] {
  return [kafkaLogins(context), postgresLogins(context), tokens(context)]
}

/**
 * Two credentials a user, one a mechanism: Kafka takes the present one and the next one until the former gets a password that nobody knows. The brokers'
 * own password is in their settings, and they take the one with which they were started.
 */
function kafkaLogins(context: Context): LoginSystem {
  return {
    kind: 'kafka',
    accept: async ({ identity, kafka, next }) => {
      if (identity === brokerUser) return
      const credentials = [kafka, next?.kafka].filter((each) => each !== undefined)
      await allowOnly(brokersAccess(context), identity, credentials)
    },
  }
}

/** One password a role: the next one replaces it in one statement, and a client that is refused with the one tries the other. */
function postgresLogins({ endpoints, secrets }: Context): LoginSystem {
  const adminPasswords = postgresPasswords(secrets.fileOf('admin'), 'postgres')
  return {
    kind: 'postgres',
    accept: ({ postgres = {}, next }) =>
      setPasswords({ ...endpoints.postgres, adminPasswords }, next?.postgres ?? postgres),
  }
}

/** Services and servers have hashes of tokens, in files that are made from everybody's: of both while a rotation is under way. */
function tokens(context: Context): LoginSystem {
  return {
    kind: 'token',
    accept: async () => {
      await writeAllLogins(context)
      await updateMonitoringLogins(context)
    },
  }
}
