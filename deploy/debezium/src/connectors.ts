import { readFile } from 'node:fs/promises'
import {
  askConnect,
  askUntilAnswered,
  type Connect,
  ConnectorError,
  untilIn,
} from './connect-api.ts'

export type ConnectorOptions = Connect & {
  /** On Connect's machine: a properties file with what its connectors log in with. */
  readonly connectSecretsFile: string
  readonly postgres: { readonly host: string; readonly port: number }
  /** The registry's address without a path. */
  readonly registryUrl: string
  readonly timeoutMs: number
}

/** The two connectors: the events of the outbox, and raw change data. Each has a file with its configuration, in which `${NAME}` is filled in. */
export const connectors = ['outbox', 'cdc'] as const

export type ConnectorName = (typeof connectors)[number]

/**
 * This key is in a connector's configuration from the first step of a recovery to the last. While it is there, only the
 * recovery may change the configuration: without its full snapshot, changes from the gap would be lost for ever.
 */
export const recoveryMark = 'ten-seams.recovery'

export type Configuration = Readonly<Record<string, string>>

/**
 * Creates or updates both connectors and returns when each of them and its task run. Idempotent; a failed task is restarted.
 *
 * @throws ConnectorError after `timeoutMs`, with the task's stack trace; at once when a recovery has not finished.
 */
export async function registerConnectors(options: ConnectorOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutMs
  for (const name of connectors) {
    await refuseHalfRecovered(options, name)
    await configure(options, name, await configurationOf(name, options), deadline)
  }
  for (const name of connectors) await untilIn(options, name, 'RUNNING', deadline)
}

async function refuseHalfRecovered(connect: Connect, name: ConnectorName): Promise<void> {
  const { status, text } = await askConnect(connect, `/connectors/${name}/config`)
  if (status !== 200 || !(recoveryMark in JSON.parse(text))) return
  throw new ConnectorError(
    `connector ${name}: its recovery has not finished; run \`npm run cdc -- recover --connector ${name}\` again`,
  )
}

/**
 * The settings of a worker that let its connectors refer to the secrets in one file, and to no other file. Configurations only
 * refer to them, since Connect shows a configuration to those who may log in, and keeps it in a topic.
 */
export function secretsProvider(file: string): Readonly<Record<string, string>> {
  return {
    'config.providers': 'file',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
    'config.providers.file.param.allowed.paths': file,
  }
}

/** A connector's configuration: its file, filled in. */
export async function configurationOf(
  name: ConnectorName,
  options: Pick<ConnectorOptions, 'postgres' | 'registryUrl' | 'connectSecretsFile'>,
): Promise<Configuration> {
  const text = await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8')
  const filled = fill(text, {
    POSTGRES_HOST: options.postgres.host,
    POSTGRES_PORT: String(options.postgres.port),
    REGISTRY_URL: options.registryUrl,
    CONNECT_SECRETS: options.connectSecretsFile,
  })
  return JSON.parse(filled) as Configuration
}

/** Sets a connector's configuration. A stopped connector stays stopped, a running one restarts with it. */
export async function configure(
  connect: Connect,
  name: ConnectorName,
  configuration: Configuration,
  deadline: number,
): Promise<void> {
  const body = JSON.stringify(configuration)
  await askUntilAnswered(connect, `/connectors/${name}/config`, deadline, {
    method: 'PUT',
    body,
  })
}

/** Replaces `${NAME}` where NAME is known. What Connect or the router replaces, `${file:…}` and `${routedByValue}`, is left alone. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole)
}
