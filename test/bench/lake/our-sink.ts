import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { rootFolder } from '../../runner/program.ts'
import { Running } from './running.ts'
import { type Sink, TOPIC } from './sinks.ts'

const READY_TIMEOUT_MS = 60_000

export type OurSinkOptions = {
  readonly flushIntervalMs: number
  /** Of a busy table; the same when left out, so that both sinks commit equally often. */
  readonly earlyFlushIntervalMs?: number
  /** For Node itself, such as --cpu-prof. */
  readonly nodeArguments?: readonly string[]
}

/** The service as it is deployed, with its production settings except for the intervals. */
export async function startOurSink(stack: Stack, options: OurSinkOptions): Promise<Sink> {
  const { ports, endpoints, paths } = stack.context
  const running = new Running({
    file: process.execPath,
    parameters: [
      '--disable-warning=TimeoutNegativeWarning',
      ...(options.nodeArguments ?? []),
      join(rootFolder, 'services', 'lakehouse', 'src', 'main.ts'),
    ],
    environment: {
      HOST: host,
      PORT: String(ports.lakehouse),
      CALLERS_FILE: paths.callers,
      AUDIT_FILE: join(paths.logs, 'bench-lakehouse-audit.log'),
      CREDENTIALS_FILE: stack.secrets.fileOf('lakehouse'),
      KAFKA_BROKERS: endpoints.kafkaBrokers,
      SCHEMA_REGISTRY_URL: endpoints.registryUrl,
      CATALOG_URL: endpoints.catalogUrl,
      FLUSH_INTERVAL_MS: String(options.flushIntervalMs),
      EARLY_FLUSH_INTERVAL_MS: String(options.earlyFlushIntervalMs ?? options.flushIntervalMs),
    },
    logFile: join(paths.logs, 'bench-lakehouse.log'),
  })
  const sink: Sink = {
    side: 'ours',
    pid: running.pid,
    table: bronzeTableOf(TOPIC).table,
    // The service has no way to pause, so it is stopped by a signal. Its group removes it, and it rejoins at once.
    pause: async () => running.signal('SIGSTOP'),
    resume: async () => running.signal('SIGCONT'),
    close: () => running.stop(),
  }
  await isReady(running, endpoints.lakehouseUrl)
  return sink
}

async function isReady(running: Running, url: string): Promise<void> {
  try {
    const ready = async () => {
      running.assertRuns()
      return (await fetch(`${url}/health/ready`)).ok
    }
    await eventually(ready, { timeoutMs: READY_TIMEOUT_MS, what: 'our sink to be ready' })
  } catch (error) {
    await running.stop()
    throw error
  }
}
