import { capturedTables } from '@tenseams/postgres/captures'
import {
  asAdmin,
  type Capturing,
  heartbeatAgeMs,
  publishedTables,
  type SlotState,
  slotOf,
  type Watched,
  watchedOf,
} from './capturing.ts'
import { type ConnectorStatus, configOf, statusOf } from './connect-api.ts'
import { type ConnectorName, recoveryMark } from './connectors.ts'

/** There is a heartbeat every 5 s. An older one means that the connector does not write, or not to Postgres. */
const OLDEST_BEAT_MS = 30_000

/** The state of a connector, its slot and its publication. */
export type CaptureState = {
  readonly name: ConnectorName
  readonly connector: ConnectorStatus | undefined
  readonly isHalfRecovered: boolean
  readonly slot: SlotState | undefined
  /** Undefined without a publication. */
  readonly missingTables: readonly string[] | undefined
  readonly beatAgeMs: number | undefined
  /** Undefined when it has not failed. */
  readonly watched: Watched | undefined
}

/** Reads the state from Connect and Postgres. @throws Error when one of them does not answer. */
export async function captureState(
  capturing: Capturing,
  name: ConnectorName,
): Promise<CaptureState> {
  const connector = await statusOf(capturing.connectUrl, name)
  const configuration = await configOf(capturing.connectUrl, name)
  return asAdmin(capturing, async (client) => {
    const published = await publishedTables(client, name)
    return {
      ...{ name, connector, isHalfRecovered: recoveryMark in (configuration ?? {}) },
      slot: await slotOf(client, name),
      missingTables:
        published && capturedTables(name).filter((table) => !published.includes(table)),
      beatAgeMs: await heartbeatAgeMs(client, name),
      watched: await watchedOf(client, name),
    }
  })
}

/** What is wrong, each with its remedy; empty when the connector is healthy. */
export function faultsOf(state: CaptureState): readonly string[] {
  const { name, connector, slot, missingTables, beatAgeMs, watched } = state
  const recover = `\`npm run cdc -- recover --connector ${name}\``
  if (connector === undefined)
    return ['Connect has no such connector: `npm run stack -- up` creates it']
  const faults: string[] = []
  const [task] = connector.tasks
  if (state.isHalfRecovered) faults.push(`a recovery has not finished: ${recover}`)
  if (task?.state === 'FAILED') faults.push(`its task has failed: ${firstLine(task.trace)}`)
  if (watched?.givenUp) {
    faults.push(
      `it is not restarted any more after ${watched.restarts} times: repair the cause, then \`npm run cdc -- resume --connector ${name}\``,
    )
  }
  if (connector.connector.state !== 'RUNNING') {
    faults.push(`it is ${connector.connector.state}: \`npm run cdc -- resume --connector ${name}\``)
  }
  if (slot === undefined || slot.walStatus === 'lost') {
    faults.push(`its slot is lost, and with it changes: ${recover}`)
  } else if (slot.walStatus === 'unreserved') {
    const log = '`npm run stack -- logs connect`'
    faults.push(
      `its slot is lost at the next checkpoint of Postgres unless the connector catches up: ${log}`,
    )
  }
  if (missingTables === undefined) faults.push(`its publication is lost: ${recover}`)
  else if (missingTables.length > 0) {
    faults.push(`its publication lacks ${missingTables.join(', ')}: ${recover}`)
  }
  if (faults.length === 0 && (beatAgeMs === undefined || beatAgeMs > OLDEST_BEAT_MS)) {
    const log = '`npm run stack -- logs connect`'
    faults.push(`no heartbeat for ${beatAgeMs === undefined ? 'ever' : seconds(beatAgeMs)}: ${log}`)
  }
  return faults
}

/** Lines for people, faults last. */
export function stateLines(state: CaptureState): readonly string[] {
  const { name, connector, slot, missingTables, beatAgeMs, watched } = state
  const tasks = connector?.tasks.map((task) => task.state).join(', ') || 'no task'
  return [
    `${name}`,
    `  connector    ${connector?.connector.state ?? 'none'}, task ${tasks}`,
    `  slot         ${slot === undefined ? 'none' : slotText(slot)}`,
    `  publication  ${publicationText(missingTables, capturedTables(name).length)}`,
    `  heartbeat    ${beatAgeMs === undefined ? 'never' : `${seconds(beatAgeMs)} ago`}`,
    ...(watched === undefined || watched.restarts === 0 ? [] : [watchedLine(watched)]),
    ...faultsOf(state).map((fault) => `  FAULT        ${fault}`),
  ]
}

function watchedLine({ restarts, reason }: Watched): string {
  return `  watchdog     restarted ${restarts} times since it last ran for ten minutes: ${reason}`
}

function slotText({ active, walStatus, retainedBytes, safeWalBytes }: SlotState): string {
  const room = safeWalBytes === null ? 'no limit' : `${safeWalBytes} bytes until it is lost`
  const held = `keeps ${retainedBytes} bytes of WAL`
  return `${active ? 'active' : 'not active'}, ${walStatus ?? 'unknown'}, ${held}, ${room}`
}

function publicationText(missing: readonly string[] | undefined, of: number): string {
  if (missing === undefined) return 'none'
  return missing.length === 0 ? `all ${of} tables` : `lacks ${missing.join(', ')}`
}

/** The first line of a Java stack trace, which names the error. */
function firstLine(trace = ''): string {
  return trace.split('\n')[0]?.trim() ?? ''
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
