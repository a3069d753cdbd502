import { askConnect, type Connect, configOf, untilIn } from '@tenseams/debezium/connect-api'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

const CONNECTOR = 'outbox'
const STATE_MS = 60_000

export type OutboxChange = {
  readonly settings: Readonly<Record<string, string>>
  /** `forget`: it loses its position, as after a lost slot. */
  readonly offsets?: 'keep' | 'forget'
  /** Done while the connector is stopped. */
  readonly meanwhile?: () => Promise<void>
}

/** Stops the outbox connector, changes its configuration, and returns when it runs again. */
export async function changeOutbox(
  { endpoints }: Stack,
  { settings, offsets = 'keep', meanwhile }: OutboxChange,
): Promise<void> {
  await ask(endpoints, 'stop', 'PUT')
  await untilIn(endpoints, CONNECTOR, 'STOPPED', Date.now() + STATE_MS)
  await meanwhile?.()
  if (offsets === 'forget') await ask(endpoints, 'offsets', 'DELETE')
  const configuration = await configOf(endpoints, CONNECTOR)
  await ask(endpoints, 'config', 'PUT', { ...configuration, ...settings })
  await ask(endpoints, 'resume', 'PUT')
  await untilIn(endpoints, CONNECTOR, 'RUNNING', Date.now() + STATE_MS)
}

async function ask(connect: Connect, path: string, method: string, body?: object): Promise<void> {
  const { status, text } = await askConnect(
    connect,
    `/connectors/${CONNECTOR}/${path}`,
    method,
    body && JSON.stringify(body),
  )
  if (status >= 300) throw new Error(`${method} ${path} answers ${status}: ${text}`)
}
