import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { secretsProvider } from '@tenseams/debezium/connectors'
import { endOpenTransactions } from '@tenseams/debezium/open-transactions'
import { recordBytes } from '@tenseams/debezium/record-size'
import { readCredentials } from '@tenseams/identities/credentials'
import { connectWorkerLogin } from '@tenseams/kafka/access/java-login'
import { javaProgram } from '../launcher/host/java.ts'
import { classPath, jvmArguments } from '../launcher/host/jvm.ts'
import { temporaryFolderOf } from '../launcher/host/paths.ts'
import { answersOk } from '../launcher/host/probe.ts'
import { pluginPath } from '../launcher/install/artefacts.ts'
import { propertiesText } from '../launcher/install/properties.ts'
import { writeSecretFile } from '../launcher/install/secret-file.ts'
import {
  loginsFileOf,
  writeLogins,
  writeSecretProperties,
} from '../launcher/install/server-logins.ts'
import { connectSecretsFile, kafkaAs } from '../launcher/plan/endpoints.ts'
import type { Component, Context } from '../launcher/plan/part.ts'
import { everyProfile } from '../launcher/plan/profiles.ts'

/** Kafka Connect with Debezium's Postgres connector, and exactly-once source support. The line of Debezium is a setting. */
export const connect: Component = {
  kind: 'component',
  name: 'connect',
  title: 'Kafka Connect 4.2 with Debezium',
  profiles: everyProfile,
  // Needs the databases so that it is stopped before Postgres.
  needs: ['kafka-users', 'databases'],
  ports: ['connect'],
  url: ({ endpoints }) => `${endpoints.connectUrl}/connectors?expand=status`,
  prepare: async (context) => {
    await writeSecretFile(settingsFile(context), propertiesText(settings(context)))
    await writeSecrets(context)
    await writeLogins(context, 'connect')
    await writeSecretFile(loginModuleFile(context), loginModule(context))
    // A broker that cannot be reached ends them later by itself, and Connect waits for it.
    const access = kafkaAs(context.endpoints, 'connect')
    await endOpenTransactions({ ...access, groupId }).catch(() => undefined)
  },
  command: async (context) => ({
    file: javaProgram(context.java.main),
    arguments: [
      ...jvmArguments(context.paths, {
        heapMb: 320,
        log4j: true,
        temporaryFolder: temporaryFolderOf(context.paths, 'connect'),
        sharing: { component: 'connect', jdk: context.java.main, folder: 'kafka' },
        more: [`-Djava.security.auth.login.config=${loginModuleFile(context)}`],
      }),
      '-cp',
      classPath(context.paths, 'kafka'),
      'org.apache.kafka.connect.cli.ConnectDistributed',
      settingsFile(context),
    ],
  }),
  isReady: async ({ endpoints }) =>
    answersOk(`${endpoints.connectUrl}/health`, await endpoints.login()),
  readyTimeoutMs: 120_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 30_000,
}

const groupId = 'connect'

const settingsFile = ({ paths }: Context) => join(paths.run, 'connect.properties')
const loginModuleFile = ({ paths }: Context) => join(paths.run, 'connect-login.conf')

/** The passwords that connectors use. Their configurations only refer to it, since Connect shows them, and keeps them in a topic. */
async function writeSecrets({ paths, secrets }: Context): Promise<void> {
  const { postgres = {}, token = '' } = await readCredentials(secrets.fileOf('connect'))
  await writeSecretProperties(connectSecretsFile(paths), {
    'debezium.password': postgres.debezium ?? '',
    'registry.password': token,
  })
}

/** Connect's own basic authentication, which asks our module whose token it is. */
function loginModule({ paths }: Context): string {
  const file = JSON.stringify(loginsFileOf(paths, 'connect'))
  return `KafkaConnect {\n  tenseams.connect.TokenLogin required file=${file};\n};\n`
}

function settings({
  paths,
  ports,
  endpoints,
  settings: { debezium },
}: Context): Readonly<Record<string, string | number>> {
  return {
    'bootstrap.servers': endpoints.kafkaBrokers,
    ...connectWorkerLogin(kafkaAs(endpoints, 'connect').credentialsFile),
    'group.id': groupId,
    listeners: endpoints.connectUrl,
    'rest.advertised.host.name': host,
    'rest.advertised.port': ports.connect,
    'plugin.path': pluginPath(paths, debezium),
    // Reads the manifests written at installation (artefacts.ts) instead of scanning every class: 4 s instead of 38 s.
    'plugin.discovery': 'service_load',
    'config.storage.topic': 'connect.configs',
    'offset.storage.topic': 'connect.offsets',
    'status.storage.topic': 'connect.status',
    'config.storage.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    'exactly.once.source.support': 'enabled',
    ...secretsProvider(connectSecretsFile(paths)),
    'rest.extension.classes':
      'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension',
    'topic.creation.enable': 'true',
    'scheduled.rebalance.max.delay.ms': 0,
    'offset.flush.interval.ms': 5_000,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    // Of the readers of the three topics above, and of each task's own: the broker answers at once when there is something, but a
    // reader that is closed waits for so long.
    'fetch.max.wait.ms': 1_000,
    'consumer.fetch.max.wait.ms': 1_000,
    'producer.linger.ms': 5,
    'producer.batch.size': 131_072,
    'producer.max.request.size': recordBytes,
    'producer.compression.type': 'lz4',
  }
}
