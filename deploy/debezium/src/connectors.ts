import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

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

/** A connector does not run. The message holds what Connect says of it. */
export class ConnectorError extends Error {
  readonly code = 'CONNECTOR_NOT_RUNNING'
  readonly retriable = true
}

/**
 * Gives Connect both configurations and returns when each connector and its task run. Giving the same configuration
 * again changes nothing; a task that has failed is restarted.
 *
 * @throws ConnectorError after `timeoutMs`, with the task's own trace.
 */
export async function registerConnectors(options: ConnectorOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutMs
  for (const name of connectors) {
    await putConfiguration(options, name, deadline)
  }
  for (const name of connectors) await untilRunning(options, name, deadline)
}

async function putConfiguration(
  options: ConnectorOptions,
  name: string,
  deadline: number,
): Promise<void> {
  const text = await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8')
  const configuration = fill(text, {
    POSTGRES_HOST: options.postgres.host,
    POSTGRES_PORT: String(options.postgres.port),
    DEBEZIUM_PASSWORD: options.postgres.password,
    REGISTRY_URL: options.registryUrl,
  })
  for (;;) {
    const answer = await ask(options, `/connectors/${name}/config`, 'PUT', configuration)
    if (answer.status < 300) return
    // 409 while the group of workers rebalances, 5xx while the herder starts.
    const passing = answer.status === 409 || answer.status >= 500
    if (!passing || Date.now() > deadline) {
      throw new ConnectorError(`connector ${name}: ${answer.status} ${answer.text}`)
    }
    await delay(200)
  }
}

/** Replaces `${NAME}` where NAME is known; the router's own `${routedByValue}` stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole)
}

type ConnectorStatus = {
  readonly connector: { readonly state: string }
  readonly tasks: readonly {
    readonly id: number
    readonly state: string
    readonly trace?: string
  }[]
}

async function untilRunning(
  options: ConnectorOptions,
  name: string,
  deadline: number,
): Promise<void> {
  let last = 'no answer'
  while (Date.now() < deadline) {
    const answer = await ask(options, `/connectors/${name}/status`, 'GET')
    last = answer.text
    if (answer.status === 200) {
      const status = JSON.parse(answer.text) as ConnectorStatus
      if (isRunning(status)) return
      if (status.tasks.some((task) => task.state === 'FAILED')) await restart(options, name)
    }
    await delay(200)
  }
  throw new ConnectorError(`connector ${name} does not run: ${last}`)
}

function isRunning(status: ConnectorStatus): boolean {
  const states = [status.connector.state, ...status.tasks.map((task) => task.state)]
  return status.tasks.length > 0 && states.every((state) => state === 'RUNNING')
}

async function restart(options: ConnectorOptions, name: string): Promise<void> {
  await ask(options, `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`, 'POST')
  await delay(1_000)
}

async function ask(
  options: ConnectorOptions,
  path: string,
  method: string,
  body?: string,
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(`${options.connectUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return { status: 503, text: error instanceof Error ? error.message : String(error) }
  }
}
