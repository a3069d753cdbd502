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
import { recordBytes } from './record-size.ts'
import { causeIn, isTooLarge, type LargeChange, largeChangeOf } from './too-large.ts'

/** There is a heartbeat every 5 s. An older one means that the connector does not write, or not to Postgres. */
const OLDEST_BEAT_MS = 30_000
/** When nobody reads the slot and there was no heartbeat for so long, the task has ended, whatever Connect says. */
const ENDED_MS = 8_000

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
  /** The change in its WAL that no record can carry. Only looked for when it has failed. */
  readonly tooLarge: LargeChange | undefined
}

/** Reads the state from Connect and Postgres. @throws Error when one of them does not answer. */
export async function captureState(
  capturing: Capturing,
  name: ConnectorName,
): Promise<CaptureState> {
  const connector = await statusOf(capturing, name)
  const configuration = await configOf(capturing, name)
  return asAdmin(capturing, async (client) => {
    const published = await publishedTables(client, name)
    const state = {
      ...{ name, connector, isHalfRecovered: recoveryMark in (configuration ?? {}) },
      slot: await slotOf(client, name),
      missingTables:
        published && capturedTables(name).filter((table) => !published.includes(table)),
      beatAgeMs: await heartbeatAgeMs(client, name),
      watched: await watchedOf(client, name),
    }
    const hasFailed = failedTraceOf(state) !== undefined || hasEnded(state)
    return { ...state, tooLarge: hasFailed ? await largeChangeOf(client, name) : undefined }
  })
}

type Seen = Pick<CaptureState, 'connector' | 'slot' | 'beatAgeMs'>

/** The trace of the connector or its task, whichever has failed. */
function failedTraceOf({ connector }: Seen): string | undefined {
  const failed = connector && [connector.connector, ...connector.tasks]
  return failed?.find(({ state }) => state === 'FAILED')?.trace ?? undefined
}

/**
 * True for a task that Connect still shows as running: it closes the task's producer first, which takes up to 30 s, and the
 * slot has no reader from the beginning of that.
 */
function hasEnded({ connector, slot, beatAgeMs }: Seen): boolean {
  const isSaidToRun = connector?.tasks.some(({ state }) => state === 'RUNNING') ?? false
  return isSaidToRun && slot?.active === false && (beatAgeMs ?? ENDED_MS) >= ENDED_MS
}

/** What is wrong, each with its remedy; empty when the connector is healthy. */
export function faultsOf(state: CaptureState): readonly string[] {
  const { name, connector, slot, missingTables, beatAgeMs, watched } = state
  const recover = `\`npm run cdc -- recover --connector ${name}\``
  if (connector === undefined)
    return ['Connect has no such connector: `npm run stack -- up` creates it']
  const faults: string[] = []
  if (state.isHalfRecovered) faults.push(`a recovery has not finished: ${recover}`)
  faults.push(...failuresOf(state))
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

function failuresOf(state: CaptureState): readonly string[] {
  const { name, connector, tooLarge, watched } = state
  const trace = failedTraceOf(state)
  const faults: string[] = []
  const hasFailed = connector?.tasks.some((task) => task.state === 'FAILED') ?? false
  if (trace !== undefined || hasFailed) faults.push(`its task has failed: ${causeIn(trace)}`)
  else if (hasEnded(state)) {
    const why = watched?.reason
      ? `it failed last by: ${watched.reason}`
      : '`npm run stack -- logs connect`'
    faults.push(`its task has ended, or is starting: nobody reads its slot; ${why}`)
  }
  if (tooLarge !== undefined) faults.push(tooLargeText(name, tooLarge))
  else if (isTooLarge(trace))
    faults.push(`a record has at most ${recordBytes} bytes: ${remedyOf(name)}`)
  return faults
}

function tooLargeText(name: ConnectorName, { table, key, bytes, lsn }: LargeChange): string {
  return `a change of ${table}, ${key}, has about ${bytes} bytes (WAL ${lsn}), and a record at most ${recordBytes}: ${remedyOf(name)}`
}

/** An update contains the old row too, so what is in the WAL stays too large. */
function remedyOf(name: ConnectorName): string {
  if (name === 'outbox')
    return 'raise recordBytes in deploy/debezium/src/record-size.ts, then `npm run stack -- restart connect`'
  return 'make the row smaller, then `npm run cdc -- recover --connector cdc` reads all rows as they are then, without the versions in between'
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

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
