import { setTimeout as delay } from 'node:timers/promises'
import type { HttpLogin } from '@tenseams/identities/http-login'
import { messageOf } from '@tenseams/service/causes'

/** Kafka Connect's REST interface, and who asks: it answers nobody without a login. */
export type Connect = {
  /** Such as http://127.0.0.1:20021. */
  readonly connectUrl: string
  readonly login: HttpLogin
}

/** A connector of Kafka Connect, and its one task. */
export type ConnectorStatus = {
  readonly connector: { readonly state: string; readonly trace?: string }
  readonly tasks: readonly {
    readonly id: number
    readonly state: string
    readonly trace?: string
  }[]
}

export type ConnectAnswer = { readonly status: number; readonly text: string }

/** A connector did not do what was requested. The message contains Connect's answer. */
export class ConnectorError extends Error {
  readonly code = 'CONNECTOR_NOT_RUNNING'
  readonly retriable = true
}

/**
 * One request to Kafka Connect. When it does not answer, the result is a 503, as from a worker that is starting.
 *
 * @throws CredentialsError when the login's file cannot be used.
 */
export async function askConnect(
  { connectUrl, login }: Connect,
  path: string,
  method = 'GET',
  body?: string,
): Promise<ConnectAnswer> {
  const authorization = await login()
  try {
    const response = await fetch(`${connectUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return { status: 503, text: messageOf(error) }
  }
}

/**
 * Repeats a request while Connect answers with 409 (its workers rebalance) or 5xx (it starts).
 *
 * @throws ConnectorError with the answer when Connect refuses, or when `deadline` (in terms of `Date.now()`) has passed.
 */
export async function askUntilAnswered(
  connect: Connect,
  path: string,
  deadline: number,
  { method = 'GET', body }: { readonly method?: string; readonly body?: string } = {},
): Promise<string> {
  for (;;) {
    const answer = await askConnect(connect, path, method, body)
    if (answer.status < 300) return answer.text
    const isTemporary = answer.status === 409 || answer.status >= 500
    if (!isTemporary || Date.now() > deadline) {
      throw new ConnectorError(`${method} ${path}: ${answer.status} ${answer.text}`)
    }
    await delay(200)
  }
}

/** The status of a connector; undefined when there is none of that name. */
export async function statusOf(
  connect: Connect,
  name: string,
): Promise<ConnectorStatus | undefined> {
  const { status, text } = await askConnect(connect, `/connectors/${name}/status`)
  if (status === 404) return undefined
  if (status !== 200) throw new ConnectorError(`connector ${name}: ${status} ${text}`)
  return JSON.parse(text) as ConnectorStatus
}

/** A connector's configuration; undefined when there is none of that name. */
export async function configOf(
  connect: Connect,
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { status, text } = await askConnect(connect, `/connectors/${name}/config`)
  if (status === 404) return undefined
  if (status !== 200) throw new ConnectorError(`connector ${name}: ${status} ${text}`)
  return JSON.parse(text) as Readonly<Record<string, string>>
}

/** True when the connector and all its tasks are in that state. A stopped connector has no task. */
export function isIn(status: ConnectorStatus, state: 'RUNNING' | 'PAUSED' | 'STOPPED'): boolean {
  if (status.connector.state !== state) return false
  if (state === 'STOPPED') return status.tasks.length === 0
  return status.tasks.length > 0 && status.tasks.every((task) => task.state === state)
}

/** Longer than a worker takes to start the task of a running connector. */
const TASKLESS_MS = 5_000

/**
 * Waits until a connector and its task are in a state. For RUNNING, a failed task is restarted, and so is a connector without
 * a known task: when a stopped task ends too late, it may delete its successor's status together with its own (observed
 * with Debezium 2.7, whose tasks take longer to stop than the worker's five seconds).
 *
 * @throws ConnectorError at the deadline, with the last status, which includes the task's stack trace.
 */
export async function untilIn(
  connect: Connect,
  name: string,
  state: 'RUNNING' | 'PAUSED' | 'STOPPED',
  deadline: number,
): Promise<void> {
  let last = 'no answer'
  let tasklessSince = Number.POSITIVE_INFINITY
  while (Date.now() < deadline) {
    const answer = await askConnect(connect, `/connectors/${name}/status`)
    last = answer.text
    if (answer.status === 200) {
      const status = JSON.parse(answer.text) as ConnectorStatus
      if (isIn(status, state)) return
      const hasFailed = status.tasks.some((task) => task.state === 'FAILED')
      if (state === 'RUNNING' && hasFailed) await restartFailed(connect, name)
      const isTaskless = status.connector.state === 'RUNNING' && status.tasks.length === 0
      tasklessSince = isTaskless ? Math.min(tasklessSince, Date.now()) : Number.POSITIVE_INFINITY
      if (state === 'RUNNING' && Date.now() - tasklessSince > TASKLESS_MS) {
        await restartTask(connect, name)
        tasklessSince = Number.POSITIVE_INFINITY
      }
    }
    await delay(200)
  }
  throw new ConnectorError(
    `connector ${name} does not become ${state}; \`npm run cdc -- status\` says what to do. Its last answer: ${last}`,
  )
}

/** Starts a connector's failed task again, and the connector itself if it has failed. */
export async function restartFailed(connect: Connect, name: string): Promise<void> {
  const query = 'includeTasks=true&onlyFailed=true'
  await askConnect(connect, `/connectors/${name}/restart?${query}`, 'POST')
  await delay(1_000)
}

/** Restarts the task, which publishes its status again; when there is no task, restarts the connector, which creates one. */
async function restartTask(connect: Connect, name: string): Promise<void> {
  const { status } = await askConnect(connect, `/connectors/${name}/tasks/0/restart`, 'POST')
  if (status === 404) await askConnect(connect, `/connectors/${name}/restart`, 'POST')
  await delay(1_000)
}
