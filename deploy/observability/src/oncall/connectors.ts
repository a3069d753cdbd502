import {
  askConnect,
  askUntilAnswered,
  type Connect,
  ConnectorError,
  type ConnectorStatus,
  untilIn,
} from '@tenseams/debezium/connect-api'
import type { Plan, Step } from './plan.ts'

/** Every connector's state, by its name. */
export type Connectors = Readonly<Record<string, ConnectorStatus>>

/** How long Connect has to answer, and then each connector to run. */
const ANSWER_MS = 30_000
const RUNNING_MS = 60_000

/** @throws ConnectorError when Connect does not answer, CredentialsError */
export async function connectorsAt(connect: Connect): Promise<Connectors> {
  const path = '/connectors?expand=status'
  const text = await askUntilAnswered(connect, path, Date.now() + ANSWER_MS)
  const answer = JSON.parse(text) as Readonly<Record<string, { readonly status: ConnectorStatus }>>
  return Object.fromEntries(Object.entries(answer).map(([name, { status }]) => [name, status]))
}

/** A line for each connector, with the first line of why it has failed. */
export function connectorLines(connectors: Connectors): readonly string[] {
  return Object.entries(connectors).map(([name, { connector, tasks }]) => {
    const states = tasks.map(({ id, state }) => `task ${id} ${state}`)
    const traces = [connector, ...tasks].flatMap(({ trace }) => trace?.split('\n', 1) ?? [])
    return [name, connector.state, ...states, ...traces].join('  ')
  })
}

/** Restarts what has failed, of all connectors or of one, and nothing else: what runs, or was paused, stays as it is. */
export function planRestarts(connect: Connect, all: Connectors, only: string | undefined): Plan {
  const mine = Object.fromEntries(
    Object.entries(all).filter(([name]) => only === undefined || name === only),
  )
  const found = connectorLines(mine)
  if (only !== undefined && found.length === 0) {
    return { found, steps: [], refused: `Connect has no connector ${only}` }
  }
  const steps = Object.entries(mine).flatMap(([name, status]) =>
    hasFailed(status) ? [restart(connect, name)] : [],
  )
  return { found, steps }
}

const hasFailed = ({ connector, tasks }: ConnectorStatus) =>
  [connector, ...tasks].some(({ state }) => state === 'FAILED')

function restart(connect: Connect, name: string): Step {
  return {
    says: `restart what has failed of the connector ${name}; it continues where its offsets are`,
    act: async () => {
      const path = `/connectors/${encodeURIComponent(name)}/restart?includeTasks=true&onlyFailed=true`
      const { status, text } = await askConnect(connect, path, 'POST')
      // 409: its workers rebalance. The wait asks again.
      if (status >= 300 && status !== 409) {
        throw new ConnectorError(`connector ${name} is not restarted: ${status} ${text}`)
      }
      await untilIn(connect, name, 'RUNNING', Date.now() + RUNNING_MS)
      return `${name} runs`
    },
  }
}
