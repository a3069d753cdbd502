import { commandOf, readArguments, refuseMore } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { projectRoot } from '@tenseams/cli/instance'
import {
  type InstanceValues,
  instanceHelp,
  instanceOptions,
  portOffsetOf,
} from '@tenseams/cli/instance-options'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import { pathsOf } from '../host/paths.ts'
import { listLines } from '../rotate/list.ts'
import { identityNamed, rotateIdentity } from '../rotate/rotate-identity.ts'
import { readInstance } from '../supervise/run-record.ts'
import { openStack, type Stack } from '../supervise/stack.ts'

const help = `npm run secrets -- <command>

  list                     each identity: what it logs in with and since when; no secret is shown
  rotate <identity>        gives it new secrets while the system runs, without a failed request. Interrupted at any
                           point, both its processes and the servers keep working, and running it again finishes it.
                           What reads them at its start only is restarted: the registry for registry, publisher and
                           connect, Connect for connect, Flink with its jobs for flink, Kafka for broker

${instanceHelp}

The secrets are in .stack/<instance>/secrets, a file an identity that only its owner can read.
Exit codes: 0 done; 2 it could not be done.
`

async function secrets(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, instanceOptions)
  const [first, name, ...rest] = positionals
  const command = commandOf(first, ['list', 'rotate'])
  refuseMore(rest)
  const open = () => openStarted(values)
  if (command === 'list') {
    refuseMore(name === undefined ? [] : [name])
    for (const line of await listLines((await open()).secrets)) say(line)
    return exitCodes.holds
  }
  if (name === undefined) throw new UsageError('rotate whose secrets?')
  const identity = identityNamed(name)
  say(sentences[await rotateIdentity(await open(), identity)].replace('%s', name))
  return exitCodes.holds
}

/** An instance that was never started has nobody's secrets, and looking at it must not make any. */
function openStarted(values: InstanceValues): Promise<Stack> {
  const { instance } = values
  if (readInstance(pathsOf(projectRoot, instance)) !== undefined) {
    return openStack({ root: projectRoot, instance, portOffset: portOffsetOf(values) })
  }
  throw new VerbError(
    `the instance ${instance} was never started, so it has no secrets: run \`npm run stack -- up --instance ${instance}\` first`,
  )
}

const sentences = {
  rotated: '%s has new secrets, and its former ones are refused',
  finished: '%s: the rotation that was interrupted is finished; run it again for newer secrets',
  'nothing to rotate': '%s has no secret with which anybody logs in yet',
} as const

await runVerb(secrets, help)
