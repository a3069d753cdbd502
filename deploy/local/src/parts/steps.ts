import { host } from '@tenseams/cli/ports'
import { publishContracts } from '@tenseams/contracts/publish/publish'
import { registerConnectors } from '@tenseams/debezium/connectors'
import { ensureRawTopics } from '@tenseams/debezium/raw-topics'
import { keptIntervalsLine } from '@tenseams/flink-jobs/run/kept-intervals'
import { stopJobsWithSavepoint, submitJobs } from '@tenseams/flink-jobs/run/submit'
import { postgresPasswords } from '@tenseams/identities/postgres-password'
import { prepareDatabases } from '@tenseams/postgres/prepare'
import { kafkaAs } from '../launcher/plan/endpoints.ts'
import type { Context, Step } from '../launcher/plan/part.ts'
import { everyProfile, fullOnly } from '../launcher/plan/profiles.ts'
import { lookAt } from '../launcher/supervise/supervisor.ts'
import { makeKafkaUsers } from './kafka-users.ts'

const TIMEOUT_MS = 60_000

/** Databases, roles, tables, publications and replication slots. */
export const databases: Step = {
  kind: 'step',
  name: 'databases',
  title: 'databases, roles and replication slots',
  profiles: everyProfile,
  needs: ['postgres'],
  run: ({ endpoints, secrets }) =>
    prepareDatabases({
      ...endpoints.postgres,
      passwords: secrets.postgresPasswords,
      adminPasswords: postgresPasswords(secrets.fileOf('admin'), 'postgres'),
    }),
  timeoutMs: TIMEOUT_MS,
}

/**
 * The users of Kafka, with the passwords in their files of credentials, their rights and quotas. Repeated at each start, so an instance that was made
 * before there were users, or before one of them, gets them as well.
 */
export const kafkaUsers: Step = {
  kind: 'step',
  name: 'kafka-users',
  title: 'users of Kafka and their rights',
  profiles: everyProfile,
  needs: ['kafka'],
  run: makeKafkaUsers,
  timeoutMs: TIMEOUT_MS,
}

/** Registers the schemas and creates the topics, including those of raw changes, so that consumers can subscribe to them. */
export const contracts: Step = {
  kind: 'step',
  name: 'contracts',
  title: 'schemas and topics published',
  profiles: everyProfile,
  needs: ['kafka-users', 'registry'],
  run: async ({ endpoints }) => {
    await publishContracts({
      registryUrl: endpoints.registryUrl,
      login: endpoints.publisherLogin,
      brokers: endpoints.kafkaBrokers,
      credentials: {
        publisher: kafkaAs(endpoints, 'publisher').credentialsFile,
        admin: kafkaAs(endpoints, 'admin').credentialsFile,
      },
      timeoutMs: TIMEOUT_MS,
    })
    await ensureRawTopics({ ...kafkaAs(endpoints, 'publisher'), timeoutMs: TIMEOUT_MS })
  },
  timeoutMs: TIMEOUT_MS,
}

/** Debezium's connectors. After the contracts, so that no connector creates a topic with settings of its own. */
export const connectors: Step = {
  kind: 'step',
  name: 'connectors',
  title: 'connectors running',
  profiles: everyProfile,
  needs: ['connect', 'databases', 'contracts'],
  run: ({ endpoints, ports }) =>
    registerConnectors({
      connectUrl: endpoints.connectUrl,
      login: endpoints.login,
      connectSecretsFile: endpoints.connectSecretsFile,
      postgres: endpoints.postgres,
      registryUrl: `http://${host}:${ports.registry}`,
      timeoutMs: TIMEOUT_MS,
    }),
  timeoutMs: TIMEOUT_MS,
}

/** Flink's jobs, each from its newest savepoint or retained checkpoint. */
export const flinkJobs: Step = {
  kind: 'step',
  name: 'flink-jobs',
  title: 'Flink SQL jobs running',
  profiles: fullOnly,
  needs: ['flink-jobmanager', 'flink-taskmanager', 'sql-gateway', 'contracts', 'catalog'],
  notice: ({ paths, settings: { intervals = {} } }) =>
    keptIntervalsLine(paths.flinkState, intervals),
  run: async (context) => {
    const { checkpointIntervalMs, intervals = {} } = context.settings
    await submitJobs({
      endpoints: jobEndpoints(context),
      overrides: {
        checkpointIntervalMs,
        intervals,
      },
      // An instance keeps the intervals with which its state was made: other ones would cost the state.
      keepsIntervals: true,
    })
  },
  timeoutMs: 900_000,
  undo: {
    isNeeded: ({ paths }) =>
      lookAt(paths, 'flink-jobmanager') === 'ready' &&
      lookAt(paths, 'flink-taskmanager') === 'ready',
    run: async (context) => {
      await stopJobsWithSavepoint(jobEndpoints(context))
    },
    timeoutMs: 40_000,
  },
}

function jobEndpoints({ endpoints, paths }: Context) {
  return {
    ...kafkaAs(endpoints, 'flink'),
    registryUrl: endpoints.registryUrl,
    catalogUrl: endpoints.catalogUrl,
    gatewayUrl: endpoints.sqlGatewayUrl,
    flinkUrl: endpoints.flinkUrl,
    login: endpoints.login,
    stateFolder: paths.flinkState,
  }
}
