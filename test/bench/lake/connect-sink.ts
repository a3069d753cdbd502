import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { host } from '@tenseams/cli/ports'
import { secretsProvider } from '@tenseams/debezium/connectors'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import { Catalog } from '@tenseams/iceberg/table/catalog'
import { readCredentials } from '@tenseams/identities/credentials'
import { connectWorkerLogin } from '@tenseams/kafka/access/java-login'
import { javaProgram } from '@tenseams/local/launcher/host/java'
import { classPath } from '@tenseams/local/launcher/host/jvm'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { installArtefacts, pluginPath } from '@tenseams/local/launcher/install/artefacts'
import { propertiesText } from '@tenseams/local/launcher/install/properties'
import { writeSecretFile } from '@tenseams/local/launcher/install/secret-file'
import { writeSecretProperties } from '@tenseams/local/launcher/install/server-logins'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { newTopic } from '../../support/kafka.ts'
import { openKafka, ownLogin } from '../../support/login.ts'
import { makeConnectTable } from './connect-table.ts'
import { Running } from './running.ts'
import { type Sink, TOPIC } from './sinks.ts'

export type ConnectSinkOptions = {
  /** `iceberg.control.commit.interval-ms`. */
  readonly commitIntervalMs: number
}

const NAME = 'iceberg'
const CONTROL_TOPIC = 'control-iceberg'
const table: TableIdentifier = { namespace: 'bench', name: 'orders_order_v1' }
const READY_TIMEOUT_MS = 120_000
/** The heap: with less, garbage collection runs more often. */
const HEAP_MB = 1_024
/** How long it may be paused without being removed from its groups. */
const HELD_BACK_MS = 600_000

/** Iceberg's own sink for Kafka Connect in a worker of its own, with one task: two cores have no use for more. */
export async function startConnectSink(stack: Stack, options: ConnectSinkOptions): Promise<Sink> {
  const { paths, java, ports, endpoints, settings } = stack.context
  const jdk = java.main
  const onProgress = (line: string) => console.error(line)
  const wanted = { profile: 'full', debezium: settings.debezium, more: ['iceberg-sink'] } as const
  await installArtefacts(paths, { ...wanted, jdk, onProgress })
  await makeConnectTable(
    new Catalog({ url: endpoints.catalogUrl, login: ownLogin, timeoutMs: 10_000 }),
    table,
  )
  await makeControlTopic(endpoints.kafkaBrokers)
  const settingsFile = join(paths.run, 'bench-connect.properties')
  await writeSecretFile(settingsFile, propertiesText(workerSettings(stack)))
  const { token = '' } = await readCredentials(stack.secrets.fileOf('admin'))
  await writeSecretProperties(secretsFile(stack), { token })
  const running = new Running({
    file: javaProgram(jdk),
    parameters: [
      // Our other JVMs use the C1 compiler only; the measured one uses both.
      `-Xmx${HEAP_MB}m`,
      '-XX:+UseSerialGC',
      '-Djava.net.preferIPv4Stack=true',
      '-Duser.timezone=UTC',
      `-Dlog4j2.configurationFile=${pathToFileURL(join(paths.jvm, 'log4j2.properties'))}`,
      '-cp',
      classPath(paths, 'kafka'),
      // The sink finds the worker's settings, for its own clients, by this name in the command line.
      'org.apache.kafka.connect.cli.ConnectDistributed',
      settingsFile,
    ],
    environment: {},
    logFile: join(paths.logs, 'bench-connect.log'),
  })
  const worker = new Worker(running, `http://${host}:${ports.connect}`)
  try {
    await worker.begin(connectorSettings(stack, options))
  } catch (error) {
    await running.stop()
    throw error
  }
  return {
    side: 'connect',
    pid: running.pid,
    table,
    // Paused like ours. Connect's own pause makes the sink's coordinator wait 30 s for a task that does not answer.
    pause: async () => running.signal('SIGSTOP'),
    resume: async () => running.signal('SIGCONT'),
    close: () => running.stop(),
  }
}

/** The broker does not create topics by itself. The sink's documentation requires one partition. */
async function makeControlTopic(brokers: string): Promise<void> {
  const admin = openKafka({ brokers, clientId: 'bench' }).admin()
  await admin.connect()
  try {
    if (!(await admin.listTopics()).includes(CONTROL_TOPIC)) await newTopic(admin, CONTROL_TOPIC, 1)
  } finally {
    await admin.disconnect()
  }
}

/** Connect's REST interface. */
class Worker {
  readonly #running: Running
  readonly #url: string

  constructor(running: Running, url: string) {
    this.#running = running
    this.#url = url
  }

  async begin(settings: Readonly<Record<string, string>>): Promise<void> {
    await eventually(() => this.#ask('PUT', 'config', settings), {
      timeoutMs: READY_TIMEOUT_MS,
      what: 'Connect to take the sink',
    })
    await this.#runs()
  }

  async #runs(): Promise<void> {
    const reached = async () => {
      this.#running.assertRuns()
      const answer = await this.#ask('GET', 'status')
      const { connector, tasks } = answer as Status
      if (tasks.some((task) => task.state === 'FAILED')) return tasks
      return tasks.length > 0 && [connector, ...tasks].every((each) => each.state === 'RUNNING')
    }
    const what = "Iceberg's sink to run"
    const failed = await eventually(reached, { timeoutMs: READY_TIMEOUT_MS, what })
    if (failed !== true) throw new Error(`Iceberg's sink has failed: ${failed[0]?.trace}`)
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/connectors/${NAME}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(20_000),
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
}

type Status = {
  readonly connector: { readonly state: string }
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[]
}

/** With what the sink logs in to the catalogue. */
const secretsFile = ({ context }: Stack) =>
  join(context.paths.run, 'bench-connect-secrets.properties')

function workerSettings(stack: Stack): Readonly<Record<string, string | number>> {
  const { paths, ports, endpoints, settings } = stack.context
  const storage = (what: string) => ({
    [`${what}.storage.topic`]: `bench.connect.${what}`,
    [`${what}.storage.replication.factor`]: 1,
  })
  return {
    'bootstrap.servers': endpoints.kafkaBrokers,
    ...connectWorkerLogin(kafkaAs(endpoints, 'admin').credentialsFile),
    'group.id': 'bench-connect',
    listeners: `http://${host}:${ports.connect}`,
    'rest.advertised.host.name': host,
    'rest.advertised.port': ports.connect,
    'plugin.path': [
      join(paths.jvm, 'lib', 'bench-plugins'),
      pluginPath(paths, settings.debezium),
    ].join(','),
    'plugin.discovery': 'service_load',
    ...storage('config'),
    ...storage('offset'),
    ...storage('status'),
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    'scheduled.rebalance.max.delay.ms': 0,
    ...secretsProvider(secretsFile(stack)),
    'session.timeout.ms': HELD_BACK_MS,
    // How long a task waits for records. The sink answers commit requests only between two waits, so with the default of
    // a minute the last rows before a pause are committed up to a minute late.
    'offset.flush.interval.ms': 500,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  }
}

const AVRO = 'value.converter.apicurio.registry'

function connectorSettings(stack: Stack, { commitIntervalMs }: ConnectSinkOptions) {
  const { ports, endpoints } = stack.context
  return {
    'connector.class': 'org.apache.iceberg.connect.IcebergSinkConnector',
    'tasks.max': '1',
    topics: TOPIC,
    'consumer.override.isolation.level': 'read_committed',
    'consumer.override.session.timeout.ms': String(HELD_BACK_MS),
    'iceberg.kafka.session.timeout.ms': String(HELD_BACK_MS),
    'consumer.override.auto.offset.reset': 'earliest',
    // With the default of 500 it polls its control topic ten times as often for the same rows.
    'consumer.override.max.poll.records': '5000',
    'consumer.override.fetch.max.wait.ms': '100',
    'value.converter': 'io.apicurio.registry.utils.converter.AvroConverter',
    [`${AVRO}.url`]: `http://${host}:${ports.registry}/apis/registry/v2`,
    [`${AVRO}.as-confluent`]: 'true',
    [`${AVRO}.use-id`]: 'contentId',
    [`${AVRO}.headers.enabled`]: 'false',
    // So that its rows can be traced to their records as well.
    transforms: 'origin',
    'transforms.origin.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
    'transforms.origin.partition.field': 'kafka_partition',
    'transforms.origin.offset.field': 'kafka_offset',
    'transforms.origin.timestamp.field': 'kafka_timestamp',
    'iceberg.tables': fullName(table),
    'iceberg.control.topic': CONTROL_TOPIC,
    'iceberg.control.commit.interval-ms': String(commitIntervalMs),
    'iceberg.catalog.type': 'rest',
    'iceberg.catalog.uri': endpoints.catalogUrl,
    'iceberg.catalog.rest.auth.type': 'basic',
    'iceberg.catalog.rest.auth.basic.username': 'admin',
    'iceberg.catalog.rest.auth.basic.password': `\${file:${secretsFile(stack)}:token}`,
    'iceberg.catalog.io-impl': 'org.apache.iceberg.hadoop.HadoopFileIO',
  }
}
