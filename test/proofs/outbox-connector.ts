import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

const CONNECTOR = 'outbox'

export type OutboxChange = {
  readonly settings: Readonly<Record<string, string>>
  /** `forget`: it loses its position, as after a lost slot. */
  readonly offsets?: 'keep' | 'forget'
  /** Done while the connector is stopped. */
  readonly meanwhile?: () => Promise<void>
}

/** Stops the outbox connector, changes its configuration, and returns when it runs again. */
export async function changeOutbox(
  { endpoints: { connectUrl } }: Stack,
  { settings, offsets = 'keep', meanwhile }: OutboxChange,
): Promise<void> {
  const url = `${connectUrl}/connectors/${CONNECTOR}`
  await ask(`${url}/stop`, 'PUT')
  await untilState(url, 'STOPPED')
  await meanwhile?.()
  if (offsets === 'forget') await ask(`${url}/offsets`, 'DELETE')
  const configuration = (await ask(`${url}/config`, 'GET')) as Readonly<Record<string, string>>
  await ask(`${url}/config`, 'PUT', { ...configuration, ...settings })
  await ask(`${url}/resume`, 'PUT')
  await untilState(url, 'RUNNING')
}

async function untilState(url: string, state: string): Promise<void> {
  const isThere = async () => {
    const status = (await ask(`${url}/status`, 'GET')) as {
      readonly connector: { readonly state: string }
      readonly tasks: readonly { readonly state: string }[]
    }
    const tasks = status.tasks.map((task) => task.state)
    if (status.connector.state !== state) return false
    return state === 'STOPPED' ? tasks.length === 0 : tasks.length > 0 && tasks[0] === state
  }
  await eventually(isThere, { timeoutMs: 60_000, what: `the connector to be ${state}` })
}

async function ask(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answers ${response.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
