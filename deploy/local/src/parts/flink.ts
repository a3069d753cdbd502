import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { javaLoginSection } from '@tenseams/kafka/access/java-login'
import { javaProgram } from '../launcher/host/java.ts'
import { classPath, type JvmOptions, jvmArguments } from '../launcher/host/jvm.ts'
import { type Paths, temporaryFolderOf } from '../launcher/host/paths.ts'
import { answersOk, readJson } from '../launcher/host/probe.ts'
import { writeSecretFile } from '../launcher/install/secret-file.ts'
import { writeLogins } from '../launcher/install/server-logins.ts'
import { kafkaAs } from '../launcher/plan/endpoints.ts'
import { type FlinkProcessName, flinkSettings } from '../launcher/plan/flink-settings.ts'
import type { Command, Component, Context } from '../launcher/plan/part.ts'
import { fullOnly } from '../launcher/plan/profiles.ts'

const common = {
  kind: 'component',
  profiles: fullOnly,
  needs: [],
  readyTimeoutMs: 120_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 20_000,
  // Without a job, it has loaded a small part of its classes.
  hasWorked: ({ flinkState }: Paths) => existsSync(join(flinkState, 'submissions')),
} as const

/** Flink's JobManager: a session cluster. Its jobs are lost when it ends. */
export const flinkJobManager: Component = {
  ...common,
  name: 'flink-jobmanager',
  title: 'Flink 2.1 JobManager',
  ports: [
    'flinkRest',
    'flinkJobManagerRpc',
    'flinkBlob',
    'flinkJobManagerQuery',
    'flinkJobManagerMetrics',
  ],
  url: ({ endpoints }) => endpoints.flinkUrl,
  prepare: (context) => writeSettings(context, 'flink-jobmanager'),
  command: async (context) =>
    flink(context, 'flink-jobmanager', {
      heapMb: 320,
      metaspaceMb: 192,
      main: 'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
      arguments: ['--executionMode', 'cluster'],
    }),
  isReady: ({ endpoints }) => answersOk(`${endpoints.flinkUrl}/overview`),
  forgets: ['flink-jobs'],
}

/** Flink's TaskManager with RocksDB. Ready when the JobManager lists it by the resource id of this start. */
export const flinkTaskManager: Component = {
  ...common,
  name: 'flink-taskmanager',
  title: 'Flink 2.1 TaskManager, RocksDB',
  ports: [
    'flinkTaskManagerRpc',
    'flinkTaskManagerRpcNext',
    'flinkTaskManagerData',
    'flinkTaskManagerQuery',
    'flinkTaskManagerMetrics',
  ],
  prepare: async (context) => {
    await writeSettings(context, 'flink-taskmanager')
    await writeFile(resourceIdFile(context), `taskmanager-${randomUUID().slice(0, 8)}`)
  },
  command: async (context) =>
    flink(context, 'flink-taskmanager', {
      heapMb: 416,
      metaspaceMb: 256,
      directMb: 192,
      main: 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      arguments: ['-D', `taskmanager.resource-id=${readFileSync(resourceIdFile(context), 'utf8')}`],
    }),
  isReady: isRegistered,
}

/** Flink's SQL Gateway: takes SQL over HTTP, compiles it and submits the job. */
export const sqlGateway: Component = {
  ...common,
  name: 'sql-gateway',
  title: 'Flink 2.1 SQL Gateway',
  ports: ['sqlGateway'],
  url: ({ endpoints }) => `${endpoints.sqlGatewayUrl}/v2/info`,
  prepare: (context) => writeSettings(context, 'sql-gateway'),
  command: async (context) =>
    flink(context, 'sql-gateway', {
      heapMb: 384,
      metaspaceMb: 320,
      main: 'org.apache.flink.table.gateway.SqlGateway',
      arguments: [],
    }),
  isReady: ({ endpoints }) => answersOk(`${endpoints.sqlGatewayUrl}/v2/info`),
}

const settingsFolder = ({ paths }: Context, name: FlinkProcessName) => join(paths.run, name)
const loginFile = (context: Context, name: FlinkProcessName) =>
  join(settingsFolder(context, name), 'kafka-login.conf')
const resourceIdFile = ({ paths }: Context) => join(paths.run, 'flink-taskmanager', 'resource-id')

async function writeSettings(context: Context, name: FlinkProcessName): Promise<void> {
  const folder = settingsFolder(context, name)
  for (const each of [folder, context.paths.checkpoints, context.paths.savepoints]) {
    await mkdir(each, { recursive: true })
  }
  if (name === 'flink-jobmanager') await writeLogins(context, 'flink')
  if (name === 'sql-gateway') await writeLogins(context, 'sql-gateway')
  const login = javaLoginSection(kafkaAs(context.endpoints, 'flink').credentialsFile, SHADED)
  await writeSecretFile(loginFile(context, name), login)
  const file = join(folder, 'config.yaml')
  // JSON is YAML: no library is needed to write it.
  const settings = JSON.stringify(flinkSettings(context, name, nextRpcPort(context, file)), null, 2)
  await writeFile(file, `${settings}\n`)
}

/**
 * A restarted TaskManager takes another port than its predecessor. The JobManager keeps calling the killed one for a while,
 * and a new process that receives these calls on the same port accepts none meant for itself (Pekko's read-only
 * association).
 */
function nextRpcPort({ ports }: Context, file: string): number {
  const last: unknown = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))['taskmanager.rpc.port']
    : undefined
  return last === String(ports.flinkTaskManagerRpc)
    ? ports.flinkTaskManagerRpcNext
    : ports.flinkTaskManagerRpc
}

async function isRegistered(context: Context): Promise<boolean> {
  const known = await readJson(`${context.endpoints.flinkUrl}/taskmanagers`)
  const { taskmanagers } = known as { taskmanagers: readonly { id: string }[] }
  const id = readFileSync(resourceIdFile(context), 'utf8')
  return taskmanagers.some((each) => each.id === id)
}

type FlinkProcess = {
  readonly heapMb: number
  readonly metaspaceMb: number
  readonly directMb?: number
  readonly main: string
  readonly arguments: readonly string[]
}

/**
 * Iceberg's jar is first, because it has an empty class in the place of one of `flink-table-api-scala`, which the planner brings
 * along: with the latter, Flink copies an object between two operators without its constructor, and Iceberg's sink fails.
 */
function flinkClassPath(paths: Paths, lib: string): string {
  const jars = existsSync(lib) ? readdirSync(lib) : []
  const first = jars.filter((jar) => jar.startsWith('iceberg-flink-runtime'))
  return [...first.map((jar) => join(lib, jar)), classPath(paths, 'flink')].join(delimiter)
}

function flink(context: Context, name: FlinkProcessName, process: FlinkProcess): Command {
  const { paths, java, secrets, endpoints } = context
  const folder = settingsFolder(context, name)
  const lib = join(paths.jvm, 'lib', 'flink')
  return {
    file: javaProgram(java.main),
    arguments: [
      ...jvmArguments(paths, {
        ...jvmOptionsOf(process, {
          credentials: secrets.fileOf('flink'),
          catalogUrl: endpoints.catalogUrl,
          loginFile: loginFile(context, name),
        }),
        temporaryFolder: temporaryFolderOf(paths, name),
        sharing: { component: name, jdk: java.main, folder: 'flink' },
      }),
      '-cp',
      flinkClassPath(paths, lib),
      process.main,
      ...(name === 'sql-gateway' ? [] : ['--configDir', folder]),
      ...process.arguments,
    ],
    environment: {
      FLINK_CONF_DIR: folder,
      FLINK_LIB_DIR: lib,
      FLINK_OPT_DIR: lib,
      FLINK_PLUGINS_DIR: join(paths.jvm, 'lib', 'flink-plugins'),
    },
  }
}

/** Where Flink's connector has its own copy of Kafka's classes. */
const SHADED = 'org.apache.flink.kafka.shaded.'

/** With what a process of Flink logs in. In the options of a table it would be in the gateway's log, in job graphs and in what Flink's REST interface shows. */
type FlinkLogins = {
  /** The file of Flink's identity, for the JobManager, to which the gateway submits, and the catalogue (OwnLogin.java). */
  readonly credentials: string
  /** The only catalogue that gets it (CatalogLogin.java). */
  readonly catalogUrl: string
  /** For every Kafka client in the process. */
  readonly loginFile: string
}

function jvmOptionsOf(
  { heapMb, metaspaceMb, directMb }: FlinkProcess,
  { credentials, catalogUrl, loginFile }: FlinkLogins,
): Omit<JvmOptions, 'temporaryFolder'> {
  return {
    heapMb,
    log4j: true,
    more: [
      `-Dtenseams.credentials=${credentials}`,
      `-Dtenseams.catalog=${catalogUrl}`,
      `-XX:MaxMetaspaceSize=${metaspaceMb}m`,
      `-Djava.security.auth.login.config=${loginFile}`,
      ...(directMb === undefined ? [] : [`-XX:MaxDirectMemorySize=${directMb}m`]),
      ...calmActors,
      ...avroLimits.map(([what, most]) => `-D${AVRO_LIMITS}.${what}.maxLength=${most}`),
      ...exported.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
      ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    ],
  }
}

/**
 * Flink's actor systems, two in each process, look at their timers a hundred times a second, and at acknowledgements that
 * nobody waits for seven times. What they time are heartbeats of seconds. Flink has no settings for it, but Pekko reads
 * system properties. Unacknowledged messages are repeated after 2 s.
 */
const calmActors = [
  '-Dpekko.scheduler.tick-duration=100ms',
  '-Dpekko.remote.classic.system-message-ack-piggyback-timeout=1s',
]

/**
 * Avro believes the count of a list and makes room for it: a few bytes with a count of 200 000 000 end the TaskManager, and
 * its next attempt meets the same record. Beyond these limits it throws, and the record is passed over as undecodable
 * (adr/0008). The limits are those of packages/codec and packages/kafka; the names are as Flink's jar has relocated them.
 */
const AVRO_LIMITS = 'org.apache.flink.avro.shaded.org.apache.avro.limits'
const avroLimits = [
  ['collectionItems', 100_000],
  ['string', 16_777_216],
  ['bytes', 16_777_216],
] as const

/** What flink-dist's own scripts export and open to the class path on Java 17. */
const exported = [
  'java.base/sun.net.util',
  'java.rmi/sun.rmi.registry',
  'java.security.jgss/sun.security.krb5',
]
const opened = [
  'java.lang',
  'java.net',
  'java.io',
  'java.nio',
  'sun.nio.ch',
  'java.lang.reflect',
  'java.text',
  'java.time',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.util.concurrent.locks',
]
