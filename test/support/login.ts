import { writeFileSync } from 'node:fs'
import { httpLogin } from '@tenseams/identities/http-login'
import type { Login } from '@tenseams/kafka/access/login'
import {
  type KafkaAccess,
  type KafkaConnection,
  openKafka as openKafkaAs,
} from '@tenseams/kafka/client'
import { type Endpoints, kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Kafka } from 'kafkajs'

/** Inherited by the processes that a test starts. */
const variable = 'CREDENTIALS_FILE'

/** From now on this process, and those that it starts, are somebody in an instance's Kafka: the admin, since a test makes topics. */
export function logIn(endpoints: Pick<Endpoints, 'kafkaBrokers' | 'secretsFolder'>): void {
  process.env[variable] = kafkaAs(endpoints, 'admin').credentialsFile
}

/** The same on brokers of a test's own, as a user that it has made. */
export function logInWith(file: string, kafka: Login): void {
  writeFileSync(file, JSON.stringify({ identity: kafka.username, kafka }), { mode: 0o600 })
  process.env[variable] = file
}

/** The file of whom this process has logged in as; undefined before it has. */
export function credentialsFile(): string | undefined {
  return process.env[variable]
}

/** How this process reaches brokers, as whom it has logged in. */
export function accessTo(brokers: string): KafkaAccess {
  return { brokers, credentialsFile: credentialsFile() }
}

/** A client of whom this process has logged in as. */
export function openKafka(connection: Omit<KafkaConnection, 'credentialsFile'>): Kafka {
  return openKafkaAs({ ...connection, credentialsFile: credentialsFile() })
}

/** What this process logs in with at a server that knows basic authentication, such as the catalogue. */
export async function ownLogin(): Promise<string> {
  const file = credentialsFile()
  if (file === undefined) throw new Error('this process has not logged in')
  return httpLogin(file)()
}
