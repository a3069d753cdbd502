import { readFile } from 'node:fs/promises'
import { askConnect, ConnectorError, insist, untilIn } from './connect-api.ts'

export type ConnectorOptions = {
  /** Kafka Connect's REST address, such as http://127.0.0.1:20021. */
  readonly connectUrl: string
  readonly postgres: { readonly host: string; readonly port: number; readonly password: string }
  /** The registry's address without a path. */
  readonly registryUrl: string
  readonly timeoutMs: number
}

/** The two connectors: the events of the outbox, and raw change data. Each file is what Connect gets, with `${…}` filled in. */
export const connectors = ['outbox', 'cdc'] as const

export type ConnectorName = (typeof connectors)[number]

/**
 * In a connector's configuration from the first step of its recovery to the last. While it is there, only the recovery
 * may change the configuration: without its full snapshot, what was written in the gap would be missing for ever.
 */
export const recoveryMark = 'ten-seams.recovery'

export type Configuration = Readonly<Record<string, string>>

/**
 * Gives Connect both configurations and returns when each connector and its task run. Giving the same configuration
 * again changes nothing; a task that has failed is restarted.
 *
 * @throws ConnectorError after `timeoutMs`, with the task's own trace; at once when a recovery was begun and not ended.
 */
export async function registerConnectors(options: ConnectorOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutMs
  for (const name of connectors) {
    await refuseHalfRecovered(options.connectUrl, name)
    await configure(options.connectUrl, name, await configurationOf(name, options), deadline)
  }
  for (const name of connectors) await untilIn(options.connectUrl, name, 'RUNNING', deadline)
}

async function refuseHalfRecovered(connectUrl: string, name: ConnectorName): Promise<void> {
  const { status, text } = await askConnect(connectUrl, `/connectors/${name}/config`)
  if (status !== 200 || !(recoveryMark in JSON.parse(text))) return
  throw new ConnectorError(
    `connector ${name}: its recovery was begun and not ended; \`npm run cdc -- recover --connector ${name}\` does the rest`,
  )
}

/** What Connect is to get for a connector: its file, filled in. */
export async function configurationOf(
  name: ConnectorName,
  options: Pick<ConnectorOptions, 'postgres' | 'registryUrl'>,
): Promise<Configuration> {
  const text = await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8')
  const filled = fill(text, {
    POSTGRES_HOST: options.postgres.host,
    POSTGRES_PORT: String(options.postgres.port),
    DEBEZIUM_PASSWORD: options.postgres.password,
    REGISTRY_URL: options.registryUrl,
  })
  return JSON.parse(filled) as Configuration
}

/** Gives Connect a configuration; a connector that is stopped stays so, one that runs begins anew with it. */
export async function configure(
  connectUrl: string,
  name: ConnectorName,
  configuration: Configuration,
  deadline: number,
): Promise<void> {
  const body = JSON.stringify(configuration)
  await insist(connectUrl, `/connectors/${name}/config`, deadline, { method: 'PUT', body })
}

/** Replaces `${NAME}` where NAME is known; the router's own `${routedByValue}` stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole)
}
