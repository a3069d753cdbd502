import {
  commandOf,
  oneOf,
  readArguments,
  refuseMore,
  refuseStrays,
  wholeNumber,
} from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import {
  type InstanceValues,
  instanceHelp,
  instanceOptions,
  portOffsetOf,
} from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { host } from '@tenseams/cli/ports'
import { runVerb } from '@tenseams/cli/run-verb'
import { openContext } from '@tenseams/local/launcher/supervise/context'
import { captureState, faultsOf, stateLines } from './capture-status.ts'
import { asAdmin, CaptureError, type Capturing, forgetWatched } from './capturing.ts'
import { askUntilAnswered, configOf, untilIn } from './connect-api.ts'
import { type ConnectorName, connectors, recoveryMark } from './connectors.ts'
import { rawTables } from './raw-topics.ts'
import { recover } from './recover.ts'
import { snapshot } from './snapshot.ts'

const help = `npm run cdc -- <command>

  status                   each connector with its slot, publication and heartbeat, and how to fix what is wrong
  snapshot <table …>       sends every row of ${rawTables.join(' or ')} again while changes continue
  pause                    stops the connector; it keeps its slot, and Postgres keeps the WAL for it
  resume                   continues where the connector was paused, or has failed too often to be restarted by itself
  recover                  reads everything again after a lost slot, or after a publication without one of its tables.
                           cdc sends every row that exists; consumers delete the rows that this full snapshot
                           does not contain. outbox sends every event again; consumers ignore event ids that
                           they have already seen.

  --connector cdc|outbox   which connector (default: cdc; for status: both). Only cdc has snapshots
  --timeout <seconds>      for the reading of snapshot and recover (default: 600)
${instanceHelp}

Every command can be repeated, also after a crash in the middle of it.
Exit codes: 0 done, or everything is healthy; 1 status found something; 2 it could not be done.
`

const options = {
  connector: { type: 'string' },
  timeout: { type: 'string', default: '600' },
  ...instanceOptions,
} as const

const commands = ['status', 'snapshot', 'pause', 'resume', 'recover'] as const

/** Pausing and resuming take Connect a moment; when they take longer, something is wrong. */
const STATE_MS = 60_000

async function cdc(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals, given } = readArguments(args, options)
  const [first, ...tables] = positionals
  const command = commandOf(first, commands)
  refuseStrays(command, given, { timeout: ['snapshot', 'recover'] })
  const name = oneOf('--connector', values.connector ?? 'cdc', connectors)
  const timeoutMs = wholeNumber('--timeout', values.timeout, { least: 1, most: 999_999 }) * 1_000
  if (command !== 'snapshot') refuseMore(tables)
  const open = () => capturingOf(values)
  switch (command) {
    case 'status':
      return status(await open(), values.connector === undefined ? connectors : [name])
    case 'snapshot':
      refuseOtherTables(name, tables)
      await snapshot(await open(), { tables, timeoutMs, say })
      return exitCodes.holds
    case 'pause':
    case 'resume':
      await setState(await open(), name, command)
      return exitCodes.holds
    case 'recover':
      await recover(await open(), name, { timeoutMs, say })
      return exitCodes.holds
  }
}

async function capturingOf(values: InstanceValues): Promise<Capturing> {
  const { instance } = values
  const context = await openContext({
    ...{ root: projectRoot, instance, portOffset: portOffsetOf(values) },
  })
  const { endpoints, ports, secrets } = context
  return {
    connectUrl: endpoints.connectUrl,
    login: endpoints.login,
    connectSecretsFile: endpoints.connectSecretsFile,
    postgres: endpoints.postgres,
    adminPassword: secrets.postgresPasswords.postgres,
    brokers: endpoints.kafkaBrokers,
    credentialsFile: secrets.fileOf('operator'),
    registryUrl: `http://${host}:${ports.registry}`,
  }
}

async function status(capturing: Capturing, names: readonly ConnectorName[]): Promise<ExitCode> {
  let isHealthy = true
  for (const name of names) {
    const state = await captureState(capturing, name)
    for (const line of stateLines(state)) say(line)
    if (faultsOf(state).length > 0) isHealthy = false
  }
  return isHealthy ? exitCodes.holds : exitCodes.refuted
}

async function setState(
  capturing: Capturing,
  name: ConnectorName,
  command: 'pause' | 'resume',
): Promise<void> {
  const configuration = await configOf(capturing, name)
  if (configuration === undefined) {
    throw new CaptureError(`Connect has no connector ${name}; \`npm run stack -- up\` creates it`)
  }
  if (recoveryMark in configuration) {
    throw new CaptureError(
      `${name}: a recovery has not finished; run \`npm run cdc -- recover --connector ${name}\` again`,
    )
  }
  if (command === 'resume') await asAdmin(capturing, (client) => forgetWatched(client, name))
  const deadline = Date.now() + STATE_MS
  await askUntilAnswered(capturing, `/connectors/${name}/${command}`, deadline, { method: 'PUT' })
  await untilIn(capturing, name, command === 'pause' ? 'PAUSED' : 'RUNNING', deadline)
  say(`${name} is ${command === 'pause' ? 'paused' : 'running'}`)
}

function refuseOtherTables(name: ConnectorName, tables: readonly string[]): void {
  if (name !== 'cdc') throw new UsageError('only the connector cdc has snapshots of a table')
  const other = tables.find((table) => !rawTables.some((each) => each === table))
  if (other !== undefined || tables.length === 0) {
    throw new UsageError(`snapshot takes ${rawTables.join(' and ')}, or one of them`)
  }
}

await runVerb(cdc, help)
