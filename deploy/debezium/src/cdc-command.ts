import { parseArgs } from 'node:util'
import { UsageError } from '@tenseams/local/launcher/cli/arguments'
import { commandFailed, exitCodes } from '@tenseams/local/launcher/cli/command'
import { projectRoot } from '@tenseams/local/launcher/host/paths'
import { openContext } from '@tenseams/local/launcher/plan/context'
import { host } from '@tenseams/local/launcher/plan/ports'
import { captureState, faultsOf, stateLines } from './capture-status.ts'
import { CaptureError, type Capturing } from './capturing.ts'
import { configOf, insist, untilIn } from './connect-api.ts'
import { type ConnectorName, connectors, recoveryMark } from './connectors.ts'
import { rawTables } from './raw-topics.ts'
import { recover } from './recover.ts'
import { snapshot } from './snapshot.ts'

const help = `npm run cdc -- <verb>

  status               each connector with its slot, publication and heartbeat, and what to do about what is wrong
  snapshot <table …>   tells every row of ${rawTables.join(' or ')} once more while changes go on
  pause                the connector keeps its slot, and Postgres the WAL for it
  resume
  recover              after a lost slot, or a publication that was without a table: reads everything anew. The raw
                       connector tells each row that is there; who reads ends what a full snapshot has not told.
                       The outbox tells each event once more; who reads drops event ids that it has had.

  --connector cdc|outbox   which one (cdc; status: both). Only cdc has snapshots
  --timeout <seconds>      for the reading of snapshot and recover (600)
  --instance <name>        of the native stack (default)
  --offset <n>             its ports, instead of those with which it was started last
  --help

All may be repeated, also after a crash in the middle.
Exit codes: 0 done, or all well; 1 status found something; 2 it could not be done.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  connector: { type: 'string' },
  timeout: { type: 'string', default: '600' },
  instance: { type: 'string', default: 'default' },
  offset: { type: 'string' },
} as const

/** Connect's own steps: pausing and resuming are soon done, or something is wrong. */
const STATE_MS = 60_000

const say = (line: string) => process.stdout.write(`${line}\n`)

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args)
  if (values.help === true) {
    say(help)
    return exitCodes.holds
  }
  const [verb, ...tables] = positionals
  const name = connectorOf(values.connector)
  const timeoutMs = wholeNumber('--timeout', values.timeout) * 1_000
  if (verb !== 'snapshot' && tables.length > 0) {
    throw new UsageError(`"${tables[0]}" is not expected`)
  }
  const open = () => capturingOf(values)
  switch (verb) {
    case 'status':
      return status(await open(), values.connector === undefined ? connectors : [name])
    case 'snapshot':
      refuseOtherTables(name, tables)
      await snapshot(await open(), { tables, timeoutMs, say })
      return exitCodes.holds
    case 'pause':
      await setState(await open(), name, 'pause')
      return exitCodes.holds
    case 'resume':
      await setState(await open(), name, 'resume')
      return exitCodes.holds
    case 'recover':
      await recover(await open(), name, { timeoutMs, say })
      return exitCodes.holds
    default:
      throw new UsageError(verb === undefined ? 'which verb?' : `"${verb}" is no verb`)
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new UsageError(error.message)
    throw error
  }
}

async function capturingOf(values: {
  readonly instance: string
  readonly offset?: string | undefined
}): Promise<Capturing> {
  const portOffset =
    values.offset === undefined ? undefined : wholeNumber('--offset', values.offset)
  const context = await openContext({ root: projectRoot, instance: values.instance, portOffset })
  const { endpoints, ports, secrets } = context
  return {
    connectUrl: endpoints.connectUrl,
    postgres: { ...endpoints.postgres, password: secrets.postgresPasswords.debezium },
    adminPassword: secrets.postgresPasswords.postgres,
    brokers: endpoints.kafkaBrokers,
    registryUrl: `http://${host}:${ports.registry}`,
  }
}

async function status(capturing: Capturing, names: readonly ConnectorName[]): Promise<number> {
  let isWell = true
  for (const name of names) {
    const state = await captureState(capturing, name)
    for (const line of stateLines(state)) say(line)
    if (faultsOf(state).length > 0) isWell = false
  }
  return isWell ? exitCodes.holds : exitCodes.refuted
}

async function setState(
  { connectUrl }: Capturing,
  name: ConnectorName,
  verb: 'pause' | 'resume',
): Promise<void> {
  const configuration = await configOf(connectUrl, name)
  if (configuration === undefined) {
    throw new CaptureError(`Connect knows no connector ${name}: \`npm run stack -- up\` makes it`)
  }
  if (recoveryMark in configuration) {
    throw new CaptureError(
      `${name}: a recovery was begun and not ended: \`npm run cdc -- recover --connector ${name}\``,
    )
  }
  const deadline = Date.now() + STATE_MS
  await insist(connectUrl, `/connectors/${name}/${verb}`, deadline, { method: 'PUT' })
  await untilIn(connectUrl, name, verb === 'pause' ? 'PAUSED' : 'RUNNING', deadline)
  say(`${name} is ${verb === 'pause' ? 'paused' : 'running'}`)
}

function connectorOf(text: string | undefined): ConnectorName {
  const found = connectors.find((each) => each === (text ?? 'cdc'))
  if (found !== undefined) return found
  throw new UsageError(`--connector is one of ${connectors.join(', ')}, not "${text}"`)
}

function refuseOtherTables(name: ConnectorName, tables: readonly string[]): void {
  if (name !== 'cdc') throw new UsageError('only cdc has snapshots of a table')
  const other = tables.find((table) => !rawTables.some((each) => each === table))
  if (other !== undefined || tables.length === 0) {
    throw new UsageError(`snapshot takes ${rawTables.join(' and ')}, or one of them`)
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UsageError(`${option} takes a whole number, not "${text}"`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.exitCode = commandFailed(error, help)
}
