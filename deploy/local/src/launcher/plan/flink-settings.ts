import { host } from '@tenseams/cli/ports'
import { temporaryFolderOf } from '../host/paths.ts'
import { loginsFileOf } from '../install/server-logins.ts'
import { reporterFilter } from './flink-metrics.ts'
import type { Context } from './part.ts'

type Settings = Readonly<Record<string, string | number | boolean>>

export type FlinkProcessName = 'flink-jobmanager' | 'flink-taskmanager' | 'sql-gateway'

/**
 * Flink's settings for one of its processes. Every port is fixed and every address is loopback.
 *
 * @param taskManagerRpc one of the two ports between which a TaskManager alternates (parts/flink.ts).
 */
export function flinkSettings(
  context: Context,
  name: FlinkProcessName,
  taskManagerRpc: number,
): Settings {
  return {
    ...addresses(context, taskManagerRpc),
    'io.tmp.dirs': temporaryFolderOf(context.paths, name),
    ...metrics(context, name),
    ...memory,
    'taskmanager.memory.managed.size': `${context.settings.flinkManagedMemoryMb ?? 256}m`,
    ...state(context),
    ...closed(context, name),
    ...behaviour,
  }
}

/**
 * What is not open to everybody needs the login of an identity that may do it (LoginHandler.java), and no page of another origin
 * may use the two REST interfaces: our own handler refuses its requests (SameOriginHandler.java), and no answer allows it to
 * read one. Jars are not uploaded at all: jobs come through the SQL gateway, which submits them to `POST /jobs`. Buttons that
 * cancel and rescale are not shown: that is for the verbs.
 */
function closed({ endpoints, paths }: Context, name: FlinkProcessName): Settings {
  const isGateway = name === 'sql-gateway'
  return {
    'web.submit.enable': false,
    'web.cancel.enable': false,
    'web.rescale.enabled': false,
    'web.access-control-allow-origin': isGateway ? endpoints.sqlGatewayUrl : endpoints.flinkUrl,
    'tenseams.logins.file': loginsFileOf(paths, isGateway ? 'sql-gateway' : 'flink'),
    'tenseams.logins.open-paths': isGateway ? OPEN_GATEWAY_PATHS : OPEN_FLINK_PATHS,
  }
}

/** What everybody may GET. Two addresses of old change something by GET: yarn-cancel and yarn-stop. */
const OPEN_FLINK_PATHS = '(?!.*yarn-).*'
const OPEN_GATEWAY_PATHS = '(/v\\d+)?/(info|api_versions)'

function metrics({ ports }: Context, name: FlinkProcessName): Settings {
  if (name === 'sql-gateway') return {}
  const own =
    name === 'flink-jobmanager'
      ? { query: ports.flinkJobManagerQuery, reporter: ports.flinkJobManagerMetrics }
      : { query: ports.flinkTaskManagerQuery, reporter: ports.flinkTaskManagerMetrics }
  const factory = 'org.apache.flink.metrics.prometheus.LoopbackPrometheusReporterFactory'
  return {
    'metrics.internal.query-service.port': String(own.query),
    'metrics.reporters': 'prom',
    'metrics.reporter.prom.factory.class': factory,
    'metrics.reporter.prom.host': host,
    'metrics.reporter.prom.port': own.reporter,
    ...prefixed('metrics.reporter.prom.', reporterFilter(name)),
  }
}

function prefixed(prefix: string, settings: Readonly<Record<string, string>>): Settings {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, value]))
}

function addresses({ ports }: Context, taskManagerRpc: number): Settings {
  return {
    'jobmanager.bind-host': host,
    'jobmanager.rpc.address': host,
    'jobmanager.rpc.port': ports.flinkJobManagerRpc,
    'blob.server.port': String(ports.flinkBlob),
    'rest.address': host,
    'rest.bind-address': host,
    'rest.port': ports.flinkRest,
    'rest.bind-port': String(ports.flinkRest),
    'taskmanager.bind-host': host,
    'taskmanager.host': host,
    'taskmanager.rpc.port': String(taskManagerRpc),
    'taskmanager.data.port': ports.flinkTaskManagerData,
    'sql-gateway.endpoint.rest.address': host,
    'sql-gateway.endpoint.rest.bind-address': host,
    'sql-gateway.endpoint.rest.port': ports.sqlGateway,
    'sql-gateway.endpoint.rest.bind-port': String(ports.sqlGateway),
  }
}

/** The JVMs get their limits as arguments; the TaskManager also calculates with these. */
const memory = {
  // A job takes as many slots as its parallelism: four jobs of ours, and room for those of a test or a proof.
  'taskmanager.numberOfTaskSlots': 8,
  'taskmanager.cpu.cores': 2,
  'taskmanager.memory.framework.heap.size': '96m',
  'taskmanager.memory.task.heap.size': '320m',
  'taskmanager.memory.framework.off-heap.size': '96m',
  'taskmanager.memory.task.off-heap.size': '32m',
  'taskmanager.memory.network.min': '64m',
  'taskmanager.memory.network.max': '64m',
  'taskmanager.memory.jvm-metaspace.size': '256m',
  'taskmanager.memory.jvm-overhead.min': '96m',
  'taskmanager.memory.jvm-overhead.max': '96m',
} as const

function state({ settings, paths }: Context): Settings {
  return {
    'state.backend.type': 'rocksdb',
    'execution.checkpointing.incremental': true,
    'execution.checkpointing.interval': `${settings.checkpointIntervalMs} ms`,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.dir': `file://${paths.checkpoints}`,
    'execution.checkpointing.savepoint-dir': `file://${paths.savepoints}`,
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.checkpointing.max-concurrent-checkpoints': 1,
  }
}

const behaviour = {
  'parallelism.default': 1,
  'jobmanager.scheduler': 'adaptive',
  // For this time after a rescaling, a job cannot be rescaled again. The default is 30 s.
  'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': '1 s',
  'table.local-time-zone': 'UTC',
  // After this time a job stops waiting for a killed TaskManager. The default is 50 s.
  'heartbeat.interval': '2 s',
  'heartbeat.timeout': '10 s',
  // A fixed number of restarts would be used up in an outage of half a minute.
  'restart-strategy.type': 'exponential-delay',
  'restart-strategy.exponential-delay.initial-backoff': '500 ms',
  'restart-strategy.exponential-delay.max-backoff': '10 s',
  'restart-strategy.exponential-delay.reset-backoff-threshold': '1 min',
  'sql-gateway.session.idle-timeout': '0 s',
  'classloader.check-leaked-classloader': false,
} as const
